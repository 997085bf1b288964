"""SQLite's errors: which of them mean what, and their reason in words."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_READONLY: "it is read-only",
    sqlite3.SQLITE_PERM: "permission denied",
    sqlite3.SQLITE_AUTH: "permission denied",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written",
    sqlite3.SQLITE_NOLFS: "it is larger than the file system allows",
}
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def leaves_disk(error: sqlite3.Error) -> bool:
    """Whether the disk is the reason, so that it would work in memory."""
    return _code(error) in _WORDS


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file's content is not what SQLite wrote."""
    return _code(error) in _DAMAGE


def reason(error: Exception) -> str:
    """Why, in a few words."""
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return _WORDS.get(_code(error), str(error)) if isinstance(error, sqlite3.Error) else str(error)


def reason_at(path: Path, error: Exception) -> str:
    """Why a file cannot be used, in a few words; where SQLite knows little, the disk is asked."""
    if isinstance(error, sqlite3.Error) and _code(error) in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR):
        with contextlib.suppress(OSError):
            disk = os.statvfs(path.parent)
            if disk.f_flag & os.ST_RDONLY:
                return "the disk is read-only"
            if not disk.f_bavail:
                return "the disk is full"
    return reason(error)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF
