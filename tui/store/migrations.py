"""The store's schema, as named steps in order. A step that has been released is never changed: the next one changes it.

Each step runs in one transaction together with its name, so that a store is at one step or the next, whatever happens.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tui.store.words import ATTACHED, searchable, segmented

APPLICATION_ID = 0x6C6C6D74
"""SQLite's mark of whose file this is: `llmt`."""


@dataclass(frozen=True, slots=True)
class Migration:
    """A step.

    Attributes:
        name: kept in the store once the step is taken.
        apply: takes it, inside a transaction.
    """

    name: str
    apply: Callable[[sqlite3.Connection], None]


class NewerStoreError(Exception):
    """The store took steps that this program does not know."""


class OtherFileError(Exception):
    """The file is a database, and not a store of conversations."""


def taken(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the steps that a store took, in order; none for an empty file.

    Raises:
        OtherFileError: the file belongs to another program.
        NewerStoreError: a newer program wrote it.
    """
    # One look at all of it: another program may be making the store at this moment.
    own = not connection.in_transaction
    if own:
        connection.execute("BEGIN")
    try:
        return _taken(connection)
    finally:
        if own:
            connection.execute("ROLLBACK")


def _taken(connection: sqlite3.Connection) -> tuple[str, ...]:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if owner != APPLICATION_ID or "migration" not in tables:
        if tables or owner:
            raise OtherFileError
        return ()
    names = tuple(name for (name,) in connection.execute("SELECT name FROM migration ORDER BY number"))
    if names != tuple(step.name for step in MIGRATIONS[: len(names)]):
        raise NewerStoreError
    return names


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration] | None = None) -> None:
    """Take the steps that are missing, each in a transaction of its own. Another program may do the same meanwhile.

    Args:
        connection: to the store, outside of any transaction.
        steps: all steps; those of this program unless a test says otherwise.
    """
    for number, step in enumerate(MIGRATIONS if steps is None else steps):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if len(taken(connection)) <= number:
                step.apply(connection)
                connection.execute("INSERT INTO migration (number, name) VALUES (?, ?)", (number, step.name))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _run(connection: sqlite3.Connection, script: str) -> None:
    # `executescript` would commit what was begun.
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def _conversations(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    _run(connection, _CONVERSATIONS)


_CONVERSATIONS = """
CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE conversation (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    titled_by TEXT NOT NULL,
    created REAL NOT NULL,
    used REAL NOT NULL,
    leaf INTEGER REFERENCES message (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
    model TEXT NOT NULL DEFAULT '',
    length INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    archived INTEGER NOT NULL DEFAULT 0,
    deleted REAL,
    settings TEXT NOT NULL DEFAULT '',
    draft TEXT NOT NULL DEFAULT ''
);
CREATE INDEX conversation_in_list ON conversation (archived, pinned DESC, used DESC, id DESC) WHERE deleted IS NULL;
CREATE INDEX conversation_by_use ON conversation (used DESC, id DESC) WHERE deleted IS NULL;
CREATE INDEX conversation_deleted ON conversation (deleted) WHERE deleted IS NOT NULL;
CREATE INDEX conversation_by_leaf ON conversation (leaf);
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
    parent INTEGER REFERENCES message (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    role TEXT NOT NULL,
    created REAL NOT NULL,
    state TEXT NOT NULL,
    chosen INTEGER,
    edited INTEGER,
    deleted REAL,
    text TEXT NOT NULL
);
CREATE INDEX message_by_parent ON message (parent);
CREATE INDEX message_in_tree ON message (conversation, parent, id);
CREATE INDEX message_deleted ON message (deleted) WHERE deleted IS NOT NULL;
CREATE INDEX message_growing ON message (state) WHERE state = 'growing';
CREATE TABLE model (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    header_hash TEXT NOT NULL,
    UNIQUE (name, size, header_hash)
);
CREATE TABLE shared_text (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, text TEXT NOT NULL);
CREATE TABLE writer (id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, started REAL NOT NULL);
CREATE TABLE reply (
    message INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
    model INTEGER NOT NULL REFERENCES model (id),
    template_hash TEXT NOT NULL,
    params INTEGER NOT NULL REFERENCES shared_text (id),
    system_prompt INTEGER NOT NULL REFERENCES shared_text (id),
    seed INTEGER NOT NULL,
    build TEXT NOT NULL,
    timings TEXT NOT NULL DEFAULT '',
    stop_reason TEXT NOT NULL DEFAULT '',
    stop TEXT NOT NULL DEFAULT '',
    continued INTEGER NOT NULL DEFAULT 0,
    writer INTEGER REFERENCES writer (id) ON DELETE SET NULL,
    tokens BLOB NOT NULL DEFAULT x''
);
CREATE INDEX reply_by_writer ON reply (writer) WHERE writer IS NOT NULL;
CREATE TABLE piece (
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    tokens BLOB NOT NULL,
    PRIMARY KEY (message, number)
) WITHOUT ROWID;
CREATE TABLE attachment (
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES shared_text (id),
    PRIMARY KEY (message, number)
) WITHOUT ROWID;
"""


def _search(connection: sqlite3.Connection) -> None:
    """Indexes of all words. They keep no text of their own, and see it cut into words by `tui.store.words`."""
    for table in ("message_words", "title_words"):
        connection.execute(
            f"CREATE VIRTUAL TABLE {table}"
            " USING fts5 (words, content='', columnsize=0, prefix='1 2 3', tokenize='ascii')"
        )
    index_all(connection)


def index_all(connection: sqlite3.Connection) -> None:
    """Fill the indexes of words, which are empty yet."""
    for number, title in connection.execute("SELECT id, title FROM conversation"):
        connection.execute("INSERT INTO title_words (rowid, words) VALUES (?, ?)", (number, segmented(title)))
    for number, text in connection.execute("SELECT id, text FROM message WHERE state != 'growing'"):
        words = segmented(searchable(text, connection.execute(ATTACHED, (number,))))
        connection.execute("INSERT INTO message_words (rowid, words) VALUES (?, ?)", (number, words))


def _notes(connection: sqlite3.Connection) -> None:
    """What the program remembers of no conversation in particular, such as what is typed for a new one."""
    connection.execute("CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID")


def _stretches(connection: sqlite3.Connection) -> None:
    """What a reply was made with before it was continued, and how much of it was given and not generated."""
    _run(connection, _STRETCHES)


_STRETCHES = """
CREATE TABLE stretch (
    message INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    model INTEGER NOT NULL REFERENCES model (id),
    template_hash TEXT NOT NULL,
    params INTEGER NOT NULL REFERENCES shared_text (id),
    system_prompt INTEGER NOT NULL REFERENCES shared_text (id),
    seed INTEGER NOT NULL,
    build TEXT NOT NULL,
    timings TEXT NOT NULL,
    stop_reason TEXT NOT NULL,
    stop TEXT NOT NULL,
    tokens INTEGER NOT NULL,
    characters INTEGER NOT NULL,
    PRIMARY KEY (message, number)
) WITHOUT ROWID;
ALTER TABLE reply ADD COLUMN begun INTEGER;
"""


def _draft_files(connection: sqlite3.Connection) -> None:
    """What was attached to a prompt that is not sent yet; without a conversation, that of a new one."""
    _run(connection, _DRAFT_FILES)


_DRAFT_FILES = """
CREATE TABLE draft_file (
    id INTEGER PRIMARY KEY,
    conversation INTEGER REFERENCES conversation (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    path TEXT NOT NULL,
    modified INTEGER NOT NULL
);
CREATE INDEX draft_file_by_conversation ON draft_file (conversation);
"""


MIGRATIONS = (
    Migration("conversations", _conversations),
    Migration("search", _search),
    Migration("notes", _notes),
    Migration("stretches", _stretches),
    Migration("draft_files", _draft_files),
)
"""All steps, oldest first."""
