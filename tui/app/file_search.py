"""The search behind the file picker: one thread looks through the folder, another ranks what it found so far."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from textual.dom import DOMNode

if TYPE_CHECKING:
    from tui.services.attachments_offer import Offers

MOST_PATHS = 20_000
"""Files and folders that are looked through; the nearest ones come first."""

INTERVAL = 0.2
"""Seconds between two tellings while the folder is read."""


@dataclass(frozen=True, slots=True)
class Found:
    """An answer.

    Attributes:
        query: what was asked.
        offers: what there is.
        paths: how many files and folders were looked through so far.
        reading: whether there are more to come.
        cut: whether there are more than are looked through.
    """

    query: str
    offers: Offers
    paths: int
    reading: bool
    cut: bool


class FileSearch:
    """Answers the newest question only, and again when more of the folder is known.

    Args:
        owner: whose event loop and workers are used.
        take: called with each answer, in the event loop.
    """

    def __init__(self, owner: DOMNode, take: Callable[[Found], None]) -> None:
        self._owner = owner
        self._take = take
        self._query: str | None = None
        self.answered: str | None = None
        """The query that was answered last, with all of the folder known; None before."""
        self._stop = Event()
        self._paths: list[str] = []
        self._base = Path()
        self._reading = False
        self._cut = False
        self._ranking = False
        self._again = False

    @property
    def is_open(self) -> bool:
        """Whether something is asked."""
        return self._query is not None

    def ask(self, query: str) -> None:
        """Ask; the first question since the last `close` looks through the working folder anew."""
        if self._query == query:
            return
        first, self._query, self.answered = self._query is None, query, None
        if first:
            self._begin()
        self._rank()

    def close(self) -> None:
        """Nothing is asked any more."""
        self._query = None
        self._stop.set()

    def _begin(self) -> None:
        try:
            self._base = Path.cwd()
        except OSError:  # the folder was deleted
            self._base = Path.home()
        # Whatever still hangs on a dead disk is not waited for.
        self._stop, self._paths, self._cut, self._reading, self._ranking = Event(), [], False, True, False
        work = partial(self._walk, self._base, self._stop, self._paths)
        self._owner.run_worker(work, thread=True, group="files", exit_on_error=False)

    def _walk(self, base: Path, stop: Event, paths: list[str]) -> None:
        """In a thread."""
        from tui.services.attachments_walk import walk

        told, cut = time.monotonic(), False
        try:
            for path in walk(base, stop.is_set):
                if cut := len(paths) >= MOST_PATHS:
                    break
                paths.append(path)
                if time.monotonic() - told > INTERVAL:
                    told = time.monotonic()
                    self._owner.call_later(self._more, stop, True, False)
        finally:
            self._owner.call_later(self._more, stop, False, cut)

    def _more(self, stop: Event, reading: bool, cut: bool) -> None:
        if stop is self._stop and self._query is not None:
            self._reading, self._cut = reading, cut
            self._rank()

    def _rank(self) -> None:
        """One thread ranks at a time; what was asked meanwhile is answered after it."""
        if self._ranking:
            self._again = True
            return
        self._ranking, self._again = True, False
        work = partial(self._offer, self._query or "", self._base, self._stop, self._paths, self._reading, self._cut)
        self._owner.run_worker(work, thread=True, group="files", exit_on_error=False)

    def _offer(self, query: str, base: Path, stop: Event, paths: list[str], reading: bool, cut: bool) -> None:
        """In a thread."""
        from tui.services.attachments_offer import Offers, offers

        found = Found(query, Offers(()), len(paths), reading, cut)
        try:
            known = paths[:]
            found = Found(query, offers(query, base, known, stop.is_set), len(known), reading, cut)
        finally:
            self._owner.call_later(self._answer, stop, found)

    def _answer(self, stop: Event, found: Found) -> None:
        self._ranking = False
        if self._query is None:
            return
        if stop is self._stop and found.query == self._query:
            self.answered = None if found.reading else found.query
            self._take(found)
        if self._again or found.query != self._query or stop is not self._stop:
            self._rank()
