"""The chat's way to a replay of its last reply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.app.screens.talking import Talking
from tui.core.errors import LocalLLMError

if TYPE_CHECKING:
    from tui.store.records import MessageRecord


class Replaying(Talking):
    """Opens the replay, and goes to the version that was kept of it."""

    def action_replay(self) -> None:
        """Generate the marked reply again, or else the last one, and compare."""
        if refusal := self._refusal():
            self._hint(refusal)
            return
        records = self.chat.session.records if self.chat.chats.is_open else ()
        marked = self.chat.view.marked
        wanted = (record for record in reversed(records) if record.role == "assistant" or record.id == marked)
        last = next((record for record in wanted if marked in (None, record.id)), None)
        if last is None:
            self._hint("there is no reply yet")
        else:
            self.run_worker(self._replay(last.id))

    async def _replay(self, message: int) -> None:
        from tui.app.screens.replay import ReplayScreen
        from tui.services.replay import recall

        try:
            recording = await self.chat.chats.look(lambda store: recall(store, message))
        except LocalLLMError as error:
            self._hint(error.line())
            return
        if self.is_current and not self._refusal():
            self.program.push_screen(ReplayScreen(self._host, recording), self._replayed)

    def _replayed(self, kept: MessageRecord | None) -> None:
        if kept is not None:
            self.go_to_chat(kept.conversation, kept.id)
