"""Whether a download fits on the disk, with the others that are under way."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from tui.core.errors import HubError
from tui.core.units import format_bytes

KEPT_FREE = 64 * 1024 * 1024
"""Bytes that a download never takes: settings, conversations and logs have to be written all the same."""

_FULL = (errno.ENOSPC, errno.EDQUOT)


def free_bytes(folder: Path) -> int:
    """Bytes that this user may still write where `folder` is, or will be made."""
    return shutil.disk_usage(_existing(folder)).free


def device_of(folder: Path) -> int:
    """Which file system `folder` is on, or will be made on."""
    return _existing(folder).stat().st_dev


def require(folder: Path, needed: int, promised: int = 0) -> None:
    """Makes sure that a download fits.

    Args:
        folder: where it goes; need not exist.
        needed: bytes that are still to come.
        promised: bytes that other downloads will still write to the same file system.

    Raises:
        HubError: of kind `space`.
    """
    free = free_bytes(folder)
    if needed <= 0 or needed + promised + KEPT_FREE <= free:
        return
    others = f", of which other downloads need {format_bytes(promised)}" if promised else ""
    raise HubError(
        "not enough space on the disk",
        why=f"{format_bytes(needed)} are to come and {format_bytes(free)} are free in {folder}{others}",
        hint="delete something, or choose another folder with --download-dir",
        kind="space",
    )


def disk_error(error: OSError, folder: Path) -> HubError:
    """What the system says about a file, in a person's words."""
    if error.errno in _FULL:
        return HubError(
            "the disk is full",
            why=f"{folder} takes no more",
            hint="delete something, then resume: what is here is kept",
            kind="space",
        )
    return HubError(f"cannot write in {folder}", why=(error.strerror or str(error)).lower(), kind="disk")


def _existing(folder: Path) -> Path:
    for candidate in (folder, *folder.parents):
        if os.path.isdir(candidate):
            return candidate
    return Path(folder.anchor or ".")
