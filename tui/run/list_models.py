"""`models list`: what the model browser shows, for scripts."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import quick_fit
from tui.catalogue.scan import scan
from tui.core.text import one_line
from tui.core.units import format_bytes, format_parameters
from tui.monitor.memory import available_memory
from tui.run.interrupt import Interrupted, Interruption
from tui.run.one_shot import BROKEN_PIPE, DONE, FAILED
from tui.run.output import Output, OutputClosedError, OutputError, complain, note

_HEADINGS = ("NAME", "SIZE", "QUANTIZATION", "PARAMETERS", "FIT", "PATH", "PROBLEM")
_RIGHT = {"SIZE", "PARAMETERS"}


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
            entries = list(scan(folders))
            available = available_memory()
            output = Output()
            if as_json:
                output.write(json.dumps([_record(entry, available) for entry in entries], indent=2) + "\n")
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


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows in columns, the first row being the headings; columns at the end without content are left out."""
    while len(rows[0]) > 1 and not any(row[-1] for row in rows[1:]):
        rows = [row[:-1] for row in rows]
    widths = [max(_cells(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            " " * (width - _cells(cell)) + cell if heading in _RIGHT else cell + " " * (width - _cells(cell))
            for cell, width, heading in zip(row, widths, rows[0], strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def _cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _row(entry: ModelEntry, available: int) -> tuple[str, ...]:
    return (
        one_line(entry.name),
        format_bytes(entry.file_size),
        one_line(entry.quantization) or "?",
        format_parameters(entry.parameters) if entry.parameters is not None else "?",
        "broken" if entry.problem else quick_fit(entry.file_size, available).value,
        one_line(str(entry.path)),
        one_line(entry.problem),
    )


def _record(entry: ModelEntry, available: int) -> dict[str, Any]:
    return {
        "name": entry.name,
        "path": str(entry.path),
        "file_size": entry.file_size,
        "quantization": entry.quantization,
        "parameters": entry.parameters,
        "architecture": entry.architecture,
        "n_ctx_train": entry.n_ctx_train,
        "has_template": entry.has_template,
        "source": entry.source,
        "fit": quick_fit(entry.file_size, available).value,
        "problem": entry.problem,
    }
