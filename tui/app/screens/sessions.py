"""Chats beside the one that is shown: the open ones, one key apart, and the care for the store that holds them."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING

from tui.app.rendering.chat_rows import title_words
from tui.app.screens.drafts import Drafts
from tui.app.screens.titling import Titling
from tui.core.errors import LocalLLMError
from tui.services.open_chats import OpenChats
from tui.settings.logs import PROGRAM

if TYPE_CHECKING:
    from tui.app.status import Status
    from tui.core.events import ModelInfo
    from tui.store.records import Conversation
    from tui.store.store import Store

_OPEN = "open chats"
_CHECK_AFTER = 10.0
"""Seconds after the start from which on the store is read through: by then the first model is loaded, mostly."""


class Sessions(Titling, Drafts):
    """The part of the main screen that is about other chats than the one it shows."""

    def on_mount(self) -> None:
        """Follow the model: which chats are warm depends on it."""
        self._open_chats = OpenChats()
        self._walking = asyncio.Lock()
        self._warm_for: ModelInfo | None = None
        self.watch(self.app, "status", self._follow_warmth)

    async def show_last_chat(self) -> None:
        """Go on where the person left off, with the chats open that were open."""
        try:
            known = await self.chat.chats.look(lambda store: store.note(_OPEN))
        except LocalLLMError:
            known = ""
        self._open_chats = OpenChats.of(known)
        await super().show_last_chat()
        if (now := self.chat.conversation) is not None:
            self._chat_opened(now)
        self.set_timer(_CHECK_AFTER, self._check_store)

    def _follow_warmth(self, status: Status) -> None:
        if status.model is not self._warm_for:
            self._warm_for = status.model
            if self.chat.chats.is_open:
                self.chats_changed()

    # Open chats

    def _moved(self, before: Conversation | None, after: Conversation | None) -> None:
        super()._moved(before, after)
        if after is not None:
            self._chat_opened(after)

    def _chat_opened(self, chat: Conversation) -> None:
        before = self._open_chats.numbers
        self._open_chats.open(chat.id)
        if self._open_chats.numbers != before:
            self._remember_open()

    def _remember_open(self) -> None:
        text = self._open_chats.text()
        self.run_worker(self._tell_store(lambda store: store.set_note(_OPEN, text)))

    async def _tell_store(self, work: object) -> None:
        try:
            await self.chat.chats.look(work)  # type: ignore[arg-type]
        except LocalLLMError:
            return  # what is wrong with the store is said elsewhere

    def action_open_chat(self, step: int) -> None:
        """Go to the next of the open chats, or to the one before."""
        self._leave_typed()
        if self.chat.busy:
            self._hint("still generating: Esc stops it")
        else:
            self.run_worker(self._walk_open(step))

    async def _walk_open(self, step: int) -> None:
        async with self._walking:  # the next key means the neighbour of where this one leads
            await self._walk_open_once(step)

    async def _walk_open_once(self, step: int) -> None:
        here = self.chat.conversation.id if self.chat.conversation is not None else None
        while (there := self._open_chats.beside(here, step)) is not None:
            try:
                gone = await self.chat.chats.look(lambda store, there=there: _is_gone(store, there))  # type: ignore[misc]
                if not gone:
                    found = await self.chat.open(there)
                    break
            except LocalLLMError as error:
                self._hint(error.line())
                return
            self._open_chats.close(there)
        else:
            self._hint("no other chat is open: F3 shows them all")
            return
        self.program.work.forget()
        self._show_welcome()
        await self._show_recent()
        numbers = self._open_chats.numbers
        self._hint(f"{numbers.index(there) + 1} of {len(numbers)} open: {title_words(found)}")

    # The store

    def _check_store(self) -> None:
        self.run_worker(self._checked())

    async def _checked(self) -> None:
        """Look the store through in a thread that the end of the program does not wait for."""
        from tui.services.daily_check import check_daily

        loop, done = asyncio.get_running_loop(), asyncio.Event()
        store = await self.chat.chats.look(lambda store: store)

        def check() -> None:
            try:
                check_daily(store)
                loop.call_soon_threadsafe(done.set)
            except Exception:  # the store, or the loop, was closed meanwhile
                logging.getLogger(PROGRAM).info("the check of the chats came to no end", exc_info=True)

        threading.Thread(target=check, name="store-check", daemon=True).start()
        await done.wait()
        await self.chat.tell_news()


def _is_gone(store: Store, conversation: int) -> bool:
    try:
        return store.conversation(conversation).deleted is not None
    except LocalLLMError:
        return True
