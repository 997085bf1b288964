"""A text in the hands of another program: a private file that outlives this program until its text came back."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from pathlib import Path

from tui.core.errors import LocalLLMError
from tui.core.text import well_formed
from tui.settings.paths import private_dir, state_dir

_MOST = 16 * 1024**2
"""Bytes of the longest text that is taken back."""


def editing_dir() -> Path:
    """Where the files lie, each in a folder of its own: editors write more of them beside the one they were given."""
    return state_dir() / "editing"


class EditedFile:
    """A text in a file that an editor may change. As long as this object is open, nobody else takes the file up.

    Args:
        folder: its own folder, locked by the descriptor.
        descriptor: of the folder; closed with the object.
    """

    def __init__(self, folder: Path, descriptor: int) -> None:
        self._folder = folder
        self._descriptor = descriptor
        self.path = folder / "prompt.md"

    @classmethod
    def begin(cls, text: str) -> EditedFile:
        """Put a text into a new file that only its owner can read.

        Raises:
            LocalLLMError: it cannot be written.
        """
        try:
            folder = private_dir(editing_dir()) / secrets.token_hex(8)
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise _refused(error) from None
        edited = _taken(folder)
        if edited is None:
            raise LocalLLMError("The text cannot be given to an editor", why=f"{folder} cannot be locked")
        edited.write(text)
        return edited

    def write(self, text: str) -> None:
        """Put another text into it, with the line break that editors want at the end.

        Raises:
            LocalLLMError: it cannot be written; what was in it stays.
        """
        self._put(f"{well_formed(text)}\n".encode() if text else b"")

    def add(self, text: str) -> None:
        """Put a text below the one that it has, which may be none in UTF-8, unless that one ends with it.

        Raises:
            FileNotFoundError: the file is gone.
            LocalLLMError: it cannot be written; what was in it stays.
        """
        try:
            old, new = self.path.read_bytes().removesuffix(b"\n"), well_formed(text).encode()
        except FileNotFoundError:
            raise
        except OSError as error:
            raise _refused(error) from None
        if not old.endswith(new):
            self._put(b"\n\n".join(filter(None, (old, new))) + b"\n")

    def _put(self, raw: bytes) -> None:
        new = self.path.with_name(f".new-{secrets.token_hex(4)}")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self.path)
        except OSError as error:
            raise _refused(error) from None

    def text(self) -> str:
        """What the file has now, without the line break at its end.

        Raises:
            LocalLLMError: it is gone, or no text.
        """
        try:
            with self.path.open("rb") as file:
                raw = file.read(_MOST + 1)
        except OSError as error:
            raise LocalLLMError("The text cannot be read back", why=error.strerror or str(error)) from None
        if len(raw) > _MOST:
            raise LocalLLMError("The text is too long to be a prompt", why="more than 16 MiB")
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise LocalLLMError("The text is not UTF-8") from None
        text = text.replace("\r\n", "\n")
        return text[:-1] if text.endswith("\n") else text

    def close(self) -> None:
        """Leave the file to be found again."""
        os.close(self._descriptor)

    def remove(self) -> None:
        """The text is elsewhere now: take the file away."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.close()


def left_behind() -> EditedFile | None:
    """The newest file whose text did not come back, since the program or the machine went down; None without one.

    Files without a word in them are taken away.
    """
    with contextlib.suppress(OSError):
        folders = sorted(editing_dir().iterdir(), key=lambda folder: folder.lstat().st_mtime, reverse=True)
        for folder in folders:
            edited = _taken(folder)
            if edited is None:
                continue
            if _worth_keeping(edited):
                return edited
            edited.remove()
    return None


def _worth_keeping(edited: EditedFile) -> bool:
    try:
        return bool(edited.text().strip())
    except LocalLLMError:
        return edited.path.exists()


def _taken(folder: Path) -> EditedFile | None:
    """The file in a folder, if no running program has it in hand."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return EditedFile(folder, descriptor)


def _refused(error: OSError) -> LocalLLMError:
    return LocalLLMError("The text cannot be given to an editor", why=f"{editing_dir()}: {error.strerror or error}")
