"""Titles by the model: asked for while nothing else runs, given up as soon as the person wants something."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from textual import on
from textual.timer import Timer
from textual.widgets import TextArea

from tui.app.activity import Activity
from tui.app.screens.talking import Talking
from tui.core.errors import LocalLLMError
from tui.core.events import Event, Finished, StopReason, Token
from tui.engine.ticket import Ticket

if TYPE_CHECKING:
    from tui.app.status import Status
    from tui.store.records import Conversation

REST = 2.0
"""Seconds in which nothing happened, after which the model may be asked for a title."""


class Titling(Talking):
    """The part of the main screen that lets the model title chats, where the person wants that."""

    _title_rest = REST
    _title_timer: Timer | None = None
    _titling: Activity | None = None
    _title_touched = 0.0
    _title_tried: frozenset[int] = frozenset()

    def on_mount(self) -> None:
        """Follow what runs."""
        self.watch(self.app, "status", self._rest_begins, init=False)

    @on(TextArea.Changed, "#prompt")
    def _note_touch(self) -> None:
        self._title_touched = time.monotonic()

    def _rest_begins(self, status: Status) -> None:
        if self.program.settings.app.model_titles and not status.busy and self._title_timer is None:
            self._title_timer = self.set_timer(self._title_rest, self._rested)

    def _rested(self) -> None:
        self._title_timer = None
        if (chat := self._untitled()) is None:
            return
        if self.program.work.busy or time.monotonic() - self._title_touched < self._title_rest:
            self._rest_begins(self.program.status)
            return
        self._ask_title(chat)

    def _untitled(self) -> Conversation | None:
        """The open chat, if it may get a title now."""
        chat = self.chat.conversation
        if chat is None or self._host.model is None or self._titling is not None or self.chat.busy:
            return None
        answered = any(record.role == "assistant" and record.text for record in self.chat.session.records)
        return chat if answered and chat.titled_by == "prompt" and chat.id not in self._title_tried else None

    def _ask_title(self, chat: Conversation) -> None:
        from tui.services.chat_titles import title_params, title_prompt

        self._title_tried |= {chat.id}
        params = self.program.settings.generation
        prompt = title_prompt(self.chat.session.prompt(params))
        ticket = self._host.engine.generate(prompt, title_params(params))
        words: list[str] = []

        def take(events: list[Event], _speed: float) -> None:
            words.extend(event.text for event in events if isinstance(event, Token | Finished))
            if isinstance(last := events[-1], Finished) and last.reason is not StopReason.CANCELLED:
                self.run_worker(self._take_title(chat, "".join(words)))

        def over() -> None:
            self._titling = None

        self._titling = Activity(self, ticket, take, over)

    async def _take_title(self, chat: Conversation, answer: str) -> None:
        from tui.services.chat_titles import title_of_answer

        title = title_of_answer(answer)
        try:
            taken = await self.chat.chats.look(lambda store: store.suggest_title(chat.id, title))
            if taken:
                await self._show_recent()
        except LocalLLMError:
            return  # the chat was deleted meanwhile

    def _generate(self, asking: Coroutine[Any, Any, Ticket], sent: str | None = None) -> None:
        """The person comes first: a title can be asked for later on."""
        if self._titling is not None:
            self._titling.cancel()
            now = self.chat.conversation
            self._title_tried -= {now.id} if now is not None else frozenset()
        super()._generate(asking, sent)
