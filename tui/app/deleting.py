"""Deleting a model, in a thread: a large file takes a slow disk a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from tui.core.errors import LocalLLMError
from tui.core.units import format_bytes

if TYPE_CHECKING:
    from tui.catalogue.delete import Deletion
    from tui.services.library import Library


def delete_model(screen: Screen[Any], library: Library, deletion: Deletion, told: Callable[[str, str], None]) -> None:
    """Delete what was planned.

    Args:
        screen: whose thread and event loop are used.
        library: deletes.
        deletion: the plan that the person agreed to.
        told: called in the event loop with one line on what came of it, and `value` or `error`.
    """

    def work() -> None:
        try:
            library.delete(deletion)
            said = f"deleted {deletion.entry.name}: {format_bytes(deletion.freed)} freed", "value"
            if deletion.entry.remote:
                said = f"{deletion.entry.name} is off the list", "value"
        except LocalLLMError as error:
            said = error.line(), "error"
        screen.call_later(told, *said)

    screen.run_worker(work, thread=True, group="delete", exit_on_error=False)
