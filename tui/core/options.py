"""One declaration for each setting: default, range, help, flags, from which every form of it is made.

A setting is a dataclass field made with `option`. The command line, the settings file, the environment
and the settings form all read the same `Option`, so they cannot disagree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

from tui.core.errors import SettingError
from tui.core.lists import join_list, split_list

Kind = Literal["int", "float", "bool", "str", "choice", "list"]
Scalar = int | float | bool | str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """What is known of one setting.

    Attributes:
        name: the field's name, which is also its key in the settings file.
        kind: the type of its value; a `list` is a tuple of strings, none of them empty.
        default: the value when nothing sets it.
        label: a few words for the form.
        help: one sentence for the form and for `--help`.
        flags: command-line spellings, llama.cpp's own; the first long one is shown. Empty: no flag.
        minimum: smallest value for numbers, inclusive.
        maximum: largest value for numbers, inclusive.
        step: how far one press of a key moves the value in the form.
        choices: the allowed words of a `choice`.
        unit: unit of the number, for display.
        reload: whether a loaded model must be loaded again for it to take effect.
        words: values with a name: (value, word) pairs such as (-1, "auto").
        secret: whether the value is masked on the screen and in logs.
    """

    name: str
    kind: Kind
    default: Scalar
    label: str
    help: str
    flags: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    step: float = 1
    choices: tuple[str, ...] = ()
    unit: str = ""
    reload: bool = False
    words: tuple[tuple[Scalar, str], ...] = ()
    secret: bool = False

    def parse(self, text: str) -> Scalar:
        """The value that `text` means.

        Raises:
            SettingError: `text` is not a value of this kind, or lies outside the range.
        """
        for value, word in self.words:
            if text.strip().lower() == word:
                return value
        return self.check(_convert(self, text))

    def check(self, value: object) -> Scalar:
        """`value` itself when this setting may have it; whole numbers become floats where floats are meant.

        Raises:
            SettingError: the value has another type, or lies outside the range.
        """
        checked = _checked_type(self, value)
        if isinstance(checked, int | float) and not isinstance(checked, bool):
            named = [v for v, _ in self.words]
            below = self.minimum is not None and checked < self.minimum
            above = self.maximum is not None and checked > self.maximum
            if (below or above) and checked not in named:
                raise self._error(value)
        if self.kind == "choice" and checked not in self.choices:
            raise self._error(value)
        return checked

    def format(self, value: Scalar) -> str:
        """`value` as a person types it; `parse` reads it back."""
        for named, word in self.words:
            if value == named and type(value) is type(named):
                return word
        if isinstance(value, bool):
            return "on" if value else "off"
        if isinstance(value, float):
            return f"{value:g}" if float(f"{value:g}") == value else repr(value)
        if isinstance(value, tuple):
            return join_list(value)
        return str(value)

    def range_text(self) -> str:
        """The allowed values in words, for help and error lines."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "bool":
            return "on or off"
        if self.kind in ("str", "list"):
            return "any text" if self.kind == "str" else "texts separated by commas"
        low, high = self.minimum, self.maximum
        noun = "a whole number" if self.kind == "int" else "a number"
        if low is not None and high is not None:
            text = f"{_plain(low)} to {_plain(high)}"
        elif low is not None:
            text = f"{noun} from {_plain(low)}"
        elif high is not None:
            text = f"{noun} up to {_plain(high)}"
        else:
            text = noun
        return text + "".join(f", or {word}" for _, word in self.words)

    def _error(self, value: object) -> SettingError:
        shown = value if isinstance(value, str) else repr(value)
        return SettingError(f"{self.name} cannot be {shown!s}", hint=f"it takes {self.range_text()}")


def option(default: Scalar, label: str, help: str, *flags: str, **more: Any) -> Any:  # noqa: A002
    """A dataclass field that declares a setting; see `Option` for the keywords."""
    return dataclasses.field(default=default, metadata={"label": label, "help": help, "flags": flags, **more})


def options_of(cls: type[Any]) -> Iterator[Option]:
    """The settings that a dataclass declares, in the order of their fields."""
    for field in dataclasses.fields(cls):
        if "label" in field.metadata:
            metadata = dict(field.metadata)
            kind = metadata.pop("kind", None) or _kind_of(field.default, metadata)
            yield Option(name=field.name, kind=kind, default=cast(Scalar, field.default), **metadata)


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else f"{number:g}"


def _kind_of(default: object, metadata: dict[str, Any]) -> Kind:
    if metadata.get("choices"):
        return "choice"
    kinds: tuple[tuple[type, Kind], ...] = ((bool, "bool"), (int, "int"), (float, "float"), (tuple, "list"))
    return next((kind for cls, kind in kinds if isinstance(default, cls)), "str")


_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def _convert(spec: Option, text: str) -> object:
    stripped = text.strip()
    try:
        if spec.kind == "int":
            return int(stripped)
        if spec.kind == "float":
            return float(stripped)
    except ValueError:
        raise spec._error(text) from None
    if spec.kind == "bool":
        if stripped.lower() in _TRUE:
            return True
        if stripped.lower() in _FALSE:
            return False
        raise spec._error(text)
    if spec.kind == "list":
        return split_list(text)
    return text if spec.kind == "str" else stripped


def _checked_type(spec: Option, value: object) -> Scalar:
    if spec.kind == "list" and isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
        return tuple(part for part in value if part)
    if spec.kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        if number == number and abs(number) != float("inf"):
            return number
    if spec.kind == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if spec.kind == "bool" and isinstance(value, bool):
        return value
    if spec.kind in ("str", "choice") and isinstance(value, str):
        return value
    raise spec._error(value)
