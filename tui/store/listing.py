"""Conversations as rows of a list: reading, changing, and removing them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from tui.core.errors import StoreError
from tui.core.text import one_line, well_formed
from tui.store import tree
from tui.store.database import Change, Database
from tui.store.draft_files import write_draft_files
from tui.store.ids import Ids
from tui.store.records import Attachment, Conversation, MessageRecord, TitleSource
from tui.store.rows import CONVERSATION, conversation
from tui.store.writing import index_title, unindex, write_message, write_tokens

KEEP_DELETED_SECONDS = 7 * 24 * 3600.0
"""How long what was deleted can be brought back."""


def one(connection: sqlite3.Connection, id_: int) -> Conversation:
    """A conversation.

    Raises:
        StoreError: there is none with this number.
    """
    return _only(connection.execute(f"SELECT {CONVERSATION} FROM conversation c WHERE id = ?", (id_,)).fetchall())


def one_of(change: Change, id_: int) -> Conversation:
    """The same inside a transaction."""
    return _only(change.read(f"SELECT {CONVERSATION} FROM conversation c WHERE id = ?", (id_,)))


def page(connection: sqlite3.Connection, archived: bool | None, limit: int | None, offset: int) -> list[Conversation]:
    """A part of the list: pinned ones first, then by last use."""
    where = "" if archived is None else f"AND archived = {int(archived)}"
    rows = connection.execute(
        f"""SELECT {CONVERSATION} FROM conversation c WHERE deleted IS NULL {where}
            ORDER BY pinned DESC, used DESC, id DESC LIMIT ? OFFSET ?""",
        (-1 if limit is None else limit, offset),
    )
    return [conversation(row) for row in rows]


def last(connection: sqlite3.Connection) -> Conversation | None:
    """The one used last."""
    rows = connection.execute(
        f"""SELECT {CONVERSATION} FROM conversation c WHERE deleted IS NULL AND archived = 0
            ORDER BY used DESC, id DESC LIMIT 1"""
    )
    return next(map(conversation, rows), None)


def deleted(connection: sqlite3.Connection) -> list[Conversation]:
    """Deleted ones, the last one first."""
    rows = connection.execute(
        f"SELECT {CONVERSATION} FROM conversation c WHERE deleted IS NOT NULL ORDER BY deleted DESC"
    )
    return [conversation(row) for row in rows]


def write_conversation(change: Change, record: Conversation) -> None:
    """Store a new one as it is; its leaf may follow in the same transaction."""
    change.run(
        f"INSERT INTO conversation ({CONVERSATION.replace('c.', '')}) VALUES (?{', ?' * 12})",
        record.id,
        record.title,
        record.titled_by,
        record.created,
        record.used,
        record.leaf,
        record.model,
        record.length,
        int(record.pinned),
        int(record.archived),
        record.deleted,
        record.settings,
        record.draft,
    )
    index_title(change, record.id, "", record.title)


def set_title(change: Change, old: Conversation, title: str, by: TitleSource) -> None:
    """Another title."""
    change.run("UPDATE conversation SET title = ?, titled_by = ? WHERE id = ?", title, by, old.id)
    index_title(change, old.id, old.title, title)


def set_value(
    change: Change,
    old: Conversation,
    column: Literal["pinned", "archived", "deleted", "settings", "draft"],
    value: float | str | None,
) -> None:
    """Another value in one column."""
    change.run(f"UPDATE conversation SET {column} = ? WHERE id = ?", value, old.id)


def check_parent(change: Change, record: MessageRecord) -> None:
    """A message follows one of its own conversation.

    Raises:
        StoreError: it does not.
    """
    if not change.read("SELECT 1 FROM message WHERE id = ? AND conversation = ?", (record.parent, record.conversation)):
        raise StoreError("There is no such message in this conversation")


def note_message(change: Change, old: Conversation, record: MessageRecord, title: str) -> None:
    """What a new message means for its conversation: it is used now, one longer, and the person is there."""
    model = record.reply.facts.model.name if record.reply else old.model
    # Beside an edit there may be something typed before it, which is not sent with it.
    sent = record.role == "user" and record.edited is None
    draft = "" if sent else old.draft
    if sent:
        write_draft_files(change, old.id, ())
    change.run(
        "UPDATE conversation SET used = ?, model = ?, draft = ?, deleted = NULL WHERE id = ?",
        record.created,
        well_formed(model),
        draft,
        old.id,
    )
    tree.recount(change, old.id)
    tree.go_to(change, old.id, record.id)
    if title and not old.title:
        set_title(change, old, title, "prompt")


def delete_branch(change: Change, old: Conversation, top: int) -> None:
    """Delete a message with all that follows it; a person who was there goes to what is left beside or before it."""
    tree.mark_deleted(change, top, time.time())
    tree.recount(change, old.id)
    gone = old.leaf is not None and change.read(
        "SELECT 1 FROM message WHERE id = ? AND deleted IS NOT NULL", (old.leaf,)
    )
    if gone:
        tree.go_to(change, old.id, _left_beside(change, top))


def undo_delete_branch(change: Change, old: Conversation, top: int) -> None:
    """Bring the branch back, and go there."""
    rows = change.read("SELECT deleted FROM message WHERE id = ? AND deleted IS NOT NULL", (top,))
    if not rows:
        raise StoreError("This branch was not deleted")
    tree.restore_above(change, top)
    tree.unmark_deleted(change, top, rows[0][0])
    tree.recount(change, old.id)
    tree.go_to(change, old.id, tree.leaf_below(change, top))


def purge(database: Database, older_than: float = KEEP_DELETED_SECONDS) -> int:
    """Remove for good what was deleted that many seconds ago or more; how many conversations."""
    before = time.time() - older_than
    gone = database.read("SELECT id, title FROM conversation WHERE deleted <= ?", (before,))
    branches = database.read("SELECT id FROM message WHERE deleted <= ? LIMIT 1", (before,))
    if gone or branches:
        database.change(lambda change: _remove(change, gone, before))
    return len(gone)


def insert(
    change: Change,
    ids: Ids,
    record: Conversation,
    messages: Sequence[MessageRecord],
    tokens: Mapping[int, Sequence[int]],
) -> Conversation:
    """Store a conversation from elsewhere under numbers that are free."""
    _check_tree(messages)
    number = record.id if _all_free(change, ids, "conversation", [record.id]) else ids.next()
    numbers = _numbers(change, ids, sorted(message.id for message in messages))
    last_model = next((m.reply.facts.model.name for m in reversed(messages) if m.reply), record.model)
    title = one_line(well_formed(record.title))
    leaf = numbers.get(record.leaf) if record.leaf is not None else None
    made = replace(
        record,
        id=number,
        title=title,
        leaf=None,
        model=well_formed(last_model),
        length=len(messages),
        settings=well_formed(record.settings),
        draft=well_formed(record.draft),
    )
    write_conversation(change, made)
    for message in messages:
        _insert_message(change, message, number, numbers)
        if message.reply is not None and tokens.get(message.id):
            write_tokens(change, numbers[message.id], tokens[message.id])
    if leaf is not None:
        tree.go_to(change, number, leaf)
    return one_of(change, number)


def _insert_message(change: Change, message: MessageRecord, number: int, numbers: Mapping[int, int]) -> None:
    attachments = tuple(Attachment(well_formed(a.name), well_formed(a.text)) for a in message.attachments)
    write_message(
        change,
        replace(
            message,
            id=numbers[message.id],
            conversation=number,
            parent=None if message.parent is None else numbers[message.parent],
            edited=None if message.edited is None else numbers.get(message.edited),
            text=well_formed(message.text),
            state="interrupted" if message.state == "growing" else message.state,
            attachments=attachments,
        ),
    )


def _check_tree(messages: Sequence[MessageRecord]) -> None:
    """Every message follows another one of them or none, and not itself by a detour."""
    parents = {message.id: message.parent for message in messages}
    if len(parents) < len(messages):
        raise StoreError("Two messages have the same number")
    rooted: set[int | None] = {None}
    for start in parents:
        way: list[int] = []
        at: int | None = start
        while at is not None and at not in rooted:
            if at not in parents:
                raise StoreError("A message follows one that is not there")
            if len(way) > len(parents):
                raise StoreError("A message follows itself")
            way.append(at)
            at = parents[at]
        rooted.update(way)


def _numbers(change: Change, ids: Ids, wanted: Sequence[int]) -> dict[int, int]:
    """The same numbers where all are free, else new ones in the same order: age is told by them."""
    keep = _all_free(change, ids, "message", wanted)
    return {number: number if keep else ids.next() for number in wanted}


def _all_free(change: Change, ids: Ids, table: str, wanted: Sequence[int]) -> bool:
    limit = ids.next()
    return all(0 < number < limit for number in wanted) and not any(
        change.read(f"SELECT 1 FROM {table} WHERE id = ?", (number,)) for number in wanted
    )


def _left_beside(change: Change, top: int) -> int | None:
    """The newest other message after the same one, and on from there; else that one itself."""
    ((parent, id_),) = change.read("SELECT parent, conversation FROM message WHERE id = ?", (top,))
    ((other,),) = change.read(
        "SELECT max(id) FROM message WHERE conversation = ? AND parent IS ? AND deleted IS NULL", (id_, parent)
    )
    return parent if other is None else tree.leaf_below(change, other)


def _remove(change: Change, gone: Sequence[tuple[int, str]], before: float) -> None:
    for number, title in gone:
        for message, text in change.read(
            "SELECT id, text FROM message WHERE conversation = ? AND state != 'growing'", (number,)
        ):
            unindex(change, message, text)
        index_title(change, number, title, "")
        change.run("DELETE FROM conversation WHERE id = ?", number)
    for message, text in change.read(
        "SELECT id, text FROM message WHERE deleted <= ? AND state != 'growing'", (before,)
    ):
        unindex(change, message, text)
    change.run("DELETE FROM message WHERE deleted <= ?", before)
    change.run(
        "DELETE FROM shared_text WHERE id NOT IN (SELECT params FROM reply UNION SELECT system_prompt FROM reply"
        " UNION SELECT text FROM attachment UNION SELECT params FROM stretch UNION SELECT system_prompt FROM stretch)"
    )


def _only(rows: Sequence[Sequence[object]]) -> Conversation:
    if not rows:
        raise StoreError("There is no such conversation in the store")
    return conversation(rows[0])
