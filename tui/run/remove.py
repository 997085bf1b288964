"""`models rm`: a model leaves this machine, after telling what goes."""

from __future__ import annotations

import json
import sys

from tui.core.errors import LocalLLMError
from tui.core.text import one_line
from tui.core.units import format_bytes
from tui.run.guard import guarded
from tui.run.interrupt import Interruption
from tui.run.one_shot import DONE
from tui.run.output import Output, note
from tui.services.find_model import choose_entry, entry_at
from tui.services.library import Library
from tui.settings.settings import Settings


class NotConfirmedError(LocalLLMError):
    """Nobody said yes."""


def remove_model(settings: Settings, name: str, *, yes: bool, as_json: bool) -> int:
    """Delete a model.

    Args:
        settings: the folders to search are in them.
        name: a model's name, or its file.
        yes: whether not to ask.
        as_json: a JSON object about what went, on standard output.

    Returns:
        The exit status.
    """

    def work(_: Interruption) -> int:
        library = Library(settings.app.folders())
        entry = choose_entry(name, {entry.path: entry for entry in library.scan()}.values())
        entry = entry_at(entry, name, library.folders)
        deletion = library.plan_delete(entry)
        for line in (deletion.words, *(f"  {file}" for file in deletion.files)):
            if line:
                note(one_line(line) if line is deletion.words else "  " + one_line(line))
        for user in deletion.used_by:
            note(f"used by {one_line(user)}")
        if not yes and not _confirmed(f"Delete {entry.name} and free {format_bytes(deletion.freed)}?"):
            raise NotConfirmedError("nothing was deleted")
        library.delete(deletion)
        if as_json:
            record = {"name": entry.name, "freed": deletion.freed, "files": [str(file) for file in deletion.files]}
            Output().write(json.dumps(record, indent=2) + "\n")
        else:
            note(f"deleted; {format_bytes(deletion.freed)} are free again")
        return DONE

    return guarded(work, color=settings.app.color)


def _confirmed(question: str) -> bool:
    """Ask on the terminal; nobody is asked where there is none."""
    if not (sys.stdin and sys.stdin.isatty()):
        raise NotConfirmedError("nothing was deleted", why="there is nobody to ask", hint="give --yes")
    note(f"{one_line(question)} [y/N]")
    return sys.stdin.readline().strip().casefold() in ("y", "yes")
