"""Stored messages as entries of the transcript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui.app.rendering.attachment_rows import stored_words
from tui.app.reply_words import notice_words, stats_words
from tui.app.status import model_name
from tui.app.widgets.entries import Entry, ReplyEntry, UserEntry
from tui.core.events import Finished, StopReason

if TYPE_CHECKING:
    from tui.store.records import Attachment, MessageRecord

TAIL_MESSAGES, TAIL_CHARACTERS = 30, 20_000
"""How much of a conversation is laid out at once: several screens of it. More comes as the person scrolls."""


def entry_of(
    record: MessageRecord, name: str = "", attachment_words: Callable[[Attachment], str] = stored_words
) -> Entry:
    """A message as it is shown.

    Args:
        record: the message; a growing one becomes an entry that grows.
        name: who replies; the name that is stored by default.
        attachment_words: how large an attachment is, in words.
    """
    branch = (record.position, record.siblings)
    if record.role == "user":
        attached = [(one.name, attachment_words(one)) for one in record.attachments]
        return UserEntry(record.text, branch, attached)
    stored = model_name(record.reply.facts.model.name) if record.reply else ""
    entry = ReplyEntry(name or stored or _unknown(record), branch)
    entry.append(record.text)
    if record.state != "growing":
        finish(entry, record)
    return entry


def _unknown(record: MessageRecord) -> str:
    """Who speaks where no model is known: the person wrote it, or another program did."""
    if record.role == "system":
        return "system"
    return "model, in your words" if record.edited is not None else "model"


def finish(entry: ReplyEntry, record: MessageRecord) -> None:
    """Say under a stored reply how long it took and why it ended."""
    reply = record.reply
    if reply is not None and not reply.continued:
        entry.thought.measure(reply.timings)
    if record.state == "interrupted":
        entry.finish("", "interrupted: ctrl+o goes on with it")
    elif reply is None or reply.stop_reason is None:
        entry.finish("")
    else:
        event = Finished(reply.stop_reason, "", reply.timings, 0, reply.stop)
        entry.finish(stats_words(event) if reply.timings.generated_tokens else "", ending_words(event, 0))


def ending_words(event: Finished, n_ctx: int) -> str:
    """Why a reply ended, and how it goes on; empty for the normal end. The arguments are those of `notice_words`."""
    words = notice_words(event, n_ctx)
    return f"{words}: ctrl+o goes on" if event.reason is StopReason.CANCELLED else words


def tail_start(records: Sequence[MessageRecord], end: int) -> int:
    """Where to begin so that the messages up to `end` are quickly laid out; at least one before it, if there is one."""
    start, characters = end, 0
    while start > 0 and end - start < TAIL_MESSAGES:
        characters += len(records[start - 1].text)
        if characters > TAIL_CHARACTERS and start < end:
            break
        start -= 1
    return start


def head_end(records: Sequence[MessageRecord], start: int) -> int:
    """Where to stop so that the messages from `start` on are quickly laid out; after one of them, if there is one."""
    end, characters = start, 0
    while end < len(records) and end - start < TAIL_MESSAGES:
        characters += len(records[end].text)
        if characters > TAIL_CHARACTERS and end > start:
            break
        end += 1
    return end
