"""The search for models, in a thread, told to the event loop in batches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.message import Message
from textual.worker import get_current_worker

if TYPE_CHECKING:
    from tui.catalogue.entry import ModelEntry

INTERVAL = 0.3
"""Seconds between two tellings, so that a large cache on a slow disk fills the list while it is read."""


class ModelsFound(Message):
    """The models found so far.

    Attributes:
        entries: all of them.
        done: whether the search is over.
    """

    def __init__(self, entries: tuple[ModelEntry, ...], done: bool) -> None:
        super().__init__()
        self.entries = entries
        self.done = done


def search_models(app: App[int], folders: Sequence[Path]) -> None:
    """Search in a thread; a search begun before is no longer listened to."""

    def search() -> None:
        from tui.catalogue.scan import scan

        worker = get_current_worker()
        found: list[ModelEntry] = []
        told = time.monotonic()
        for entry in scan(folders):
            if worker.is_cancelled:
                return
            found.append(entry)
            if time.monotonic() - told >= INTERVAL:
                told = time.monotonic()
                app.post_message(ModelsFound(tuple(found), False))
        if not worker.is_cancelled:
            app.post_message(ModelsFound(tuple(found), True))

    app.run_worker(search, thread=True, group="models", exclusive=True, exit_on_error=False)
