"""SQLite databases of other programs, opened to be read only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from tui.store.formats.reading import FormatError

_MAX_VALUE = 64 * 1024 * 1024
"""Bytes of the longest text or row that is read."""
_MAGIC = b"SQLite format 3\x00"


def is_sqlite(path: Path) -> bool:
    """Whether a file begins as SQLite's do; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except (OSError, ValueError):
        return False


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that changes nothing, and to which the file's own schema can do nothing.

    Raises:
        FormatError: SQLite cannot read the file; also when that shows inside the `with` block.
    """
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True, timeout=5.0)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA query_only = ON")
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        connection.execute("BEGIN")  # one moment of it, though its own program may be writing
        yield connection
    except (sqlite3.Error, OSError) as error:
        raise FormatError(f"{path} cannot be read", why=str(error)) from None
    finally:
        if connection is not None:
            connection.close()


def columns(connection: sqlite3.Connection, table: str) -> frozenset[str]:
    """The columns of a table; none when there is no ordinary table of that name."""
    query = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND lower(name) = ?"
    found = connection.execute(query, (table,)).fetchone()
    # A view or a virtual table could compute without end.
    if found is None or not isinstance(found[0], str) or not found[0].upper().startswith("CREATE TABLE"):
        return frozenset()
    return frozenset(str(row[1]).lower() for row in connection.execute(f"PRAGMA table_info({table})"))


def select(table: str, wanted: tuple[str, ...], there: frozenset[str]) -> str:
    """A query of a table in the order of its rows, NULL in place of columns that this version has not.

    Args:
        table: its name.
        wanted: names of columns.
        there: the columns it has.
    """
    return f"SELECT {', '.join(name if name in there else 'NULL' for name in wanted)} FROM {table} ORDER BY rowid"
