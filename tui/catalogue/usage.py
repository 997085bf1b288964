"""What the person marked as a favourite, and when each model was last used, on disk."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tui.settings.paths import private_dir

MOST = 5000
"""Models remembered; of those that are no favourites the ones used longest ago make room."""
_PATIENCE = 2.0
"""Seconds to wait for another process that is changing the file; a change takes some milliseconds."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of one model.

    Attributes:
        size: bytes of its first file when it was last seen, 0 when unknown; with the file's name this finds a model
            again that was moved.
        favourite: whether the person marked it.
        used: when it was last loaded, in seconds since 1970; None when it never was.
    """

    size: int = 0
    favourite: bool = False
    used: float | None = None


class Usage:
    """Favourites and times of use, by the path of the first file.

    Several processes may change the file: each change is made to what is on disk, under a lock. Any thread may call.
    A model that was moved or whose folder was renamed keeps its record as long as the file's name and size are the
    same and nothing is left at its old place.

    Args:
        path: the JSON file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._records: dict[str, Record] = {}
        self._names: set[str] = set()
        self._moved: dict[tuple[str, int], list[str]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take in what other processes wrote; a file that is not there or cannot be read says nothing."""
        with contextlib.suppress(OSError):
            records = _read(self._path)
            with self._guard:
                self._take(records)

    def record(self, path: Path) -> Record:
        """What is known of the model at `path`; from memory, but for models that were moved."""
        with self._guard:
            key = self._key(path)
            return self._records.get(key, Record())

    def toggle_favourite(self, path: Path) -> bool:
        """Mark a model, or unmark it.

        Returns:
            Whether it is a favourite now.

        Raises:
            OSError: it cannot be kept on disk.
        """
        return self._change(path, lambda record: replace(record, favourite=not record.favourite)).favourite

    def used(self, path: Path, when: float | None = None) -> None:
        """Note that a model is used now.

        Raises:
            OSError: it cannot be kept on disk.
        """
        moment = time.time() if when is None else when
        self._change(path, lambda record: replace(record, used=max(moment, record.used or 0.0)))

    def _change(self, path: Path, change: Callable[[Record], Record]) -> Record:
        with self._guard, _locked(self._path):
            self._take(_read(self._path, set_aside=True))
            old_key, key = self._key(path), os.path.abspath(path)
            old = self._records.pop(old_key, Record())
            record = replace(change(old), size=_size(path) or old.size)
            if record.favourite or record.used is not None:
                self._records[key] = record
            self._take(_bounded(self._records))
            _write(self._path, self._records)
            return record

    def _take(self, records: dict[str, Record]) -> None:
        self._records = records
        self._names = {os.path.basename(key) for key in records}
        self._moved = {}
        for key, record in records.items():
            if record.size:
                self._moved.setdefault((os.path.basename(key), record.size), []).append(key)

    def _key(self, path: Path) -> str:
        key = os.path.abspath(path)
        name = os.path.basename(key)
        if key in self._records or name not in self._names:
            return key
        candidates = self._moved.get((name, _size(path)), [])
        gone = [old for old in candidates if not os.path.lexists(old)]
        return gone[0] if len(gone) == 1 else key


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    # A file of its own: the JSON file is replaced at each change, and a lock on it would go with it.
    handle = os.open(private_dir(path.parent) / f".{path.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    """Wait for others, but not for one that hangs."""
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.005)


def _read(path: Path, *, set_aside: bool = False) -> dict[str, Record]:
    try:
        content = json.loads(path.read_bytes())
        return {str(key): _record(value) for key, value in content["models"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        if set_aside:
            os.replace(path, path.with_name(f"{path.name}.damaged"))
        return {}


def _record(value: dict[str, object]) -> Record:
    size, used = value.get("size"), value.get("used")
    return Record(
        size=size if isinstance(size, int) else 0,
        favourite=value.get("favourite") is True,
        used=float(used) if isinstance(used, (int, float)) else None,
    )


def _bounded(records: dict[str, Record]) -> dict[str, Record]:
    if len(records) <= MOST:
        return records
    kept = sorted(records, key=lambda key: (records[key].favourite, records[key].used or 0.0), reverse=True)[:MOST]
    return {key: records[key] for key in kept}


def _write(path: Path, records: dict[str, Record]) -> None:
    text = json.dumps({"version": 1, "models": {key: asdict(record) for key, record in records.items()}}, indent=1)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("ascii"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except (OSError, ValueError):
        return 0
