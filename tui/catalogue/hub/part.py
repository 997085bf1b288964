"""The file that a download grows in, until its checksum is known to be right.

Its name ends in `.incomplete`, so that huggingface_hub counts it as an unfinished download and its `cache prune` may
remove it; it has a part of its own in it, so that huggingface_hub never writes to it and a restart finds it again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from tui.catalogue.hub.space import disk_error
from tui.catalogue.hub.values import RemoteFile
from tui.core.errors import HubError

Progress = Callable[[int], None]
"""Called with the number of bytes read so far."""

_PIECE = 1024 * 1024


class Digest(Protocol):
    """A checksum under way, as of `hashlib`."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Takes more bytes."""

    def hexdigest(self) -> str:
        """The checksum of all bytes so far."""

    def copy(self) -> Digest:
        """The same state, to go on separately."""


def part_name(file: RemoteFile) -> str:
    """The name of the file that `file` grows in."""
    return f"{file.oid}.localllm.incomplete"


def digest_of(file: RemoteFile) -> Digest:
    """A new checksum of the sort that the Hub tells of `file`: sha256, or git's of a small file."""
    if file.sha256 or len(file.oid) == 64:
        return hashlib.sha256()
    return hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False)


def checksum(file: RemoteFile) -> str:
    """What the checksum of `file` has to be."""
    return file.sha256 or file.oid


def same_content(path: Path, file: RemoteFile, check: Callable[[], None], progress: Progress) -> bool:
    """Whether `path` holds exactly what the Hub tells of `file`.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as stream:
        if os.fstat(stream.fileno()).st_size != file.size:
            return False
        digest = digest_of(file)
        _feed(stream.fileno(), digest, file.size, check, progress)
    return digest.hexdigest() == checksum(file)


class Part:
    """An open part file; its bytes so far, and their checksum. Use it as a context manager.

    Args:
        path: where it is or will be; its folder is made.
        file: what it becomes.

    Raises:
        HubError: it cannot be opened, or is no regular file.
    """

    def __init__(self, path: Path, file: RemoteFile) -> None:
        self.path = path
        self.file = file
        self.length = 0
        """Bytes in it whose checksum is known."""
        self._digest = digest_of(file)
        self._handle = self._open()

    def __enter__(self) -> Part:
        return self

    def __exit__(self, *exception: object) -> None:
        empty = os.fstat(self._handle).st_size == 0 < self.file.size
        os.close(self._handle)
        if empty:  # nothing came, such as where a token is missing
            with contextlib.suppress(OSError):
                self.path.unlink()

    @property
    def complete(self) -> bool:
        """Whether all bytes are there."""
        return self.length == self.file.size

    def take_up(self, check: Callable[[], None], progress: Progress) -> None:
        """Reads what an earlier run left, for the checksum. A part that is too long is begun anew.

        Args:
            check: called often; what it raises ends the reading.
            progress: told the bytes read so far.
        """
        held = os.fstat(self._handle).st_size
        if held > self.file.size:
            self.restart()
            return
        self._digest = digest_of(self.file)
        os.lseek(self._handle, 0, os.SEEK_SET)
        self.length = _feed(self._handle, self._digest, held, check, progress)

    def write(self, data: bytes) -> None:
        """Adds bytes at the end.

        Raises:
            HubError: of kind `space` when the disk is full; what was written stays, and counts.
        """
        view = memoryview(data)
        while view:
            try:
                written = os.write(self._handle, view)
            except OSError as error:
                raise disk_error(error, self.path.parent) from error
            self._digest.update(view[:written])
            self.length += written
            view = view[written:]

    def begins_like(self, other: Digest) -> bool:
        """Whether the bytes that went into `other` are the same as those here."""
        return self._digest.hexdigest() == other.hexdigest()

    def restart(self) -> None:
        """Gives up all bytes."""
        os.ftruncate(self._handle, 0)
        os.lseek(self._handle, 0, os.SEEK_SET)
        self.length = 0
        self._digest = digest_of(self.file)

    def verify(self) -> None:
        """Makes sure that the file is whole, and that it is on the disk.

        Raises:
            HubError: of kind `checksum`; the part is deleted then.
        """
        if self._digest.hexdigest() != checksum(self.file):
            self.path.unlink(missing_ok=True)
            raise HubError(
                f"{self.file.path} arrived damaged",
                why="its checksum is not the one that the Hub tells",
                hint="it was deleted; resume to fetch it again",
                kind="checksum",
            )
        try:
            os.fsync(self._handle)
        except OSError as error:
            raise disk_error(error, self.path.parent) from error

    def _open(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, flags, 0o666)
        except OSError as error:
            raise disk_error(error, self.path.parent) from error
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise HubError(f"{self.path} is in the way", why="it is no regular file", kind="refused")
        return handle


def held_bytes(path: Path, file: RemoteFile) -> int:
    """Bytes of `file` that the part file at `path` holds."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and found.st_size <= file.size:
            return found.st_size
    return 0


def _feed(handle: int, digest: Digest, size: int, check: Callable[[], None], progress: Progress) -> int:
    done = 0
    while done < size:
        check()
        data = os.read(handle, min(_PIECE, size - done))
        if not data:
            break
        digest.update(data)
        done += len(data)
        progress(done)
    return done
