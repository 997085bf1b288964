"""What a killed program left on the disk, read without changing it, and held against what was promised."""

from __future__ import annotations

import re
import shutil
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from tui.store.backups import backups_dir
from tui.store.migrations import MIGRATIONS
from tui.store.store import Store

_MESSAGES = """SELECT id, role, text || coalesce((SELECT group_concat(p.text, '') FROM
               (SELECT text FROM piece WHERE message = m.id ORDER BY number) p), ''), deleted IS NOT NULL
               FROM message m ORDER BY id"""


def letters(text: str) -> str:
    """A text without spaces and line breaks, of which a screen shows others than there are."""
    return re.sub(r"\s+", "", text)


@dataclass(frozen=True)
class Left:
    """A store as it was found.

    Attributes:
        texts: of all messages, deleted ones too, by their numbers.
        prompts: what the person said.
        replies: all that was generated, without spaces.
        drafts: what was typed and not sent, in all chats, without spaces.
        deleted: numbers of deleted messages.
        last: role and state of the message at which the person is, of the chat used last; two empty words for none.
        here: draft of the chat that is shown at the next start.
    """

    texts: dict[int, str]
    prompts: frozenset[str]
    replies: str
    drafts: tuple[str, ...]
    deleted: frozenset[int]
    last: tuple[str, str]
    here: str


@dataclass
class Kept:
    """What may not be lost any more, over all kills.

    Attributes:
        prompts: what the screen showed as sent.
        texts: of each message, as it was found after an earlier kill.
    """

    prompts: set[str] = field(default_factory=set)
    texts: dict[int, str] = field(default_factory=dict)


def check_file(path: Path) -> None:
    """See that SQLite finds nothing wrong with a store; nothing is written to it."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()


def copied(path: Path, folder: Path) -> Path:
    """A copy of a store that no program has open, with the log that a killed one left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for file in path.parent.glob(f"{path.name}*"):
        if not file.name.endswith("-shm"):
            shutil.copy2(file, folder)
    return folder / path.name


def steps_taken(path: Path) -> int:
    """How many steps the schema of a store has taken; 0 where there is none."""
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM migration").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


def look(path: Path, folder: Path, kept: Kept) -> Left:
    """Check what is left, and that nothing is missing of what was there before.

    Args:
        path: the store; it stays as it is.
        folder: for a copy.
        kept: what has to be there; grows by what is.
    """
    check_file(copied(path, folder))
    # Opened as the program does it: an older one is brought up to date, and what grew is settled.
    copy = copied(path, folder)
    store = Store(copy)
    assert store.problems == ()
    assert not store.in_memory
    chat = store.last_conversation()
    shown = store.path_to(chat.leaf) if chat is not None else []
    new = store.note("draft of a new chat")
    store.close()
    check_file(copy)
    left = _read(copy, (shown[-1].role, shown[-1].state) if shown else ("", ""), new or (chat.draft if chat else ""))
    for number, text in kept.texts.items():
        assert left.texts.get(number, "").startswith(text), f"message {number} is gone, or a part of it"
    for prompt in kept.prompts:
        assert prompt in left.prompts, f"{prompt[:60]!r} was sent, and is not there"
    kept.texts = left.texts
    return left


def _read(path: Path, last: tuple[str, str], here: str) -> Left:
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(_MESSAGES).fetchall()
        drafts = [draft for (draft,) in connection.execute("SELECT draft FROM conversation WHERE draft != ''")]
        drafts += [draft for (draft,) in connection.execute("SELECT value FROM note WHERE name LIKE 'draft%'")]
    finally:
        connection.close()
    return Left(
        {number: text for number, _, text, _ in rows},
        frozenset(text for _, role, text, _ in rows if role == "user"),
        "|".join(letters(text) for _, role, text, _ in rows if role == "assistant"),
        tuple(letters(draft) for draft in drafts),
        frozenset(number for number, _, _, deleted in rows if deleted),
        last,
        here,
    )


def check_backup(path: Path, texts: dict[int, str]) -> None:
    """See that an older store that is on its way to a newer one was copied before, with everything in it."""
    backups = sorted(backups_dir(path).glob("*.db"))
    if steps_taken(path) > 1:
        assert backups, "the first step was taken without a backup"
    assert len(backups) <= 3
    for backup in backups:
        check_file(backup)
        assert 1 <= steps_taken(backup) < len(MIGRATIONS)
    if backups:
        newest = sqlite3.connect(f"{backups[-1].absolute().as_uri()}?mode=ro", uri=True)
        assert {number: text for number, _, text, _ in newest.execute(_MESSAGES)} == texts
        newest.close()
