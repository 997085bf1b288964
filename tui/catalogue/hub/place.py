"""What a place for downloaded files has to offer."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from pathlib import Path

from tui.catalogue.hub.part import held_bytes
from tui.catalogue.hub.values import RemoteFile
from tui.core.errors import HubError


class Place(ABC):
    """Where the files of one request grow, lock, and land."""

    @abstractmethod
    def folder(self) -> Path:
        """Where the bytes are written; for the free space."""

    @abstractmethod
    def part(self, file: RemoteFile) -> Path:
        """The file that `file` grows in."""

    @abstractmethod
    def lock(self, file: RemoteFile) -> Path:
        """The lock file of whoever writes it."""

    @abstractmethod
    def target(self, file: RemoteFile) -> Path:
        """Where it is found afterwards."""

    @abstractmethod
    def trusted(self, file: RemoteFile) -> bool:
        """Whether it is there and its content needs no look: only what was verified has this name."""

    @abstractmethod
    def occupied(self, file: RemoteFile) -> bool:
        """Whether something is there whose content is not known to be the same."""

    @abstractmethod
    def land(self, file: RemoteFile) -> Path:
        """Gives a verified part its name, atomically; also makes what leads to content that was there.

        Raises:
            HubError: it cannot, or something else has the name; nothing is overwritten.
        """

    @abstractmethod
    def prepare(self) -> None:
        """Makes the folders that the bytes are written in.

        Raises:
            HubError: it cannot.
        """

    @abstractmethod
    def finish(self) -> None:
        """Called when all files have landed.

        Raises:
            HubError: something could not be written.
        """

    @abstractmethod
    def tidy(self) -> None:
        """Removes the folders that `prepare` made, where nothing is in them."""

    def held(self, file: RemoteFile) -> int:
        """Bytes of `file` that are on the disk, landed or not."""
        if self.trusted(file):
            return file.size
        return held_bytes(self.part(file), file) or (file.size if size_of(self.target(file)) == file.size else 0)


def has_size(path: Path, file: RemoteFile) -> bool:
    """Whether a file of the right size is at `path`."""
    return path.is_file() and size_of(path) == file.size


def size_of(path: Path) -> int | None:
    """Bytes of the file that `path` leads to; None where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return None


def sync(folder: Path) -> None:
    """Makes sure that the names in `folder` are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def in_the_way(target: Path) -> HubError:
    """The error for a different file that has the name already."""
    return HubError(
        f"a different {target.name} is in {target.parent} already",
        why="it was left as it is",
        hint="move it away, or choose another folder with --download-dir",
        kind="exists",
    )
