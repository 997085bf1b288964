"""The tree of a conversation's messages: reading paths and siblings, and choosing a branch."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tui.store.database import Change
from tui.store.records import Attachment, MessageRecord, Twig
from tui.store.rows import MESSAGE, MESSAGE_JOINS, STRETCH, Row, message, stretch

_ABOVE = """
    WITH RECURSIVE above (id, parent, depth) AS (
        SELECT id, parent, 0 FROM message WHERE id = ?
        UNION ALL SELECT m.id, m.parent, a.depth + 1 FROM above a JOIN message m ON m.id = a.parent
    )
"""
_BELOW = """
    WITH RECURSIVE below (id) AS (
        VALUES (?) UNION ALL SELECT m.id FROM below b JOIN message m ON m.parent = b.id
    )
"""


def path_to(connection: sqlite3.Connection, leaf: int) -> list[MessageRecord]:
    """All messages from the first one to `leaf`; none where there is no such message."""
    rows = connection.execute(
        f"{_ABOVE} SELECT {MESSAGE} FROM above a CROSS JOIN message m ON m.id = a.id {MESSAGE_JOINS}"
        " ORDER BY a.depth DESC",
        (leaf,),
    ).fetchall()
    return _records(connection, rows)


def select_messages(connection: sqlite3.Connection, where: str, values: Sequence[Any]) -> list[MessageRecord]:
    """Messages `m` of which `where` holds, oldest first."""
    rows = connection.execute(
        f"SELECT {MESSAGE} FROM message m {MESSAGE_JOINS} WHERE {where} ORDER BY m.id", values
    ).fetchall()
    return _records(connection, rows)


def twigs(connection: sqlite3.Connection, conversation: int) -> list[Twig]:
    """All messages of a conversation, oldest first, with no more than a picture of the tree needs."""
    rows = connection.execute(
        """SELECT m.id, m.parent, m.role, m.text, m.created, coalesce(o.name, ''), m.chosen, m.state
           FROM message m LEFT JOIN reply r ON r.message = m.id LEFT JOIN model o ON o.id = r.model
           WHERE m.conversation = ? AND m.deleted IS NULL ORDER BY m.id""",
        (conversation,),
    )
    return [
        Twig(id_, parent, role, text + (_grown(connection, id_) if state == "growing" else ""), *facts)
        for id_, parent, role, text, *facts, state in rows.fetchall()
    ]


def count_below(connection: sqlite3.Connection, top: int) -> int:
    """How many messages go when this one is deleted, itself included."""
    rows = connection.execute(
        f"{_BELOW} SELECT count(*) FROM message WHERE id IN (SELECT id FROM below) AND deleted IS NULL", (top,)
    )
    return int(rows.fetchone()[0])


def leaf_below(change: Change, start: int) -> int:
    """Where a person arrives who goes to `start` and on from there as last time, or by the newest message."""
    rows = change.read(
        """WITH RECURSIVE walk (id) AS (
               VALUES (?)
               UNION ALL
               SELECT coalesce(
                   (SELECT m.chosen FROM message m JOIN message c ON c.id = m.chosen
                    WHERE m.id = walk.id AND c.parent = m.id AND c.deleted IS NULL),
                   (SELECT max(id) FROM message WHERE parent = walk.id AND deleted IS NULL)
               ) FROM walk WHERE walk.id IS NOT NULL
           ) SELECT id FROM walk WHERE id IS NOT NULL""",
        (start,),
    )
    return int(rows[-1][0])


def go_to(change: Change, conversation: int, leaf: int | None) -> None:
    """Make `leaf` the place where the person is, and the way there the one that is taken next time."""
    change.run("UPDATE conversation SET leaf = ? WHERE id = ?", leaf, conversation)
    if leaf is not None:
        change.run(
            f"""{_ABOVE} UPDATE message SET chosen = (SELECT id FROM above WHERE parent = message.id)
                WHERE id IN (SELECT parent FROM above)
                AND chosen IS NOT (SELECT id FROM above WHERE parent = message.id)""",
            leaf,
        )


def restore_above(change: Change, message_id: int) -> None:
    """Take a deleted message back with all before it, since something is said after it."""
    change.run(
        f"{_ABOVE} UPDATE message SET deleted = NULL WHERE id IN (SELECT id FROM above) AND deleted IS NOT NULL",
        message_id,
    )


def mark_deleted(change: Change, top: int, now: float) -> None:
    """Delete a message and all that follow it."""
    change.run(
        f"{_BELOW} UPDATE message SET deleted = ? WHERE id IN (SELECT id FROM below) AND deleted IS NULL", top, now
    )


def unmark_deleted(change: Change, top: int, then: float) -> None:
    """Take back what `mark_deleted` did at that moment."""
    change.run(
        f"{_BELOW} UPDATE message SET deleted = NULL WHERE id IN (SELECT id FROM below) AND deleted = ?", top, then
    )


def recount(change: Change, conversation: int) -> None:
    """Count the conversation's messages again."""
    change.run(
        """UPDATE conversation SET length =
           (SELECT count(*) FROM message WHERE conversation = ? AND deleted IS NULL) WHERE id = ?""",
        conversation,
        conversation,
    )


def _records(connection: sqlite3.Connection, rows: list[Row]) -> list[MessageRecord]:
    records = [message(row) for row in rows]
    if records:
        _attach(connection, records)
        _join_stretches(connection, records)
    for at, record in enumerate(records):
        if record.state == "growing":
            records[at] = replace(record, text=record.text + _grown(connection, record.id))
    return records


def _attach(connection: sqlite3.Connection, records: list[MessageRecord]) -> None:
    conversations = {record.conversation for record in records}
    places = {record.id: at for at, record in enumerate(records)}
    for conversation in conversations:
        for id_, name, text in connection.execute(
            """SELECT a.message, a.name, t.text FROM message m JOIN attachment a ON a.message = m.id
               JOIN shared_text t ON t.id = a.text WHERE m.conversation = ? ORDER BY a.message, a.number""",
            (conversation,),
        ):
            if id_ in places:
                record = records[places[id_]]
                records[places[id_]] = replace(record, attachments=(*record.attachments, Attachment(name, text)))


def _join_stretches(connection: sqlite3.Connection, records: list[MessageRecord]) -> None:
    places = {record.id: at for at, record in enumerate(records)}
    for conversation in {record.conversation for record in records}:
        rows = connection.execute(
            f"{STRETCH} JOIN message m ON m.id = s.message WHERE m.conversation = ? ORDER BY s.message, s.number",
            (conversation,),
        )
        for id_, *row in rows:
            record = records[places[id_]] if id_ in places else None
            if record is not None and record.reply is not None:
                stretches = (*record.reply.stretches, stretch(row))
                records[places[id_]] = replace(record, reply=replace(record.reply, stretches=stretches))


def _grown(connection: sqlite3.Connection, message_id: int) -> str:
    pieces = connection.execute("SELECT text FROM piece WHERE message = ? ORDER BY number", (message_id,))
    return "".join(text for (text,) in pieces)
