"""One writer for each file, also among programs: the lock is the one that huggingface_hub takes for the same blob."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.space import disk_error
from tui.core.errors import HubError

_LOOK_AGAIN = 0.1
"""Seconds between two tries."""

_MODE = 0o664
"""Of lock files, as huggingface_hub makes them: users who share a cache can wait for each other."""


@contextlib.contextmanager
def locked(
    path: Path, cancel: Cancel, waiting: Callable[[], None] = lambda: None, *, limit: float | None = None
) -> Iterator[None]:
    """Holds the lock file at `path`; waits while another program or thread does.

    The system takes the lock back from a process that dies.

    Args:
        path: the lock file; its folder is made.
        cancel: ends the waiting.
        waiting: called once, if there is something to wait for.
        limit: seconds to wait at most; None without a limit.

    Raises:
        CancelledError: it was cancelled while it waited.
        HubError: the lock file cannot be made (`disk`), or the time is over (`busy`).
    """
    lock = _Lock(path)
    if not lock.take():
        waiting()
        end = None if limit is None else time.monotonic() + limit
        while not lock.take():
            if end is not None and time.monotonic() > end:
                raise HubError(f"another program holds {path}", hint="end it, or wait for it", kind="busy")
            cancel.wait(_LOOK_AGAIN)
            cancel.check()
    try:
        yield
    finally:
        lock.leave()


@contextlib.contextmanager
def locked_if_free(path: Path) -> Iterator[bool]:
    """Holds the lock file at `path` if nobody does; says whether."""
    lock = _Lock(path)
    taken = lock.take()
    try:
        yield taken
    finally:
        if taken:
            lock.leave()


class _Lock:
    def __init__(self, path: Path) -> None:
        from filelock import FileLock  # 60 ms to import, in a thread that downloads

        self._folder = path.parent
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(error, self._folder) from error
        self._lock = FileLock(path, mode=_MODE, blocking=False, thread_local=False)

    def take(self) -> bool:
        from filelock import Timeout

        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            return False
        except OSError as error:
            raise disk_error(error, self._folder) from error
        return True

    def leave(self) -> None:
        with contextlib.suppress(OSError):
            self._lock.release()
