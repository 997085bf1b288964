"""Presets as rows of a list, and what a preset says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from textual.content import Content

from tui.app.rendering.layout import wrap
from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line, shown_text
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, Piece, spread
from tui.services.presets import Entry
from tui.services.presets_variables import CLIPBOARD, questions, takes
from tui.settings.preset_file import SYSTEM_PROMPT, Preset
from tui.settings.settings import Settings, option_named

NONE = Entry("", None)
"""The row that stands for the settings alone."""

_NAME = 22
_ROOM_FOR_TITLE = 40
_LABEL = 22
_LONGEST_VALUE = 200


def preset_row(entry: Entry, width: int, held: str | None, default: str) -> Line:
    """Name and title.

    Args:
        entry: which; `NONE` for the settings alone.
        width: cells.
        held: name of the preset that holds in the chat; None where none does.
        default: name of the one that is the default for the loaded model; empty for none.
    """
    glyphs = current_glyphs()
    here = entry.name == (held or "")
    marks: list[Piece] = [
        (f"{glyphs.pointer} " if here else "  ", "mark"),
        (f"{glyphs.favourite} " if entry.name and entry.name == default else "  ", "mark"),
    ]
    name = shown_line(entry.name) or "no preset"
    title = "the settings alone" if entry is NONE else shown_line(entry.preset.title) if entry.preset else ""
    if entry.problem:
        title = "cannot be used"
    role = "problem" if entry.problem else "fact"
    room = width - 4
    if room < _ROOM_FOR_TITLE:
        return (*marks, (cut(name, room), role if entry.problem else "name"))
    shown = cut(name, _NAME)
    return (*marks, (shown + " " * (_NAME + 2 - cell_len(shown)), "name"), (cut(title, room - _NAME - 2), role))


def title_line(shown: int, of: int, examples: bool, held: str, width: int) -> Line:
    """How many there are, and which one holds in the chat."""
    count = f"{shown}" if shown == of else f"{shown} of {of}"
    left: list[Piece] = [("EXAMPLES" if examples else "PRESETS", "title"), (f"  {count}", "strong")]
    return spread(left, [(cut(held, max(0, width - 24)).rstrip(), "label")], width)


def empty_lines(query: str, examples: bool) -> list[Line]:
    """What to do where there is nothing."""
    if query:
        return [((f"Nothing has all of: {shown_line(query)}", "value"),), (), (("Esc shows all.", "label"),)]
    return [
        (("There is no preset yet.", "strong"),),
        (),
        (("A system prompt with settings, under a name, in a file of its own.", "value"),),
        (),
        (("n", "key"), ("  saves what holds in the chat now as one", "value")),
        (("x", "key"), ("  shows examples to begin with", "value")),
        (("i", "key"), ("  makes one of a llama-cli line", "value")),
    ]


def preview_lines(entry: Entry | None, settings: Settings, width: int, notes: Sequence[str] = ()) -> list[Line]:
    """What a preset says, in lines of `width` cells.

    Args:
        entry: which; None for nothing.
        settings: what holds without it, to tell what it changes.
        width: cells.
        notes: what the person should know first.
    """
    if entry is None or width < 4:
        return []
    lines = [line for note in notes for line in _text(note, width, "warning")]
    lines += [()] if notes else []
    if entry.problem:
        why = [*_text(entry.problem, width, "error"), ()]
        return [*lines, *_text(entry.name, width, "name"), (), *why, *_text("e opens the file.", width, "label")]
    if entry.preset is None:
        return [*lines, *_none_lines(settings, width)]
    return [*lines, *_preset_lines(entry.preset, settings, width)]


def _none_lines(settings: Settings, width: int) -> Iterator[Line]:
    yield from _text("No preset", width, "name")
    yield from _text("The settings (F4) hold alone.", width, "label")
    if settings.generation.system_prompt:
        yield from _heading("SYSTEM PROMPT")
        yield from _text(settings.generation.system_prompt, width)


def _preset_lines(preset: Preset, settings: Settings, width: int) -> Iterator[Line]:
    yield from _text(preset.title or preset.name, width, "name")
    if preset.description:
        yield from _text(preset.description, width, "label")
    if SYSTEM_PROMPT in preset.values:
        yield from _heading("SYSTEM PROMPT")
        yield from _text(preset.system_prompt or "(none)", width, "value" if preset.system_prompt else "label")
    if rest := {name: value for name, value in preset.values.items() if name != SYSTEM_PROMPT}:
        yield from _heading("SETTINGS")
        for name in rest:
            yield from _setting(preset, name, settings, width)
    if preset.turns:
        yield from _heading("FIRST TURNS")
        for turn in preset.turns:
            yield ((("you" if turn.role == "user" else "model"), "bar"),)
            yield from _text(turn.content, width, indent=2)
    yield from _asked(preset, width)
    if preset.models:
        yield from _heading("DEFAULT FOR")
        for pattern in preset.models:
            yield from _text(pattern, width)


def _setting(preset: Preset, name: str, settings: Settings, width: int) -> Iterator[Line]:
    spec = option_named(name)
    value, now = preset.values[name], settings.get(name)
    shown = spec.format(value)
    if "\n" in shown or len(shown) > width // 2:
        yield ((spec.label, "label"),)
        yield from _text(shown[:_LONGEST_VALUE], width, indent=2)
        return
    room = min(_LABEL, width // 2)
    label = cut(spec.label, room - 1)
    remark = "" if value == now else f"  instead of {shown_line(spec.format(now)) or 'nothing'}"
    value_text = f"{shown_line(shown) or 'nothing':<6}"
    yield (
        (label + " " * (room - cell_len(label)), "label"),
        (value_text, "value"),
        (cut(remark, max(0, width - room - cell_len(value_text))), "label"),
    )


def _asked(preset: Preset, width: int) -> Iterator[Line]:
    asked = [f"{q.text} (unless told: {q.default})" if q.default else q.text for q in questions(preset)]
    asked += ["(what was copied last is put in)"] if takes(preset, CLIPBOARD) else []
    if asked:
        yield from _heading("ASKS FOR")
        for text in asked:
            yield from _text(text, width)


def _heading(text: str) -> Iterator[Line]:
    yield ()
    yield ((text, "title"),)


def _text(text: str, width: int, role: str = "value", indent: int = 0) -> Iterator[Line]:
    for line in shown_text(text).expandtabs(4).split("\n"):
        for part in wrap(Content(line), width - indent):
            yield ((" " * indent + part.plain, role),)
