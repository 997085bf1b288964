"""Notice that models come, go and change, by looking at their folders every few seconds.

No system interface for file events is used: they differ on every platform, see nothing on network file systems, and
take a handle for each folder. Looking at the times of 2,000 files takes some milliseconds.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

INTERVAL = 3.0
"""Seconds between two looks."""
_SHARE = 50
"""The pause is at least this many times as long as a look takes, so that a huge tree costs at most 2% of a core."""
_RECENT = 10.0
"""A folder that changed within this many seconds is listed again: its time may not tell two changes apart."""

_log = logging.getLogger("localllm.watch")

_State = tuple[int, int, int]
"""File number, bytes, time of change in nanoseconds."""


class Folders:
    """What was seen in some folders and below them.

    Only the times of known folders are asked for; a folder is listed again when its time has changed.

    Args:
        roots: the folders; one that is missing may appear later.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots = tuple(dict.fromkeys(str(root) for root in roots))
        self._listed: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {}
        self._files: dict[str, _State] = {}
        self._moving: set[str] = set()

    def look(self, over: threading.Event | None = None) -> bool:
        """Look again.

        Args:
            over: ends the look when set.

        Returns:
            Whether a file came or went, or one that changed has now been still for a whole look.
        """
        files: dict[str, _State] = {}
        listed: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]] = {}
        for path in self._walk(listed):
            if over is not None and over.is_set():
                return False
            if (state := _state(path)) is not None:
                files[path] = state
        before = self._files
        moving = {path for path, state in files.items() if path in before and before[path] != state}
        changed = before.keys() != files.keys() or bool(self._moving - moving)
        self._listed, self._files, self._moving = listed, files, moving
        return changed

    def _walk(self, listed: dict[str, tuple[int, tuple[str, ...], tuple[str, ...]]]) -> Iterator[str]:
        waiting, seen = list(reversed(self._roots)), set()
        recent = time.time_ns() - int(_RECENT * 1e9)
        while waiting:
            folder = waiting.pop()
            try:
                state = os.stat(folder)
            except (OSError, ValueError):
                continue
            if (mark := (state.st_dev, state.st_ino)) in seen:
                continue
            seen.add(mark)
            kept = self._listed.get(folder)
            if kept is None or kept[0] != state.st_mtime_ns or state.st_mtime_ns > recent:
                kept = (state.st_mtime_ns, *_list(folder))
            listed[folder] = kept
            yield from kept[1]
            waiting.extend(reversed(kept[2]))


class Watch:
    """Calls back, in a thread of its own, when a model came, went or changed.

    Args:
        roots: gives the folders to look at; asked in the thread.
        changed: called without arguments, at most once for each look.
        interval: seconds between two looks; None for `INTERVAL`.
    """

    def __init__(
        self, roots: Callable[[], Sequence[Path]], changed: Callable[[], None], interval: float | None = None
    ) -> None:
        self._roots = roots
        self._changed = changed
        self._interval = INTERVAL if interval is None else interval
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, within a second. No call begins after this, and none is under way unless this is called from it."""
        self._over.set()
        if self._thread is not threading.current_thread():
            self._thread.join(1.0)

    def _run(self) -> None:
        folders = Folders(self._roots())
        folders.look(self._over)
        took = 0.0
        while not self._over.wait(max(self._interval, _SHARE * took)):
            begin = time.thread_time()
            changed = folders.look(self._over)
            took = time.thread_time() - begin
            if changed and not self._over.is_set():
                try:
                    self._changed()
                except Exception:
                    _log.exception("the models changed, and telling so failed")


def _list(folder: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Files and folders in a folder that may matter."""
    files: list[str] = []
    folders: list[str] = []
    # Ollama's manifests have no ending; the blobs of the Hugging Face cache are reached by links to them.
    manifests = f"{os.sep}manifests" in folder
    cached = os.path.basename(folder).startswith("models--")
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "datasets--", "spaces--")):
                    continue
                if _is_folder(entry):
                    if not (cached and entry.name != "snapshots"):
                        folders.append(entry.path)
                elif manifests or entry.name.lower().endswith(".gguf"):
                    files.append(entry.path)
    except (OSError, ValueError):
        return (), ()
    return tuple(files), tuple(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _state(path: str) -> _State | None:
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        try:
            state = os.lstat(path)
        except (OSError, ValueError):
            return None
    return state.st_ino, state.st_size, state.st_mtime_ns
