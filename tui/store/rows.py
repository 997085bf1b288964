"""Rows of the store as records."""

from __future__ import annotations

import dataclasses
import json
import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Any

from tui.core.events import StopReason, Timings
from tui.store.records import Conversation, MessageRecord, ModelIdentity, Reply, ReplyFacts, Stretch

Row = tuple[Any, ...]

CONVERSATION = (
    "c.id, c.title, c.titled_by, c.created, c.used, c.leaf, c.model, c.length, c.pinned, c.archived, c.deleted,"
    " c.settings, c.draft"
)
"""Columns of `conversation c`, as `conversation` takes them."""

MESSAGE = """
    m.id, m.conversation, m.parent, m.role, m.text, m.created, m.state, m.edited,
    (SELECT count(*) FROM message o WHERE o.conversation = m.conversation AND o.parent IS m.parent AND o.deleted IS NULL
        AND o.id <= m.id),
    (SELECT count(*) FROM message o WHERE o.conversation = m.conversation AND o.parent IS m.parent
        AND o.deleted IS NULL),
    r.message IS NOT NULL, mo.name, mo.size, mo.header_hash, r.template_hash, p.text, r.seed, s.text, r.build,
    r.timings, r.stop_reason, r.stop, r.continued, r.begun
"""
"""Columns of `MESSAGE_JOINS`, as `message` takes them."""

MESSAGE_JOINS = """
    LEFT JOIN reply r ON r.message = m.id
    LEFT JOIN model mo ON mo.id = r.model
    LEFT JOIN shared_text p ON p.id = r.params
    LEFT JOIN shared_text s ON s.id = r.system_prompt
"""
"""What follows `message m`."""

STRETCH = """
    SELECT s.message, s.tokens, s.characters, mo.name, mo.size, mo.header_hash, s.template_hash, p.text, s.seed, t.text,
        s.build, s.timings, s.stop_reason, s.stop
    FROM stretch s JOIN model mo ON mo.id = s.model JOIN shared_text p ON p.id = s.params
    JOIN shared_text t ON t.id = s.system_prompt
"""
"""A query that `stretch` takes the rows of, all but their first column."""

TOKEN_BYTES = 4
"""Bytes of a token as it is stored."""

_TIMINGS = {field.name for field in dataclasses.fields(Timings)}
_REASONS = {reason.value: reason for reason in StopReason}


def conversation(row: Sequence[Any]) -> Conversation:
    """The record of a row of `CONVERSATION`."""
    id_, title, titled_by, created, used, leaf, model, length, pinned, archived, deleted, settings, draft = row
    return Conversation(
        id_, title, titled_by, created, used, leaf, model, length, pinned == 1, archived == 1, deleted, settings, draft
    )


def message(row: Sequence[Any]) -> MessageRecord:
    """The record of a row of `MESSAGE`, still without its attachments."""
    id_, conversation_, parent, role, text, created, state, edited, position, siblings, is_reply, *rest = row
    reply = _reply(rest) if is_reply else None
    return MessageRecord(
        id_, conversation_, parent, role, text, created, state, reply, (), edited, max(1, position), max(1, siblings)
    )


def _reply(row: Sequence[Any]) -> Reply:
    *facts, timings, stop_reason, stop, times, begun = row
    return Reply(_facts(facts), timings_of(timings), _REASONS.get(stop_reason), stop, times, begun=begun)


def stretch(row: Sequence[Any]) -> Stretch:
    """The record of a row of `STRETCH`."""
    tokens, characters, *facts, timings, stop_reason, stop = row
    return Stretch(_facts(facts), tokens, characters, timings_of(timings), _REASONS.get(stop_reason), stop)


def _facts(row: Sequence[Any]) -> ReplyFacts:
    name, size, header_hash, template_hash, params, seed, system_prompt, build = row
    return ReplyFacts(ModelIdentity(name, size, header_hash), template_hash, params, seed, system_prompt, build)


def timings_text(timings: Timings) -> str:
    """Timings as they are stored: JSON, so that a later version may know more of them."""
    return "" if timings == Timings() else json.dumps(dataclasses.asdict(timings))


def timings_of(text: str) -> Timings:
    """The timings that `timings_text` wrote; what this version does not know of them is left out."""
    if not text:
        return Timings()
    return Timings(**{key: value for key, value in json.loads(text).items() if key in _TIMINGS})


def tokens_blob(tokens: Iterable[int]) -> bytes:
    """Token numbers as they are stored: 32 bits each, the lowest byte first."""
    numbers = array("I", tokens)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def tokens_of(blob: bytes) -> tuple[int, ...]:
    """The numbers that `tokens_blob` wrote."""
    numbers = array("I")
    numbers.frombytes(blob)
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)
