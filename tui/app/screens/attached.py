"""A server elsewhere, watched: the same table as beside the chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType

from tui.app.commands.command import bindings
from tui.app.commands.serving import ATTACHED_COMMANDS
from tui.app.rendering.shown import shown_line
from tui.app.screens.watching import Watching
from tui.app.widgets.lines import Line
from tui.services.watching import Snapshot
from tui.services.watching_elsewhere import Elsewhere


class AttachedScreen(Watching):
    """Follows the requests of a server elsewhere.

    Args:
        server: asks it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(ATTACHED_COMMANDS)]
    commands = ATTACHED_COMMANDS
    name_shown = "WATCH"
    no_transcripts = "this server keeps no prompts and answers: it does when started with --transcripts"

    def __init__(self, server: Elsewhere) -> None:
        super().__init__(server)
        self._server = server

    def state_words(self) -> tuple[str, str]:
        """Whether it answers."""
        if self.snapshot.problem:
            return f"{shown_line(self._server.address)}: no answer", "warning"
        return shown_line(self._server.address), "strong"

    def facts(self, width: int) -> Sequence[Line]:
        """What it serves, and how."""
        snapshot = self.snapshot
        names = ", ".join(map(shown_line, snapshot.models[:8])) or "-"
        kept = "kept: Enter reads them" if snapshot.transcripts else "not kept"
        return [
            (("Server       ", "label"), (snapshot.server or "-", "value")),
            (("Models       ", "label"), (names, "value")),
            (("Places       ", "label"), (f"{snapshot.places} side by side" if snapshot.places else "-", "value")),
            (("Transcripts  ", "label"), (kept, "label")),
        ]

    def empty_words(self) -> str:
        """What is said while there is no request."""
        return "" if self.snapshot.problem else "Nothing runs there now."

    def _show(self, snapshot: Snapshot) -> None:
        was_lost = bool(self.snapshot.problem and self.snapshot.server)
        super()._show(snapshot)
        if was_lost and not snapshot.problem:
            self.say(f"{shown_line(self._server.address)} answers again", "value")

    def action_retry(self) -> None:
        """Ask now."""
        self._server.retry()
