"""Stores in memory: empty ones, and copies of what a file holds."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tui.store.migrations import MIGRATIONS, NewerStoreError, OtherFileError, index_all, migrate, taken

COPY_LIMIT = 256 * 1024 * 1024
"""Bytes of a file that is copied whole; of a larger one only the conversations used last are."""

NEWEST = 300
"""How many those are."""

_PATIENCE = 2.0

_ALL = ("migration", "model", "shared_text", "writer", "note")
_OF_MESSAGES = ("reply", "piece", "attachment", "stretch")


def connect(name: str, patience: float = _PATIENCE, *, uri: bool = False) -> sqlite3.Connection:
    """A connection as the store needs it.

    Args:
        name: a path, a URI, or `:memory:`.
        patience: seconds to wait for another program that writes.
        uri: whether it is a URI.
    """
    connection = sqlite3.connect(name, timeout=patience, isolation_level=None, check_same_thread=False, uri=uri)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA cache_size = -16000")
    # What was deleted for good is not to be read in the file any more.
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def blank() -> sqlite3.Connection:
    """An empty store in memory."""
    connection = connect(":memory:")
    migrate(connection)
    return connection


def copy_of(disk: sqlite3.Connection, path: Path, limit: int = COPY_LIMIT) -> sqlite3.Connection:
    """What `disk` holds, in memory.

    Args:
        disk: a connection that can read at least.
        path: its file.
        limit: bytes of a file that is copied whole.

    Returns:
        The copy; of a file above the limit the conversations used last, and nothing of one that cannot be read.
    """
    try:
        if path.stat().st_size > limit:
            return _newest(disk)
        connection = connect(":memory:")
        disk.backup(connection)
        migrate(connection)
        return connection
    except (sqlite3.Error, OSError, NewerStoreError, OtherFileError):
        return blank()


def readable_copy(path: Path) -> sqlite3.Connection:
    """What can be read of a file that cannot be written, in memory."""
    # Where not even the log's index can be made beside it, the file is read as if nobody ever changed it.
    for more in ("mode=ro", "mode=ro&immutable=1"):
        with contextlib.suppress(sqlite3.Error, NewerStoreError, OtherFileError):
            disk = connect(f"{path.absolute().as_uri()}?{more}", 0.2, uri=True)
            with contextlib.closing(disk):
                if taken(disk):
                    return copy_of(disk, path)
    return blank()


def _newest(disk: sqlite3.Connection) -> sqlite3.Connection:
    if len(taken(disk)) < len(MIGRATIONS):
        return blank()
    connection = blank()
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    newest = f"SELECT id FROM conversation ORDER BY used DESC LIMIT {NEWEST}"
    messages = f"SELECT id FROM message WHERE conversation IN ({newest})"
    for table in _ALL:
        _copy(disk, connection, table, "TRUE")
    _copy(disk, connection, "conversation", f"id IN ({newest})")
    _copy(disk, connection, "message", f"id IN ({messages})")
    for table in _OF_MESSAGES:
        _copy(disk, connection, table, f"message IN ({messages})")
    _copy(disk, connection, "draft_file", f"conversation IS NULL OR conversation IN ({newest})")
    index_all(connection)
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _copy(disk: sqlite3.Connection, connection: sqlite3.Connection, table: str, where: str) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    rows = disk.execute(f"SELECT {names} FROM {table} WHERE {where}")
    connection.executemany(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", rows)
