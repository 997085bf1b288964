"""Have the disk bring the beginnings of files while others are read."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from tui.catalogue.found import find_files
from tui.catalogue.gguf_reader import CHUNK

AHEAD = 32
"""Files that are asked for before the search comes to them: enough to keep a disk busy, too few to crowd out others."""


class ReadAhead:
    """Walks the places of models once more, in a thread of its own, and asks the system for each file's beginning.

    A search spends most of its time waiting for a disk that reads one file at a time. What is asked for here is on its
    way meanwhile. Nothing is read into the program, and a search that is not helped is as right as one that is.

    Args:
        folders: as for `find_files`.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._room = threading.Semaphore(AHEAD)
        self._left = threading.Event()
        self._begun = not hasattr(os, "posix_fadvise")

    def passed(self) -> None:
        """The search has come to a further file."""
        self._room.release()

    def begin(self) -> None:
        """Start, if that is not done yet: from here on files are read and not only looked up."""
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._walk, name="read-ahead", daemon=True).start()

    def end(self) -> None:
        """The search is over; returns at once."""
        self._left.set()
        self._room.release()

    def _walk(self) -> None:
        for found in find_files(self._folders, self._left.is_set):
            self._room.acquire()
            if self._left.is_set():
                return
            _ask_for(found.path)


def _ask_for(path: Path) -> None:
    with contextlib.suppress(OSError, ValueError):  # who reads it will say what is wrong
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            os.posix_fadvise(descriptor, 0, CHUNK, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)
