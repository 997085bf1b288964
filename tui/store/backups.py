"""Copies of the store: one before each migration, and a damaged one that is set aside."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from tui.settings.paths import private_dir

_KEEP = 3
_PARTIAL = ".partial"


def backups_dir(store: Path) -> Path:
    """Where the backups of a store lie: a folder beside it."""
    return store.parent / "backups"


def back_up(connection: sqlite3.Connection, store: Path, before: str) -> Path:
    """Copy the store as it is now, and forget all but the newest three copies.

    Args:
        connection: to the store.
        store: its file.
        before: name of the migration that comes next.

    Returns:
        The copy.

    Raises:
        OSError: it cannot be written.
        sqlite3.Error: likewise, or the store cannot be read.
    """
    folder = private_dir(backups_dir(store))
    _tidy(folder)
    target = folder / f"{store.stem}-{_now()}-before-{before}{store.suffix}"
    partial = target.with_suffix(f".{os.getpid()}{_PARTIAL}")
    os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    try:
        copy = sqlite3.connect(partial, isolation_level=None)
        try:
            connection.backup(copy)
            # Else it would need a log beside it to be opened.
            copy.execute("PRAGMA journal_mode = DELETE")
        finally:
            copy.close()
        _sync(partial)
        os.replace(partial, target)
        _sync(folder)
    finally:
        for left in folder.glob(f"{partial.name}*"):
            left.unlink(missing_ok=True)
    for old in sorted(folder.glob(f"{store.stem}-*-before-*{store.suffix}"), key=_age)[:-_KEEP]:
        old.unlink(missing_ok=True)
    return target


def restore(connection: sqlite3.Connection, store: Path) -> None:
    """Write a store again whose file was removed while it was open.

    Args:
        connection: to the file that has no name any more.
        store: its name.

    Raises:
        sqlite3.Error: it cannot be written.
    """
    try:
        private_dir(store.parent)
        os.close(os.open(store, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        failure = sqlite3.OperationalError(str(error))
        failure.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise failure from error
    # A log of the removed file would be taken for one of the new file.
    for ending in ("-wal", "-shm"):
        Path(f"{store}{ending}").unlink(missing_ok=True)
    connection.execute("VACUUM INTO ?", (str(store),))


def set_aside(store: Path) -> Path:
    """Give a damaged store and its log another name.

    Returns:
        The new name.

    Raises:
        OSError: it cannot be renamed.
    """
    aside = store.with_name(f"{store.stem}-damaged-{_now()}{store.suffix}")
    number = 1
    while aside.exists():
        number += 1
        aside = store.with_name(f"{store.stem}-damaged-{_now()}-{number}{store.suffix}")
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.replace(f"{store}{ending}", f"{aside}{ending}")
    os.replace(store, aside)
    return aside


def _tidy(folder: Path) -> None:
    """Remove what programs left that died over their copy."""
    import psutil  # only needed here, before a migration

    for left in folder.glob(f"*.*{_PARTIAL}*"):
        pid = left.name.partition(_PARTIAL)[0].rpartition(".")[2]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            left.unlink(missing_ok=True)


def _now() -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())


def _age(file: Path) -> tuple[float, str]:
    return file.stat().st_mtime, file.name


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
