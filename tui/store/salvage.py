"""What can still be read of a damaged store, row by row, into a new one."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from tui.store.migrations import index_all

_TABLES = (
    "model",
    "shared_text",
    "conversation",
    "message",
    "reply",
    "piece",
    "attachment",
    "stretch",
    "note",
    "draft_file",
)
_OF_MESSAGES = ("reply", "piece", "attachment", "stretch")

_REPAIRS = (
    # Replies of which no program knows any more are no longer growing.
    "UPDATE reply SET writer = NULL",
    """INSERT INTO conversation (id, title, titled_by, created, used)
       SELECT conversation, 'Recovered', 'prompt', min(created), max(created) FROM message
       WHERE conversation NOT IN (SELECT id FROM conversation) GROUP BY conversation""",
    "UPDATE message SET parent = NULL WHERE parent NOT IN (SELECT id FROM message)",
    "UPDATE conversation SET leaf = NULL WHERE leaf NOT IN (SELECT id FROM message)",
    """UPDATE conversation SET leaf = (SELECT max(id) FROM message WHERE conversation = conversation.id)
       WHERE leaf IS NULL""",
    "UPDATE conversation SET length = (SELECT count(*) FROM message WHERE conversation = conversation.id)",
    "INSERT OR IGNORE INTO shared_text (digest, text) VALUES (x'', '')",
    "INSERT OR IGNORE INTO model (name, size, header_hash) VALUES ('unknown', 0, '')",
    """UPDATE reply SET params = (SELECT id FROM shared_text WHERE digest = x'')
       WHERE params NOT IN (SELECT id FROM shared_text)""",
    """UPDATE reply SET system_prompt = (SELECT id FROM shared_text WHERE digest = x'')
       WHERE system_prompt NOT IN (SELECT id FROM shared_text)""",
    """UPDATE reply SET model = (SELECT id FROM model WHERE name = 'unknown' AND size = 0)
       WHERE model NOT IN (SELECT id FROM model)""",
    "DELETE FROM attachment WHERE text NOT IN (SELECT id FROM shared_text)",
    """DELETE FROM stretch WHERE params NOT IN (SELECT id FROM shared_text)
       OR system_prompt NOT IN (SELECT id FROM shared_text) OR model NOT IN (SELECT id FROM model)""",
    *(f"DELETE FROM {table} WHERE message NOT IN (SELECT id FROM message)" for table in _OF_MESSAGES),
    # What was attached to a draft whose chat is gone is attached to the next new one.
    "UPDATE draft_file SET conversation = NULL WHERE conversation NOT IN (SELECT id FROM conversation)",
)


def salvage(damaged: Path, fresh: sqlite3.Connection) -> int:
    """Copy every row that can be read, and mend what hung on the others.

    Args:
        damaged: the file that was set aside; it is not changed.
        fresh: to an empty store.

    Returns:
        How many messages could be read; 0 when it is no database at all.
    """
    fresh.execute("PRAGMA foreign_keys = OFF")
    fresh.execute("BEGIN IMMEDIATE")
    try:
        with contextlib.closing(sqlite3.connect(f"{damaged.absolute().as_uri()}?mode=ro", uri=True)) as old:
            old.text_factory = lambda raw: raw.decode("utf-8", "replace")
            # With this SQLite also opens a file that is shorter than its first page says.
            old.execute("PRAGMA writable_schema = ON")
            for table in _TABLES:
                _copy(old, fresh, table)
        for repair in _REPAIRS:
            fresh.execute(repair)
        index_all(fresh)
        (kept,) = fresh.execute("SELECT count(*) FROM message").fetchone()
        fresh.execute("COMMIT")
        return int(kept)
    except sqlite3.Error:
        fresh.execute("ROLLBACK")
        return 0
    finally:
        fresh.execute("PRAGMA foreign_keys = ON")


def _copy(old: sqlite3.Connection, fresh: sqlite3.Connection, table: str) -> None:
    """From both ends: what lies between the damaged page and the end is found from there."""
    columns = [row[1] for row in fresh.execute(f"PRAGMA table_info({table})")]
    with contextlib.suppress(sqlite3.Error):
        known = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}
        columns = [column for column in columns if column in known]
    keys = ("message", "number") if {"message", "number"} <= set(columns) else ("rowid",)
    if table == "note":
        keys = ("name",)
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    for direction in ("ASC", "DESC"):
        order = ", ".join(f"{key} {direction}" for key in keys)
        try:
            for row in old.execute(f"SELECT {names} FROM {table} NOT INDEXED ORDER BY {order}"):
                with contextlib.suppress(sqlite3.IntegrityError):
                    fresh.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)
            return
        except sqlite3.Error:
            continue
