"""Opening the store's file: made, brought up to date, or set aside; whatever it is, the program starts."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from tui.settings.paths import private_dir
from tui.store.backups import back_up, set_aside
from tui.store.copies import COPY_LIMIT, NEWEST, blank, connect, readable_copy
from tui.store.migrations import MIGRATIONS, NewerStoreError, OtherFileError, migrate, taken
from tui.store.reasons import is_damage, reason_at
from tui.store.salvage import salvage

_PATIENCE = 2.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the store is in memory.

    Attributes:
        line: for the person who writes.
        why: the reason alone, for who only reads.
        passing: whether it may end while the program runs.
    """

    line: str
    why: str
    passing: bool = True

    @classmethod
    def of(cls, path: Path, why: str, *, passing: bool = True) -> Trouble:
        """The line for a file that cannot be used."""
        if passing and path.is_file() and path.stat().st_size > COPY_LIMIT:
            why = f"{why}; of the chats there the {NEWEST} used last are shown"
        hope = ", and saved as soon as it can be" if passing else "; export what you want to keep"
        return cls(f"chats are not saved to {path}: {why}. What you write now is kept in memory{hope}", why, passing)


Opened = tuple[sqlite3.Connection, Trouble | None, tuple[str, ...]]
"""A connection, why it is one to memory, and what else the person should know."""


def open_store(path: Path, *, patience: float = _PATIENCE, damaged: bool = False) -> Opened:
    """A connection to the store at `path`, or to one in memory.

    Args:
        path: the file.
        patience: seconds to wait for another program that writes.
        damaged: whether the file is known to be damaged already.
    """
    try:
        if damaged:
            return _replaced(path, patience)
        try:
            return _on_disk(path, patience), None, ()
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return _replaced(path, patience)
    except NewerStoreError:
        line = "a newer version of this program wrote it, and it is left as it is"
        return blank(), Trouble.of(path, line, passing=False), ()
    except OtherFileError:
        line = "the file belongs to another program, and is left as it is"
        return blank(), Trouble.of(path, line, passing=False), ()
    except (sqlite3.Error, OSError) as error:
        return readable_copy(path), Trouble.of(path, reason_at(path, error)), ()


def _on_disk(path: Path, patience: float) -> sqlite3.Connection:
    private_dir(path.parent)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = connect(str(path), patience)
    try:
        steps = taken(connection)
        # One that is not written to the log first is no mode that a reader and a writer can share.
        connection.execute("PRAGMA journal_mode = WAL")
        _check_writable(connection)
        _check_size(connection, path)
        if len(steps) < len(MIGRATIONS):
            if steps:
                back_up(connection, path, MIGRATIONS[len(steps)].name)
            migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_writable(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute(f"PRAGMA user_version = {version}")
    finally:
        connection.execute("ROLLBACK")


def _check_size(connection: sqlite3.Connection, path: Path) -> None:
    """SQLite notices a file that was cut off only when it comes to the pages that are gone."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        return
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size < pages * size:
        connection.execute("PRAGMA quick_check(1)").fetchall()
        error = sqlite3.DatabaseError("the file was cut off")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _replaced(path: Path, patience: float) -> Opened:
    aside = set_aside(path)
    connection = _on_disk(path, patience)
    kept = salvage(aside, connection)
    what = f"; {kept} of its messages could be read and are here" if kept else ""
    return connection, None, (f"the file with the chats was damaged. It was set aside as {aside}{what}",)
