"""The chat's way to two replies side by side, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.screens.attaching import Attaches

if TYPE_CHECKING:
    from tui.app.screens.compare import Left
    from tui.services.comparison import Setup


class Comparing(Attaches):
    """Opens the comparison after the open branch, and goes on with the reply that was kept."""

    _setups: tuple[Setup, Setup] | None = None
    """With what the sides ran last."""

    def action_compare(self) -> None:
        """One prompt, two replies."""
        refusal = self._refusal()
        if self.program.work.busy:  # a missing model can be chosen there
            self._hint(refusal)
            return
        from tui.app.screens.compare import CompareScreen
        from tui.services.comparison import Setup

        model = Path(self._host.model.path) if self._host.model is not None else None
        same = Setup(model, self.settings_here.generation)
        records = self.chat.session.records if self.chat.chats.is_open else ()
        if unready := self._unready():
            self._hint(unready)
            return
        screen = CompareScreen(
            self._host, self.chat.chats, self._setups or (same, same), records, self._prompt.text, self.attachments,
            self.chips(),
        )  # fmt: skip
        self.program.push_screen(screen, self._compared)

    def _compared(self, left: Left | None) -> None:
        """What came of it."""
        if left is None:
            return
        self._setups = left.setups
        if left.kept is not None:
            self._prompt.put("")
            self.attaching.restore(())
            self.go_to_chat(left.kept.conversation, left.kept.id)
        elif left.replies:
            place = "in this chat: alt+t shows all its branches" if left.here else "as a chat of their own: F3"
            self._hint(f"the replies are kept {place}")
        self.chats_changed()
