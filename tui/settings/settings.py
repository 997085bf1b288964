"""All settings as one immutable value, and the sections they come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, cast

from tui.core.errors import SettingError
from tui.core.options import Option, Scalar, options_of
from tui.core.parameters import GenerationParams, LoadParams
from tui.settings.app_params import AppParams

DEFAULT = "default"
SETTINGS_FILE = "settings file"
ENVIRONMENT = "environment"
COMMAND_LINE = "command line"
CHANGED = "changed here"
"""Origins of a value, weakest first. `CHANGED` marks what was set while the program ran."""

PRESET, THIS_CHAT = "preset ", "this chat"
"""Origins above all others, which never come into the settings file: `PRESET` with a name behind it, and what was
changed for one chat."""


@dataclass(frozen=True, slots=True)
class Section:
    """A group of settings: a table of the settings file and a part of the form.

    Attributes:
        key: the table's name, which is also the field of `Settings`.
        title: the heading.
        cls: the dataclass that declares its options.
    """

    key: str
    title: str
    cls: type[Any]

    def options(self) -> Iterator[Option]:
        """The section's settings, in the order of their declaration."""
        return options_of(self.cls)


SECTIONS: tuple[Section, ...] = (
    Section("generation", "Generation", GenerationParams),
    Section("load", "Model load", LoadParams),
    Section("app", "Application", AppParams),
)

_INDEX: Mapping[str, tuple[str, Option]] = MappingProxyType(
    {spec.name: (section.key, spec) for section in SECTIONS for spec in section.options()}
)


def option_names() -> tuple[str, ...]:
    """The names of all settings, section by section."""
    return tuple(_INDEX)


def option_named(name: str) -> Option:
    """The declaration of a setting.

    Raises:
        SettingError: there is none of this name.
    """
    return _entry(name)[1]


def section_of(name: str) -> str:
    """The key of the section a setting belongs to.

    Raises:
        SettingError: there is none of this name.
    """
    return _entry(name)[0]


def suggestion(name: str) -> str:
    """The setting whose name is most like `name`; empty when none is."""
    return next(iter(get_close_matches(name.lower().replace("-", "_"), _INDEX, n=1, cutoff=0.7)), "")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set.

    Attributes:
        generation: how tokens are chosen.
        load: how a model is loaded.
        app: how the program opens and looks.
        origins: where each value came from, by name: one of this module's origin words; a missing name is a default.
    """

    generation: GenerationParams = field(default_factory=GenerationParams)
    load: LoadParams = field(default_factory=LoadParams)
    app: AppParams = field(default_factory=AppParams)
    origins: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> Scalar:
        """The value of a setting.

        Raises:
            SettingError: there is none of this name.
        """
        return cast(Scalar, getattr(getattr(self, section_of(name)), name))

    def origin(self, name: str) -> str:
        """Where the value of a setting came from."""
        return self.origins.get(name, DEFAULT)

    def of_chat(self, name: str) -> bool:
        """Whether the value of a setting holds for one chat alone."""
        return self.origin(name).startswith((PRESET, THIS_CHAT))

    def replace(self, **values: Scalar) -> Settings:
        """A copy with other values, each checked against its declaration.

        Raises:
            SettingError: a value is not allowed, or there is no such setting.
        """
        return self.overlaid(values, CHANGED)

    def overlaid(self, values: Mapping[str, Scalar], origin: str) -> Settings:
        """A copy with `values` on top, which came from `origin`.

        Raises:
            SettingError: a value is not allowed, or there is no such setting.
        """
        parts: dict[str, dict[str, Scalar]] = {}
        for name, value in values.items():
            key, spec = _entry(name)
            parts.setdefault(key, {})[name] = spec.check(value)
        changed = {key: dataclasses.replace(getattr(self, key), **part) for key, part in parts.items()}
        origins = {**self.origins, **dict.fromkeys(values, origin)}
        return dataclasses.replace(self, **changed, origins=origins)


def _entry(name: str) -> tuple[str, Option]:
    if name not in _INDEX:
        near = suggestion(name)
        raise SettingError(f"there is no setting {name}", hint=f"did you mean {near}?" if near else "")
    return _INDEX[name]
