"""The search for models, in a thread, told to the event loop in batches; and the watch over their folders."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.app import App
from textual.message import Message
from textual.worker import get_current_worker

if TYPE_CHECKING:
    from pathlib import Path

    from tui.catalogue.entry import ModelEntry
    from tui.catalogue.watch import Watch
    from tui.services.library import Library

INTERVAL = 0.3
"""Seconds between two tellings, so that a large cache on a slow disk fills the list while it is read."""


class ModelsFound(Message):
    """The models found so far.

    Attributes:
        entries: all of them; while the search runs, also those that an earlier one found.
        done: whether the search is over.
    """

    def __init__(self, entries: tuple[ModelEntry, ...], done: bool) -> None:
        super().__init__()
        self.entries = entries
        self.done = done


class ModelsChanged(Message):
    """A file came, went or changed where models are."""


class ModelFinder:
    """Searches for models when asked and when their folders change; until it is closed.

    Args:
        app: told with `ModelsFound` and `ModelsChanged`.
    """

    def __init__(self, app: App[int]) -> None:
        self._app = app
        self._library: Library | None = None
        self._watch: Watch | None = None
        self.disk_use: int | None = None
        """Bytes that all models take on disk; None before the first search is over."""

    @property
    def library(self) -> Library | None:
        """Where models are marked, and deleted; None before the first search."""
        return self._library

    def search(self, folders: Sequence[Path], known: Iterable[ModelEntry] = ()) -> None:
        """Search these folders and other programs' places in a thread, and watch them from now on.

        A search begun before is no longer listened to.

        Args:
            folders: of the person.
            known: what an earlier search found: shown until this one is over, so that no row goes and comes back.
        """
        from tui.services.library import Library

        if self._library is None or self._library.folders != tuple(folders):
            self._library = Library(folders)
            self.close()
            self._watch = self._library.watch(self._tell)
            known = ()
        work = partial(self._search, self._library, {entry.path: entry for entry in known})
        self._app.run_worker(work, thread=True, group="models", exclusive=True, exit_on_error=False)

    def _search(self, library: Library, before: dict[Path, ModelEntry]) -> None:
        """In a thread."""
        worker = get_current_worker()
        found: dict[Path, ModelEntry] = {}
        told = time.monotonic()
        for entry in library.scan(lambda: worker.is_cancelled):
            if worker.is_cancelled:
                return
            found[entry.path] = entry
            if time.monotonic() - told >= INTERVAL:
                told = time.monotonic()
                self._app.post_message(ModelsFound(tuple((before | found).values()), False))
        disk_use = library.disk_use(found.values())
        if not worker.is_cancelled:
            self.disk_use = disk_use
            self._app.post_message(ModelsFound(tuple(found.values()), True))

    def _tell(self) -> None:
        self._app.post_message(ModelsChanged())

    def close(self) -> None:
        """Watch nothing any more."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.stop()
