"""What is attached and not sent: kept with the draft of its chat, and attached again when one comes back to it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tui.app.screens.attaching import Attaches
from tui.app.screens.drafts import Drafts
from tui.app.screens.summing_up import SummingUp
from tui.core.errors import LocalLLMError

if TYPE_CHECKING:
    from tui.services.attachments import Attached
    from tui.services.model_host import ModelHost
    from tui.store.records import Conversation
    from tui.store.store import Store


class DraftFiles(SummingUp, Attaches, Drafts):
    """The part of the main screen that keeps what is attached to what is typed.

    Args:
        host: where the model is.
    """

    def __init__(self, host: ModelHost) -> None:
        super().__init__(host)
        self._files_of: int | None = None
        """The chat that what is attached belongs to; None is a new one."""
        self._files_ready = False
        self._files_loading = False
        self._files_left: dict[int | None, tuple[Attached, ...]] = {}
        """What is attached in chats that were left."""
        self._files_stored: dict[int | None, tuple[Attached, ...]] = {}

    async def show_last_chat(self) -> None:
        """Go on where the person left off, with what was attached."""
        await super().show_last_chat()
        try:
            new = await self.chat.chats.look(lambda store: bool(store.draft_files(None)))
        except LocalLLMError:
            new = False
        if new and self.chat.conversation is not None:
            await self._clear(ask_again=False)
        self._files_ready = True
        self._files_of = self._number(self.chat.conversation)
        await self._bring_back(self._files_of)

    def _show_attached(self) -> None:
        """Something came, went, or was counted."""
        super()._show_attached()
        if self._files_ready and not self._files_loading:
            self._keep_files(self._files_of, self._unsent_files())

    def _unsent_files(self) -> tuple[Attached, ...]:
        """What would be lost; in an edit that is what was attached before it, and what was read since."""
        items = self.attaching.items
        if self._edited is None:
            return items
        return (*self._set_aside, *(item for item in items if item.path and item not in self._set_aside))

    def _moved(self, before: Conversation | None, after: Conversation | None) -> None:
        """What is attached stays with the chat that is left."""
        super()._moved(before, after)
        if not self._files_ready:
            return
        number = self._number(after)
        if before is None and self.chat.busy:  # what was new has got its number with its first message
            self._keep_files(None, ())
            self._files_of = number
            return
        self._leave_files()
        self._files_of = number
        if number in self._files_left:
            self.attaching.restore(self._files_left.pop(number))
        else:
            self._files_loading = True
            self.attaching.restore(())
            self.run_worker(self._bring_back(number))

    async def _move_draft(self, typed: str, old: Conversation | None) -> None:
        """What was attached is for the new chat as well."""
        await super()._move_draft(typed, old)
        number = self._number(old)
        files = self._files_left.pop(number, ())
        self.attaching.restore((*files, *self.attaching.items))
        self._keep_files(number, ())

    def _leave_files(self) -> None:
        if self._files_loading:  # what the chat had is still on its way: it is in the store, and stays there
            added, number = self._unsent_files(), self._files_of
            self._files_loading = False
            if added:
                self._tell_files(lambda store: _keep(store, number, added, add=True))
            return
        self._files_left[self._files_of] = self._unsent_files()
        self._keep_files(self._files_of, self._unsent_files())

    async def _bring_back(self, number: int | None) -> None:
        """Attach what was attached to the draft of a chat, and say what became of the files."""
        from tui.services.draft_files import brought_back, line_of

        self._files_loading = True
        try:
            files = await self.chat.chats.look(lambda store: store.draft_files(number))
        except LocalLLMError:
            files = ()  # what is wrong with the store is said elsewhere
        items = await asyncio.to_thread(brought_back, files, self._attach_limit()) if files else ()
        if self._files_of != number or not self._files_loading:
            return  # the person went on meanwhile
        self._files_loading = False
        self._files_stored[number] = items
        self.attaching.restore((*items, *self.attaching.items))
        if line := line_of(items):
            self.say_of_attachments(line)

    def _keep_files(self, number: int | None, items: tuple[Attached, ...]) -> None:
        if self._files_stored.get(number, ()) == items:
            return
        self._files_stored[number] = items
        self._tell_files(lambda store: _keep(store, number, items))

    def _tell_files(self, work: object) -> None:
        async def tell() -> None:
            with contextlib.suppress(LocalLLMError):  # the chat was deleted meanwhile
                await self.chat.chats.look(work)  # type: ignore[arg-type]

        self.run_worker(tell())

    def _keep_last(self, store: Store) -> None:
        """The program ends: what was attached a moment ago is kept, too."""
        super()._keep_last(store)
        if not self._files_ready:
            return
        now = {} if self._files_loading else {self._files_of: self._unsent_files()}
        for number, items in {**self._files_left, **now}.items():
            with contextlib.suppress(LocalLLMError):
                _keep(store, number, items)


def _keep(store: Store, number: int | None, items: tuple[Attached, ...], *, add: bool = False) -> None:
    from tui.services.draft_files import kept

    there, files = store.draft_files(number), kept(items)
    wanted = (*there, *files) if add else files
    if wanted != there:
        store.keep_draft_files(number, wanted)
