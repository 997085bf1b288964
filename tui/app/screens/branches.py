"""Marking a message of the chat, and what is done with it: edit, ask again, walk its versions, delete, see the tree."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.events import Resize

from tui.app.rendering.shown import shown_line
from tui.app.screens.talking import Talking
from tui.core.errors import LocalLLMError
from tui.core.units import format_count
from tui.engine.ticket import Ticket

if TYPE_CHECKING:
    from tui.store.records import MessageRecord


_BORDER = 6
"""Cells of the border that no title has."""
_BETWEEN = 5
"""Cells between a hint and what is said of a preset."""


def marked_words(room: int, *, versions: bool) -> str:
    """What the keys do with a marked message: as much as there is room for, and always how one is rid of the mark.

    Args:
        room: cells.
        versions: whether there are several versions of it.
    """
    keys = ["F7 edit", "ctrl+r again", *(["alt+left/right versions"] if versions else []), "alt+d delete"]
    less = ("ctrl+r again", "alt+d delete", "alt+left/right versions", "F7 edit")
    for gone in range(len(less) + 1):
        words = ", ".join([*(key for key in keys if key not in less[:gone]), "Esc unmarks"])
        if len(words) + len("marked: ") <= room:
            return f"marked: {words}"
    return "Esc unmarks"


class Branches(Talking):
    """The part of the main screen that is about single messages and the branches they begin."""

    _deleted_messages: tuple[int, ...] = ()
    """Messages whose branches were deleted since the program started, the last one last."""

    @cached_property
    def deleting(self) -> asyncio.Lock:
        """Held by one deletion or its undoing at a time, so that quick keys act, and are answered, in their order."""
        return asyncio.Lock()

    @property
    def marked_message(self) -> int | None:
        """Number of the message that the person marked; None when there is none."""
        return self.chat.view.marked

    @property
    def _marked_record(self) -> MessageRecord | None:
        records = self.chat.session.records if self.chat.chats.is_open else ()
        return next((record for record in records if record.id == self.marked_message), None)

    def action_mark(self, step: int) -> None:
        """Mark the message before or after."""
        self._drop_edit()
        if self.chat.view.is_empty:
            self._hint("nothing was said yet")
        elif self.chat.view.move_mark(step):
            self._hint("")
        elif step > 0:
            self.unmark()
            self.chat.view.show_end()
        else:
            self._hint("this is the first message")

    def unmark(self) -> None:
        """Take the mark away."""
        self.chat.view.mark(None)
        self._show_hint()

    def _standing_hint(self) -> str:
        record = self._marked_record
        if self._edited is not None and record is not None and record.role != "user":
            return "Enter puts this in the reply's place, Esc leaves it"
        if self._edited is not None or record is None:
            return super()._standing_hint()
        if record.role != "user" and record.edited is not None and record.reply is None:
            return "the reply in your words: alt+left back to the model's, ctrl+o lets it go on"
        return marked_words(self._hint_room(), versions=record.siblings > 1)

    def _hint_room(self) -> int:
        """Cells of the border that a hint has, beside what is said of a preset."""
        room = min((row.outer_size.width for row in self.query("#prompt-row")), default=0) - _BORDER
        preset = cell_len(shown_line(self._preset_hint()))
        return room - (preset + _BETWEEN if preset else 0)

    def on_resize(self, event: Resize) -> None:
        """There is another room for hints."""
        self.call_after_refresh(self._show_hint)

    def _generate(self, asking: Coroutine[Any, Any, Ticket], sent: str | None = None) -> None:
        """What comes now is at the end."""
        if self.marked_message is not None:
            self.unmark()
        super()._generate(asking, sent)

    # What is done with the marked message

    def action_edit(self) -> None:
        """Put another text in the place of the marked message, or of what was said last."""
        record = self._marked_record
        if record is None or self._edited is not None or self.chat.busy:
            super().action_edit()
        else:
            self._begin_edit(record)

    def _puts(self, text: str) -> bool:
        """An edited reply takes its place at once: nobody is asked."""
        record = self._marked_record
        if self._edited is None or record is None or record.id != self._edited or record.role == "user":
            return super()._puts(text)

        async def put() -> None:
            try:
                if text != record.text:
                    await self.chat.replace(record.id, text)
            except LocalLLMError as error:
                self._hint(error.line())
                return
            self._prompt.put("")
            self._leave_edit()

        if text.strip():
            self.run_worker(put())
        else:
            self._hint("a reply cannot be empty: alt+d deletes it")
        return True

    def action_regenerate(self) -> None:
        """Write the marked reply anew, or the last one; the old one stays as another version."""
        if (message := self.marked_message) is None:
            super().action_regenerate()
        else:
            self._drop_edit()
            self._ask_for(partial(self.chat.regenerate, message=message))

    def action_resume(self) -> None:
        """Let the last reply go on; from the middle of a chat that would not be the same chat."""
        records = self.chat.session.records if self.chat.chats.is_open else ()
        if self._marked_record is not None and records[-1].id != self.marked_message:
            self._hint("only the last message can go on; ctrl+r writes this reply anew")
        else:
            super().action_resume()

    def action_version(self, step: int) -> None:
        """Go to another version of the marked message, or of the last one that has one on that side."""
        message = self.marked_message
        if message is None:
            super().action_version(step)
            return

        async def walk() -> None:
            try:
                if not await self.chat.walk(step, message):
                    self._hint(f"this message has no {'older' if step < 0 else 'newer'} version")
                else:
                    self._hint("")
            except LocalLLMError as error:
                self._hint(error.line())

        self._drop_edit()
        self.run_worker(walk())

    # Deleting

    def action_delete_branch(self) -> None:
        """Delete the marked message, or the last one, with all that follows it."""
        self._drop_edit()
        records = self.chat.session.records if self.chat.chats.is_open else ()
        record = self._marked_record or (records[-1] if records else None)
        if record is None:
            self._hint("there is no message")
            return

        async def delete() -> None:
            async with self.deleting:
                try:
                    words = await self.delete_message(record.id)
                except LocalLLMError as error:
                    self._hint(error.line())
                else:
                    self._hint(f"{words}: alt+u brings {'it' if words.startswith('1 ') else 'them'} back")

        self.run_worker(delete())

    async def delete_message(self, message: int) -> str:
        """Delete a message of the open chat with all that follows it.

        Returns:
            How many went, in words.

        Raises:
            LocalLLMError: a reply is under way, or there is no such message.
        """
        count = await self.chat.delete_branch(message)
        self._deleted_messages = (*self._deleted_messages, message)
        if self.chat.view.is_empty:
            self._begin_anew()
        await self._show_recent()
        return f"{format_count(count)} message{'s' if count != 1 else ''} deleted"

    def action_undo_delete(self) -> None:
        """Bring back the messages that were deleted last."""

        async def undo() -> None:
            async with self.deleting:
                try:
                    self._hint("what was deleted is back" if await self.undo_delete() else "nothing was deleted")
                except LocalLLMError as error:
                    self._hint(error.line())

        self._drop_edit()
        self.run_worker(undo())

    async def undo_delete(self) -> bool:
        """Bring back what was deleted last and go there; False where nothing was deleted since the program started.

        Raises:
            LocalLLMError: a reply is under way, or it is gone for good.
        """
        if not self._deleted_messages:
            return False
        *before, last = self._deleted_messages
        self._deleted_messages = tuple(before)  # at once: the next key press means the one before it
        try:
            await self.chat.undo_delete(last)
        except LocalLLMError:
            self._deleted_messages = (*self._deleted_messages, last)
            raise
        self._show_welcome()
        await self._show_recent()
        return True

    @property
    def can_undo_delete(self) -> bool:
        """Whether something was deleted since the program started."""
        return bool(self._deleted_messages)

    # The tree

    def action_tree(self) -> None:
        """All branches of this chat."""
        chat = self.chat.conversation
        if chat is None or self.chat.view.is_empty:
            self._hint("nothing was said yet")
            return
        from tui.app.screens.tree import TreeScreen

        def take(message: int | None) -> None:
            if message is not None:
                self._go_to_message(message)

        self.app.push_screen(TreeScreen(chat.id), take)

    def _go_to_message(self, message: int) -> None:
        async def go() -> None:
            records = self.chat.session.records
            try:
                if all(record.id != message for record in records) and records:
                    await self.chat.open(records[0].conversation, message)
                self.chat.view.mark(message)
            except LocalLLMError as error:
                self._hint(error.line())
            else:
                self._hint("")

        self._drop_edit()
        self.run_worker(go())
