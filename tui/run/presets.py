"""`presets …`: the presets, for scripts; and the one that `run --preset` names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tui.core.endpoints import remote_name
from tui.core.errors import PresetError
from tui.core.messages import Message
from tui.core.text import one_line
from tui.run.guard import guarded
from tui.run.one_shot import DONE
from tui.run.output import Output, note, warn
from tui.run.table import table
from tui.services.presets import Entry, Presets, checked_name
from tui.services.presets_clipboard import local_clipboard
from tui.services.presets_flags import read_flags
from tui.services.presets_held import held_of
from tui.services.presets_variables import CLIPBOARD, facts, questions, resolve, takes
from tui.services.prompt_source import STANDARD_INPUT, read_prompt
from tui.settings.preset_file import SYSTEM_PROMPT, Preset
from tui.settings.settings import Settings


def list_presets(*, as_json: bool) -> int:
    """Print the presets by name.

    Args:
        as_json: a JSON array instead of a table.

    Returns:
        The exit status.
    """

    def work(_: object) -> int:
        folder = Presets()
        entries = folder.entries()
        if as_json:
            _print_json([_record(entry) for entry in entries])
        elif entries:
            Output().write(table([("NAME", "TITLE", "DEFAULT FOR", "PROBLEM"), *map(_row, entries)]))
        else:
            note(f"no presets in {one_line(str(folder.folder))}")
        return DONE

    return guarded(work)


def show_preset(name: str, *, as_json: bool) -> int:
    """Print what a preset is.

    Args:
        name: which.
        as_json: a JSON object instead of the text of its file.

    Returns:
        The exit status.
    """

    def work(_: object) -> int:
        folder = Presets()
        if as_json:
            _print_json(_record(Entry(name, folder.read(name))))
        else:
            text = folder.text(name)
            Output().write(text if text.endswith("\n") else f"{text}\n")
        return DONE

    return guarded(work)


def import_preset(name: str, line: str, *, as_json: bool) -> int:
    """Make a preset of a line of flags; what was left out goes to standard error.

    Args:
        name: what to call it.
        line: as it is typed in a shell; `-` reads it from standard input.
        as_json: the preset as a JSON object instead of its name.

    Returns:
        The exit status.
    """

    def work(_: object) -> int:
        plain = checked_name(name)
        flags = read_flags(read_prompt(STANDARD_INPUT) if line == STANDARD_INPUT else line)
        preset = Preset(plain, values=flags.values)
        Presets().create(preset)
        for left_out in flags.left_out:
            warn(left_out)
        if as_json:
            _print_json({**_record(Entry(plain, preset)), "left_out": list(flags.left_out)})
        else:
            Output().write(f"{plain}\n")
        return DONE

    return guarded(work)


def with_preset(
    settings: Settings, name: str, answers: Mapping[str, str], model: Path, *, chat: bool
) -> tuple[Settings, tuple[Message, ...]]:
    """The settings with a preset over them, and its first turns. What the command line says wins over it.

    Args:
        settings: what holds without it.
        name: which.
        answers: what it asks for.
        model: the file of the model.
        chat: whether the prompt becomes a chat message: elsewhere only the settings have an effect.

    Raises:
        PresetError: there is none of this name, it cannot be used, or it asks for something that is not there.
    """
    preset = Presets().read(name)
    if not chat:
        if SYSTEM_PROMPT in preset.values or preset.turns:
            warn("the preset's system prompt and first turns have no effect without --chat")
        values = {key: value for key, value in preset.values.items() if key != SYSTEM_PROMPT}
        return held_of(Preset(name, values=values), settings).over(settings), ()
    asked = {question.key for question in questions(preset)}
    for key in answers.keys() - asked:
        warn(f"the preset {name} does not ask for {key}")
    copied = answers.get(CLIPBOARD) or (local_clipboard(os.environ) if takes(preset, CLIPBOARD) else "")
    if takes(preset, CLIPBOARD) and not copied:
        raise PresetError(f"the preset {name} takes the clipboard, which cannot be read here or is empty")
    missing = [question.key for question in questions(preset) if question.needed and question.key not in answers]
    if missing:
        hint = " ".join(f"--var '{key}=…'" for key in missing)
        raise PresetError(f"the preset {name} asks for {', '.join(missing)}", hint=f"give {hint}")
    resolved = resolve(preset, {**facts(remote_name(model) or model.stem, copied), **answers})
    return held_of(resolved, settings).over(settings), resolved.turns


def _row(entry: Entry) -> tuple[str, ...]:
    title = entry.preset.title if entry.preset else ""
    models = " ".join(entry.preset.models) if entry.preset else ""
    return one_line(entry.name), one_line(title), one_line(models), entry.problem


def _record(entry: Entry) -> dict[str, Any]:
    if (preset := entry.preset) is None:
        return {"name": entry.name, "problem": entry.problem}
    return {
        "name": preset.name,
        "title": preset.title,
        "description": preset.description,
        "system_prompt": preset.values.get(SYSTEM_PROMPT),
        "generation": {key: value for key, value in preset.values.items() if key != SYSTEM_PROMPT},
        "turns": [{"role": turn.role, "text": turn.content} for turn in preset.turns],
        "models": list(preset.models),
        "variables": [
            {"name": variable.name, "description": variable.description, "default": variable.default}
            for variable in preset.variables
        ],
    }


def _print_json(value: object) -> None:
    Output().write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
