"""`models list`: what the model browser shows, for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import quick_fit
from tui.core.text import one_line
from tui.core.units import format_bytes, format_parameters
from tui.monitor.memory import available_memory
from tui.run.interrupt import Interrupted, Interruption
from tui.run.one_shot import BROKEN_PIPE, DONE, FAILED
from tui.run.output import Output, OutputClosedError, OutputError, complain, note
from tui.run.table import shortened, table
from tui.services.library import Library

_HEADINGS = ("NAME", "SIZE", "QUANTIZATION", "PARAMETERS", "FIT", "PATH", "PROBLEM")
_NAME = 60
"""Most columns of a name: one that is longer would push all else out of sight. --json has it whole."""


def list_models(folders: Sequence[Path], *, as_json: bool) -> int:
    """Print the models on this machine.

    Args:
        folders: where to search, besides the Hugging Face cache and installed packages.
        as_json: a JSON array instead of a table.

    Returns:
        The exit status.
    """
    try:
        with Interruption():
            library = Library(folders)
            entries = list({entry.path: entry for entry in library.scan()}.values())
            available = available_memory()
            output = Output()
            if as_json:
                output.write(json.dumps([_record(entry, available, library) for entry in entries], indent=2) + "\n")
            elif entries:
                output.write(table([_HEADINGS, *(_row(entry, available) for entry in entries)]))
            else:
                note("no models found in " + ", ".join(one_line(str(folder)) for folder in folders))
    except Interrupted as interrupted:
        return interrupted.status
    except OutputClosedError:
        return BROKEN_PIPE
    except OutputError as error:
        complain(error.line())
        return FAILED
    return DONE


def _row(entry: ModelEntry, available: int) -> tuple[str, ...]:
    return (
        shortened(one_line(entry.name), _NAME),
        "-" if entry.remote else format_bytes(entry.file_size),
        one_line(entry.quantization) or "?",
        format_parameters(entry.parameters) if entry.parameters is not None else "?",
        _fit(entry, available),
        one_line(entry.place),
        one_line(entry.problem),
    )


def _fit(entry: ModelEntry, available: int) -> str:
    if entry.kind != "model":
        return entry.kind
    if entry.remote:
        return "remote"
    return "broken" if entry.problem else quick_fit(entry.file_size, available).value


def _record(entry: ModelEntry, available: int, library: Library) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": entry.place,
        "file_size": entry.file_size,
        "quantization": entry.quantization,
        "parameters": entry.parameters,
        "architecture": entry.architecture,
        "n_ctx_train": entry.n_ctx_train,
        "has_template": entry.has_template,
        "source": entry.source,
        "fit": "remote" if entry.remote else quick_fit(entry.file_size, available).value,
        "problem": entry.problem,
        "kind": entry.kind,
        "loadable": entry.loadable,
        "origin": entry.origin,
        "parts": entry.parts,
        "files": [str(file) for file in entry.files],
        "also_at": list(entry.also_at),
        "modified": entry.modified,
        "disk_use": library.disk_use([entry]),
        "favourite": library.is_favourite(entry),
        "last_used": library.last_used(entry),
    }
