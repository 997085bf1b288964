"""Searching in the conversation that is open."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from textual import on

from tui.app.screens.copying import Copying
from tui.app.widgets.entries import Entry
from tui.app.widgets.find_bar import FindBar
from tui.app.widgets.found_marks import FoundMarks
from tui.services.find_in_chat import ChatFinder, Place


class Finding(Copying):
    """Searches as one types, in all messages of the branch, also in those that are not laid out."""

    _finder: ChatFinder | None = None
    _places: Sequence[Place] = ()
    _place = 0
    _asked = 0
    _before: tuple[int | None, Entry | None, int] = (None, None, 0)
    _origin: int | None = None

    def action_find(self) -> None:
        """Begin to search; while one searches: the place before."""
        for bar in self.query(FindBar):
            if bar.has_focus_within:
                self._walk(-1)
            bar.to_field()
            return
        if not self._messages:
            self._hint("nothing was said yet")
            return
        entry, above = self._transcript.place
        message = self.chat.view.message_of(entry) if entry is not None else None
        self._before = (message, entry, above)
        seen = self.chat.view.last_message_in_view
        self._origin = seen if seen is not None else self._messages[-1].id
        self._finder, self._places = ChatFinder(), ()
        self.mount(FindBar(), before="#prompt-row")

    @on(FindBar.Wanted)
    def _find(self, event: FindBar.Wanted) -> None:
        self._asked += 1
        self.run_worker(self._search(event.text, self._asked))

    async def _search(self, text: str, number: int) -> None:
        if (finder := self._finder) is None:
            return
        messages = self._messages
        places = await asyncio.to_thread(finder.find, messages, text)
        if number != self._asked or self._finder is not finder:
            return  # another letter was typed meanwhile
        self._places = places
        order = {record.id: at for at, record in enumerate(messages)}
        origin = order.get(self._origin or 0, len(order))
        self._place = max((at for at, place in enumerate(places) if order[place.message] <= origin), default=0)
        self._transcript.show_found(FoundMarks(text) if places else None)
        bar = self.query_one(FindBar)
        if text.strip():
            self._show_place()
        else:
            bar.clear()

    @on(FindBar.Walk)
    def _walk_on(self, event: FindBar.Walk) -> None:
        self._walk(event.step)

    def _walk(self, step: int) -> None:
        if self._places:
            self._place = (self._place + step) % len(self._places)
            self._show_place()

    def _show_place(self) -> None:
        self.query_one(FindBar).show(self._place + 1 if self._places else 0, len(self._places))
        if not self._places:
            return
        place = self._places[self._place]
        nths = [other.nth for other in self._places if other.message == place.message]
        if (entry := self.chat.view.entry_of(place.message)) is not None:
            self._transcript.show_place(entry, place.nth, len(nths))

    @on(FindBar.Left)
    async def _leave_find(self, event: FindBar.Left) -> None:
        self._asked += 1
        self._finder, self._places = None, ()
        self._transcript.show_found(None)
        await self.query_one(FindBar).remove()
        self.to_prompt()
        if not event.stay:
            self._go_back()

    def _go_back(self) -> None:
        message, entry, above = self._before
        if message is not None:
            entry = self.chat.view.entry_of(message)
        if entry is None or entry not in self._transcript.entries:
            self.chat.view.show_end()
        else:
            self._transcript.return_to(entry, above)
