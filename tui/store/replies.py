"""The life of a reply: it grows, it ends, or the program that wrote it dies."""

from __future__ import annotations

from collections.abc import Sequence

from tui.core.errors import StoreError
from tui.core.events import StopReason, Timings
from tui.store import writers
from tui.store.database import Change, Database
from tui.store.records import MessageRecord, ReplyFacts, Stretch
from tui.store.rows import TOKEN_BYTES, timings_text
from tui.store.writing import add_piece, begin_writing, set_facts, settle, unindex, write_stretch


def own(change: Change, reply: int, writer: int) -> None:
    """This program lets it grow."""
    begin_writing(change, reply, writer, writers.myself())


def grow(change: Change, reply: int, text: str, tokens: Sequence[int], writer: int) -> None:
    """Keep what came to it.

    Raises:
        StoreError: it does not grow.
    """
    rows = change.read(
        "SELECT m.state, r.writer FROM message m JOIN reply r ON r.message = m.id WHERE m.id = ?", (reply,)
    )
    if not rows or rows[0][0] == "done":
        raise StoreError("Only a reply that has not ended can grow")
    if rows[0] != ("growing", writer):
        # Another program took this one for dead, and settled what was there.
        _unsettle(change, reply)
        own(change, reply, writer)
    if text or tokens:
        add_piece(change, reply, text, tokens)


def finish(
    change: Change, reply: int, stop_reason: StopReason | None, timings: Timings, stop: str, seed: int | None
) -> None:
    """It grows no more."""
    settle(change, reply, "done" if stop_reason else "interrupted")
    change.run(
        "UPDATE reply SET stop_reason = ?, timings = ?, stop = ?, seed = coalesce(?, seed) WHERE message = ?",
        stop_reason.value if stop_reason else "",
        timings_text(timings),
        stop,
        seed,
        reply,
    )


def reopen(change: Change, record: MessageRecord, writer: int, facts: ReplyFacts | None) -> None:
    """It grows again, made with something else from now on; what it was made with until now is kept beside it."""
    reply = record.reply
    assert reply is not None
    _unsettle(change, record.id)
    own(change, record.id, writer)
    if len(reply.stretches) == reply.continued:  # else an older version continued it, and its parts are not known
        ((size,),) = change.read("SELECT length(tokens) FROM reply WHERE message = ?", (record.id,))
        count = size // TOKEN_BYTES - sum(stretch.tokens for stretch in reply.stretches)
        stretch = Stretch(reply.facts, count, len(record.text), reply.timings, reply.stop_reason, reply.stop)
        write_stretch(change, record.id, reply.continued, stretch)
    if facts is not None:
        set_facts(change, record.id, facts)
    change.run(
        "UPDATE reply SET stop_reason = '', stop = '', timings = '', continued = continued + 1 WHERE message = ?",
        record.id,
    )


def leave(change: Change, before: MessageRecord) -> None:
    """It was to grow again and did not: it is as it was before."""
    reply = before.reply
    assert reply is not None
    settle(change, before.id, before.state)
    set_facts(change, before.id, reply.facts)
    if len(reply.stretches) == reply.continued:
        change.run(
            """UPDATE reply SET tokens = substr(tokens, 1, ? * (SELECT sum(tokens) FROM stretch WHERE message = ?))
               WHERE message = ?""",
            TOKEN_BYTES,
            before.id,
            before.id,
        )
    change.run("DELETE FROM stretch WHERE message = ? AND number >= ?", before.id, len(reply.stretches))
    change.run(
        "UPDATE reply SET stop_reason = ?, timings = ?, stop = ?, continued = ? WHERE message = ?",
        reply.stop_reason.value if reply.stop_reason else "",
        timings_text(reply.timings),
        reply.stop,
        reply.continued,
        before.id,
    )


def interrupt_dead(database: Database, writer: int) -> int:
    """Settle the replies that dead programs left growing; how many."""
    growing = """SELECT m.id, w.id, w.pid, w.started FROM message m JOIN reply r ON r.message = m.id
                 LEFT JOIN writer w ON w.id = r.writer WHERE m.state = 'growing'"""
    left = [
        reply
        for reply, other, pid, started in database.read(growing)
        if other is None or (other != writer and not writers.alive(pid, started))
    ]
    if left:
        database.change(lambda change: _interrupt(change, left))
    return len(left)


def interrupt_own(database: Database, writer: int) -> None:
    """Settle the replies that this program still lets grow, since it ends."""
    rows = database.read("SELECT message FROM reply WHERE writer = ?", (writer,))
    if rows:
        database.change(lambda change: _interrupt(change, [reply for (reply,) in rows]))


def _interrupt(change: Change, left: Sequence[int]) -> None:
    for reply in left:
        # Two programs may find the same one.
        if change.read("SELECT 1 FROM message WHERE id = ? AND state = 'growing'", (reply,)):
            settle(change, reply, "interrupted")
    change.run("DELETE FROM writer WHERE id NOT IN (SELECT writer FROM reply WHERE writer IS NOT NULL)")


def _unsettle(change: Change, reply: int) -> None:
    ((text, state),) = change.read("SELECT text, state FROM message WHERE id = ?", (reply,))
    if state != "growing":
        unindex(change, reply, text)
