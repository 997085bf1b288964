"""Variables in a preset's texts: `{{date}}`, `{{clipboard}}`, and what the person is asked for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tui.core.errors import PresetError
from tui.core.text import one_line, well_formed
from tui.settings.preset_file import FACTS, SYSTEM_PROMPT, VARIABLE_NAME, Preset

CLIPBOARD = "clipboard"
_VARIABLE = re.compile(
    rf"\\?\{{\{{\s*(?:ask\s*:\s*(?P<asked>[^{{}}\n]*[^{{}}\s])|(?P<name>{VARIABLE_NAME.pattern}))\s*\}}\}}"
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask the person for.

    Attributes:
        key: by which its answer is known.
        text: what to ask, one line.
        default: what stands there already.
        needed: whether there is no going on without an answer.
    """

    key: str
    text: str
    default: str = ""
    needed: bool = True


def texts(preset: Preset) -> Iterator[str]:
    """Everything in which a variable may stand."""
    yield preset.system_prompt
    yield from (turn.content for turn in preset.turns)


def takes(preset: Preset, name: str) -> bool:
    """Whether a variable occurs."""
    return any(found == name for found in _keys(preset))


def questions(preset: Preset) -> tuple[Question, ...]:
    """What to ask for, in the order in which it occurs; each thing once."""
    declared = {variable.name: variable for variable in preset.variables}
    asked = {}
    for key in _keys(preset):
        variable = declared.get(key)
        if variable is not None:
            needed = variable.default is None
            asked[key] = Question(key, variable.description or key, variable.default or "", needed)
        elif key not in FACTS:
            asked[key] = Question(key, one_line(key))
    return tuple(asked.values())


def facts(model: str, clipboard: str, now: time.struct_time | None = None) -> dict[str, str]:
    """What the program knows.

    Args:
        model: name of the model; empty while none is loaded.
        clipboard: what was copied last.
        now: the local time; the present one when None.
    """
    now = now or time.localtime()
    return {
        "date": time.strftime("%Y-%m-%d", now),
        "time": time.strftime("%H:%M", now),
        "weekday": _DAYS[now.tm_wday],
        "model": model or "the model",
        CLIPBOARD: clipboard,
    }


def resolve(preset: Preset, known: Mapping[str, str]) -> Preset:
    """The preset with every variable replaced, once: a value is data, whatever stands in it.

    Args:
        preset: with variables.
        known: what the program knows, and the answers by the keys of the questions.

    Raises:
        PresetError: an answer is missing.
    """
    known = {**{question.key: question.default for question in questions(preset) if not question.needed}, **known}
    missing = [question.text for question in questions(preset) if question.key not in known]
    if missing:
        raise PresetError(f"the preset {preset.name} asks for {', '.join(missing)}")

    def filled(text: str) -> str:
        return _VARIABLE.sub(lambda found: _value(preset, found, known), text)

    values = dict(preset.values)
    if SYSTEM_PROMPT in values:
        values[SYSTEM_PROMPT] = filled(preset.system_prompt)
    turns = tuple(replace(turn, content=filled(turn.content)) for turn in preset.turns)
    return replace(preset, values=values, turns=turns)


def _keys(preset: Preset) -> Iterator[str]:
    """The variables that occur; what only looks like one is left out."""
    declared = {variable.name for variable in preset.variables}
    for text in texts(preset):
        for found in _VARIABLE.finditer(text):
            if (key := _key(found, declared)) is not None:
                yield key


def _key(found: re.Match[str], declared: set[str]) -> str | None:
    if found[0].startswith("\\"):
        return None
    if found["asked"] is not None:
        return found["asked"]
    name = found["name"]
    return name if name in declared or name in FACTS else None


def _value(preset: Preset, found: re.Match[str], known: Mapping[str, str]) -> str:
    key = _key(found, {variable.name for variable in preset.variables})
    if key is None:
        return found[0].removeprefix("\\")
    return well_formed(known[key])
