"""The preset that holds for a conversation: laid over the settings, and kept with the conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from tui.core.errors import SettingError
from tui.core.options import Scalar
from tui.core.text import one_line
from tui.settings.preset_file import SYSTEM_PROMPT, Preset
from tui.settings.settings import COMMAND_LINE, PRESET, THIS_CHAT, Settings, option_named, option_names, section_of

_KEY = "preset"
_EITHER = {"grammar": "json_schema", "json_schema": "grammar"}
_NOTHING: Mapping[str, Scalar] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Held:
    """What holds for one conversation: the preset as it was when it was chosen, its variables replaced.

    Attributes:
        name: the preset's; empty where the settings come from elsewhere, such as from an imported chat.
        values: the settings of a generation that it sets.
        changed: what the person changed in the form since, which wins.
    """

    name: str = ""
    values: Mapping[str, Scalar] = field(default_factory=lambda: _NOTHING)
    changed: Mapping[str, Scalar] = field(default_factory=lambda: _NOTHING)

    def over(self, settings: Settings) -> Settings:
        """The settings with this laid over them."""
        origin = f"{PRESET}{self.name}" if self.name else THIS_CHAT
        return settings.overlaid(_with_either(self.values), origin).overlaid(_with_either(self.changed), THIS_CHAT)

    def take(self, before: Settings, after: Settings) -> tuple[Held, dict[str, Scalar]]:
        """What the person changed in the form.

        Args:
            before: the settings that the form began with, this laid over them.
            after: the settings it ended with.

        Returns:
            This with the changes of what it sets itself; and the changes of everything else, which are the settings'.
        """
        changes = {name: after.get(name) for name in option_names() if after.get(name) != before.get(name)}
        own = {name: value for name, value in changes.items() if before.of_chat(name)}
        rest = {name: value for name, value in changes.items() if name not in own}
        return replace(self, changed={**self.changed, **own}) if own else self, rest


def held_of(preset: Preset, settings: Settings | None = None) -> Held:
    """A preset whose variables are replaced, as it holds.

    Args:
        preset: which.
        settings: what was said on the command line wins over it; None where the person chose the preset later.
    """
    said = {name: settings.get(name) for name in preset.values if settings and settings.origin(name) == COMMAND_LINE}
    return Held(preset.name, preset.values, said)


def read_held(settings: str) -> Held | None:
    """What holds for a conversation, from what is kept with it; None where nothing is, or nothing that is known.

    Args:
        settings: `Conversation.settings`; may come from anywhere.
    """
    kept = _kept(settings)
    preset = kept.get(_KEY)
    if isinstance(preset, dict):
        name = preset.get("name")
        held = Held(one_line(name) if isinstance(name, str) else "", _checked(preset.get("values")),
                    _checked(preset.get("changed")))  # fmt: skip
    else:
        # A chat that was imported from another program has its system prompt there.
        system = {SYSTEM_PROMPT: kept[SYSTEM_PROMPT]} if SYSTEM_PROMPT in kept else {}
        held = Held(values=_checked(system))
    return held if held.name or held.values or held.changed else None


def written_held(held: Held | None, settings: str = "") -> str:
    """`Conversation.settings` with this in it; what else is in them stays."""
    kept = _kept(settings)
    kept.pop(_KEY, None)
    kept.pop(SYSTEM_PROMPT, None)
    if held is not None:
        kept[_KEY] = {"name": held.name, "values": dict(held.values), "changed": dict(held.changed)}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True) if kept else ""


def _kept(settings: str) -> dict[str, Any]:
    try:
        kept = json.loads(settings) if settings else {}
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _checked(values: object) -> dict[str, Scalar]:
    """The settings of a generation among them that are allowed."""
    checked: dict[str, Scalar] = {}
    for name, value in values.items() if isinstance(values, dict) else ():
        if name in option_names() and section_of(name) == "generation":
            try:
                checked[name] = option_named(name).check(value)
            except SettingError:
                continue
    return checked


def _with_either(values: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """A grammar takes the place of a JSON schema that is set elsewhere, and the other way round."""
    others = {_EITHER[name]: "" for name in _EITHER if values.get(name)}
    return {**others, **values}
