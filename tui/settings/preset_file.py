"""A preset as a file: TOML that people edit by hand and share, so that comments and order survive a save."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from tui.core.errors import PresetError, SettingError
from tui.core.messages import Message, Role
from tui.core.options import Scalar
from tui.core.text import one_line, well_formed
from tui.settings.file import from_toml, reason_of, to_toml
from tui.settings.settings import option_named, option_names, section_of, suggestion

if TYPE_CHECKING:
    import tomlkit

SYSTEM_PROMPT = "system_prompt"
"""The one setting of a preset that is written above its tables."""

VARIABLE_NAME = re.compile(r"[^\W\d][\w-]*")
FACTS = ("date", "time", "weekday", "model", "clipboard")
"""Variables that the program knows; nothing else may have these names."""

_HEAD = "# A preset of localllm-tui. What may be in it: README.md.\n"
_KEYS = ("title", "description", SYSTEM_PROMPT, "models", "generation", "variables", "turns")
_ROLES = ("user", "assistant")


@dataclass(frozen=True, slots=True)
class Variable:
    """What a preset asks the person for.

    Attributes:
        name: as it stands in the braces.
        description: what to ask, one line; empty: the name is asked.
        default: what holds where nothing is answered; None: an answer is needed.
    """

    name: str
    description: str = ""
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Preset:
    """A named system prompt with settings and first turns.

    Attributes:
        name: the file's name without its ending.
        title: what it is, one line; empty: its name says it.
        description: what it is for.
        values: the settings of a generation that it sets, by name; the system prompt is one of them.
        turns: what is said before the person's first prompt.
        models: patterns of names; it is the default for the models that have such a name.
        variables: what to ask the person for.
    """

    name: str
    title: str = ""
    description: str = ""
    values: Mapping[str, Scalar] = field(default_factory=lambda: MappingProxyType({}))
    turns: tuple[Message, ...] = ()
    models: tuple[str, ...] = ()
    variables: tuple[Variable, ...] = ()

    @property
    def system_prompt(self) -> str:
        """The text; empty where it has none."""
        return str(self.values.get(SYSTEM_PROMPT, ""))


def parse(name: str, text: str) -> Preset:
    """The preset that a file's text means.

    Args:
        name: the file's name without its ending.
        text: of the file.

    Raises:
        PresetError: something in it is wrong; its reason is one line.
    """
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PresetError(f"the preset {one_line(name)} cannot be used", why=reason_of(error)) from None
    reader = _Reader(document)
    preset = reader.preset(name)
    if reader.problems:
        more = f" (and {len(reader.problems) - 1} more)" if len(reader.problems) > 1 else ""
        raise PresetError(f"the preset {one_line(name)} cannot be used", why=one_line(reader.problems[0]) + more)
    return preset


def render(preset: Preset, old: str = "") -> str:
    """The preset as a file's text.

    Args:
        preset: what the text shall mean.
        old: text of the file so far; its comments and order stay.

    Raises:
        PresetError: the old text cannot be kept in a new one.
    """
    import tomlkit  # slow to import, and only needed here
    from tomlkit.exceptions import TOMLKitError

    try:
        before = parse(preset.name, old) if old else None
        document = tomlkit.parse(old or _HEAD)
        _write(document, preset, before or Preset(preset.name))
        text = document.as_string()
        if parse(preset.name, text) == preset:
            return text
    except (TOMLKitError, ValueError, RecursionError) as error:
        raise PresetError(f"the preset {one_line(preset.name)} was not saved", why=one_line(str(error))) from None
    raise PresetError(f"the preset {one_line(preset.name)} was not saved", why="its text cannot be written as TOML")


class _Reader:
    """Takes what is in a file, and collects what is wrong with it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self.problems: list[str] = []

    def preset(self, name: str) -> Preset:
        self.problems += [f"{key} is not a part of a preset{_near(key)}" for key in self._document if key not in _KEYS]
        values: dict[str, Scalar] = {}
        if SYSTEM_PROMPT in self._document:
            values[SYSTEM_PROMPT] = self._text(self._document, SYSTEM_PROMPT)
        for key, value in self._table("generation").items():
            self._setting(key, value, values)
        if values.get("grammar") and values.get("json_schema"):
            self.problems.append("a grammar and a JSON schema cannot both hold")
        return Preset(
            name,
            one_line(self._text(self._document, "title")),
            self._text(self._document, "description"),
            values,
            self._turns(),
            self._models(),
            tuple(self._variable(key, value) for key, value in self._table("variables").items()),
        )

    def _setting(self, name: str, value: object, values: dict[str, Scalar]) -> None:
        if name == SYSTEM_PROMPT:
            self.problems.append(f"{name} stands above the tables, not in [generation]")
        elif name not in option_names():
            near = suggestion(name)
            self.problems.append(f"{name} is not a setting of [generation]" + (f"; {near} is" if near else ""))
        elif section_of(name) != "generation":
            self.problems.append(f"{name} is a setting of [{section_of(name)}]; a preset has those of [generation]")
        else:
            try:
                values[name] = from_toml(option_named(name), value)
            except SettingError as error:
                self.problems.append(error.line())

    def _turns(self) -> tuple[Message, ...]:
        turns = self._document.get("turns", [])
        if not isinstance(turns, list) or not all(isinstance(turn, dict) for turn in turns):
            self.problems.append("turns must be tables, each written [[turns]]")
            return ()
        return tuple(self._turn(turn) for turn in turns)

    def _turn(self, turn: Mapping[str, Any]) -> Message:
        self.problems += [f"{key} is not a part of [[turns]]" for key in turn if key not in ("role", "text")]
        role, text = turn.get("role"), self._text(turn, "text")
        if role not in _ROLES:
            self.problems.append(f"the role of a turn is {' or '.join(_ROLES)}")
        if not text.strip():
            self.problems.append("a turn has no text")
        return Message(cast(Role, role), text)

    def _models(self) -> tuple[str, ...]:
        models = self._document.get("models", [])
        if not isinstance(models, list) or not all(isinstance(glob, str) and glob.strip() for glob in models):
            self.problems.append('models must be a list of names, such as ["gemma-*"]')
            return ()
        return tuple(models)

    def _variable(self, name: str, value: object) -> Variable:
        if not VARIABLE_NAME.fullmatch(name):
            self.problems.append(f"{name!r} cannot be the name of a variable")
        if name in (*FACTS, "ask"):
            self.problems.append(f"{name} is a variable of the program: another name is needed")
        if isinstance(value, str):
            return Variable(name, one_line(value))
        if not isinstance(value, dict):
            self.problems.append(f'{name} in [variables] must be {{description = "…", default = "…"}}')
            return Variable(name)
        strange = [key for key in value if key not in ("description", "default")]
        self.problems += [f"{key} is not a part of the variable {name}" for key in strange]
        default = self._text(value, "default") if "default" in value else None
        return Variable(name, one_line(self._text(value, "description")), default)

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self._document.get(key, {})
        if isinstance(table, dict):
            return table
        self.problems.append(f"{key} must be a table, written [{key}]")
        return {}

    def _text(self, table: Mapping[str, Any], key: str) -> str:
        value = table.get(key, "")
        if isinstance(value, str):
            return value
        self.problems.append(f"{key} must be a text")
        return ""


def _near(key: str) -> str:
    if key in option_names() and section_of(key) == "generation":
        return f": write it below [generation], as {key} = …"
    return ""


def _write(document: tomlkit.TOMLDocument, preset: Preset, before: Preset) -> None:
    import tomlkit

    for key, text, old in (
        ("title", preset.title, before.title),
        ("description", preset.description, before.description),
        (SYSTEM_PROMPT, preset.values.get(SYSTEM_PROMPT), before.values.get(SYSTEM_PROMPT)),
    ):
        if text != old:
            _put(document, key, text if text is None else _string(str(text)), keep_empty=key == SYSTEM_PROMPT)
    if preset.models != before.models:
        _put(document, "models", list(preset.models))
    values, old_values = ({k: v for k, v in p.values.items() if k != SYSTEM_PROMPT} for p in (preset, before))
    if values != old_values:
        _write_values(document, values, old_values)
    if preset.variables != before.variables:
        _put(document, "variables", _table_of(map(_variable_entry, preset.variables)) if preset.variables else None)
    if preset.turns != before.turns:
        turns = tomlkit.aot()
        for turn in preset.turns:
            turns.append(_table_of((("role", turn.role), ("text", _string(turn.content)))))
        _put(document, "turns", turns if preset.turns else None)


def _write_values(document: tomlkit.TOMLDocument, values: Mapping[str, Scalar], old: Mapping[str, Scalar]) -> None:
    import tomlkit

    if "generation" not in document:
        document["generation"] = tomlkit.table()
    table: Any = document["generation"]
    for name in old.keys() - values.keys():
        del table[name]
    for name, value in values.items():
        if name not in old or old[name] != value:
            table[name] = _plain(to_toml(option_named(name), value))


def _plain(value: object) -> object:
    return _string(value) if isinstance(value, str) else value


def _variable_entry(variable: Variable) -> tuple[str, Any]:
    import tomlkit

    entry = tomlkit.inline_table()
    entry["description"] = variable.description
    if variable.default is not None:
        entry["default"] = variable.default
    return variable.name, entry


def _table_of(entries: Any) -> Any:
    import tomlkit

    table = tomlkit.table()
    for key, value in entries:
        table[key] = value
    return table


def _put(document: Any, key: str, value: Any, *, keep_empty: bool = False) -> None:
    if value is None or (not value and not keep_empty):
        document.pop(key, None)
    else:
        document[key] = value


def _string(text: str) -> Any:
    """As people write it: a text of several lines over several lines, where that means the same."""
    import tomlkit

    text = well_formed(text)
    if "\n" in text:
        body = tomlkit.string(text, multiline=True).as_string()[3:-3]
        line = f'text = """\n{body}"""\n'
        try:
            if tomllib.loads(line)["text"] == text:
                return tomlkit.parse(line)["text"]
        except tomllib.TOMLDecodeError:
            pass
    return tomlkit.string(text)
