"""A file of exported conversations: there as a whole, or as it was before."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tui.core.errors import LocalLLMError


class ExportError(LocalLLMError):
    """The file cannot be written."""


def write_file(path: Path, pieces: Iterable[str]) -> None:
    """Write a file that only its owner may read, in place of one that is there.

    Args:
        path: where.
        pieces: its text.

    Raises:
        ExportError: it cannot be written; what was there is as it was.
    """
    try:
        if path.exists() and not path.is_file():
            # Such as /dev/stdout: nothing to put something in the place of.
            with path.open("w", encoding="utf-8", newline="\n") as device:
                device.writelines(pieces)
            return
        _replace(path.resolve(), pieces)
    except (OSError, ValueError) as error:
        why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "its name is not possible"
        raise ExportError(f"{path} cannot be written", why=why) from None


def _replace(path: Path, pieces: Iterable[str]) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:64]}.", dir=path.parent)
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise
