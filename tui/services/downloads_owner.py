"""Which running program works on a download: each holds a lock that the system takes back when it dies."""

from __future__ import annotations

import contextlib
import re
import uuid
from pathlib import Path

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.lock import locked, locked_if_free

_NAME = re.compile(r"[0-9a-f]{32}")


class Owner:
    """This program among those that share a list of downloads.

    Args:
        folder: where each of them keeps a lock file while it runs.

    Raises:
        HubError: the lock file cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = uuid.uuid4().hex
        self._held = contextlib.ExitStack()
        self._held.enter_context(locked(self._file(self.name), Cancel()))

    def close(self) -> None:
        """From now on this program works on nothing."""
        self._file(self.name).unlink(missing_ok=True)
        self._held.close()

    def _file(self, name: str) -> Path:
        return _file(self._folder, name)


def alive(folder: Path, name: str) -> bool:
    """Whether the program that called itself `name` still runs; what it left is removed otherwise."""
    file = _file(folder, name)
    if not _NAME.fullmatch(name) or not file.exists():
        return False
    with locked_if_free(file) as free:
        if free:
            file.unlink(missing_ok=True)
    return not free


def remove_dead(folder: Path) -> None:
    """Removes what programs that died left in `folder`."""
    for file in folder.glob("program-*.lock"):
        alive(folder, file.stem.removeprefix("program-"))


def _file(folder: Path, name: str) -> Path:
    return folder / f"program-{name}.lock"
