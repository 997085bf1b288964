"""The list of downloads on disk: it outlives the program, and several running programs share it."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.lock import locked
from tui.catalogue.hub.values import RemoteFile, Request, State
from tui.core.errors import LocalLLMError
from tui.settings.logs import PROGRAM
from tui.settings.paths import private_dir

_LOG = logging.getLogger(PROGRAM)

ACTIVE: tuple[State, ...] = ("queued", "downloading", "verifying")
_STATES: tuple[State, ...] = (*ACTIVE, "paused", "finished", "failed")
_VERSION = 1
_WAIT = 10.0
"""Seconds that another program may take to write the list: it may be stopped, but ours must end all the same."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One download as it is kept.

    Attributes:
        number: which one.
        request: what is downloaded.
        state: `queued` for everything under way: how far it is, the part files say.
        problem: one line; empty otherwise.
        path: the file to load, when it is finished.
        owner: the running program that works on it; empty for none.
        interrupted: it was stopped by the end of its program and not by the person.
    """

    number: int
    request: Request
    state: State = "queued"
    problem: str = ""
    path: Path | None = None
    owner: str = ""
    interrupted: bool = False


@dataclass(slots=True)
class Listing:
    """What the file says.

    Attributes:
        entries: by number.
        last: the highest number that was ever given.
    """

    entries: dict[int, Entry] = field(default_factory=dict)
    last: int = 0


class _DamagedError(Exception):
    """The file is not a list of downloads."""


class QueueFile:
    """The file with the list; written whole, so that a reader never sees half of it.

    Args:
        path: of the file. Beside it lies its lock file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._seen: tuple[int, int, int] | None = None

    def changed(self) -> bool:
        """Whether the file is another one than at the last look at it."""
        return self._stamp() != self._seen

    def read(self) -> Listing:
        """What it says; nothing where there is no file, or none that can be read. A damaged file is set aside."""
        self._seen = self._stamp()
        try:
            return self._load()
        except _DamagedError:
            with contextlib.suppress(OSError, LocalLLMError), self._alone():
                return self._load_or_set_aside()
        except OSError as error:
            _LOG.warning("the list of downloads cannot be read: %s", error)
        return Listing()

    @contextlib.contextmanager
    def change(self) -> Iterator[Listing]:
        """The list to be changed; it is written at the end, unless an exception leaves it.

        Raises:
            OSError: it cannot be read or written.
            HubError: its lock cannot be made, or is held too long.
        """
        with self._alone():
            listing = self._load_or_set_aside()
            yield listing
            _write(self.path, json.dumps(_encode(listing), indent=1))
            self._seen = self._stamp()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        private_dir(self.path.parent)
        with self._mutex, locked(self.path.with_suffix(".lock"), Cancel(), limit=_WAIT):
            yield

    def _load(self) -> Listing:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return Listing()
        except UnicodeDecodeError as error:
            raise _DamagedError(str(error)) from error
        try:
            return _decode(json.loads(text))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise _DamagedError(f"{type(error).__name__}: {error}") from error

    def _load_or_set_aside(self) -> Listing:
        try:
            return self._load()
        except _DamagedError as error:
            aside = self.path.with_name(f"{self.path.name}.damaged")
            _LOG.warning("the list of downloads is damaged (%s); it was set aside as %s", error, aside)
            os.replace(self.path, aside)
            return Listing()

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


def _write(path: Path, text: str) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _encode(listing: Listing) -> dict[str, Any]:
    return {"version": _VERSION, "last": listing.last, "downloads": [_entry(e) for e in listing.entries.values()]}


def _entry(entry: Entry) -> dict[str, Any]:
    request = entry.request
    files = [{"path": f.path, "size": f.size, "sha256": f.sha256, "oid": f.oid} for f in request.files]
    return {
        "number": entry.number,
        "repo_id": request.repo_id,
        "commit": request.commit,
        "revision": request.revision,
        "label": request.label,
        "folder": None if request.folder is None else str(request.folder),
        "files": files,
        "state": "queued" if entry.state in ACTIVE else entry.state,
        "problem": entry.problem,
        "path": None if entry.path is None else str(entry.path),
        "owner": entry.owner,
        "interrupted": entry.interrupted,
    }


def _decode(data: Any) -> Listing:
    if data["version"] != _VERSION:
        raise ValueError(f"it is of version {data['version']}")
    entries = [_decoded(item) for item in data["downloads"]]
    last = max([_whole(data["last"]), *(entry.number for entry in entries)])
    return Listing({entry.number: entry for entry in entries}, last)


def _decoded(item: Any) -> Entry:
    files = tuple(
        RemoteFile(_text(f["path"]), _whole(f["size"]), _text(f["sha256"]), _text(f["oid"])) for f in item["files"]
    )
    request = Request(
        _text(item["repo_id"]), _text(item["commit"]), _text(item["label"]), files, _path(item["folder"]),
        _text(item["revision"]),
    )  # fmt: skip
    if item["state"] not in _STATES or not files:
        raise ValueError("a download in it makes no sense")
    return Entry(
        _whole(item["number"]), request, item["state"], _text(item["problem"]), _path(item["path"]),
        _text(item["owner"]), item["interrupted"] is True,
    )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in it is none")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a number in it is none")
    return value


def _path(value: object) -> Path | None:
    return None if value is None else Path(_text(value))
