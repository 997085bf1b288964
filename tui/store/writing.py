"""Writing messages: prompts, replies that grow, and the index of their words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from tui.core.text import well_formed
from tui.store.database import Change
from tui.store.records import Attachment, MessageRecord, Reply, ReplyFacts, Stretch
from tui.store.rows import timings_text, tokens_blob
from tui.store.words import ATTACHED, searchable, segmented


def write_message(change: Change, record: MessageRecord) -> None:
    """Store a message as it is, its reply and attachments with it; its conversation and parent are there."""
    change.run(
        """INSERT INTO message (id, conversation, parent, role, created, state, edited, text)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        record.id,
        record.conversation,
        record.parent,
        record.role,
        record.created,
        record.state,
        record.edited,
        record.text,
    )
    if record.reply is not None:
        write_reply(change, record.id, record.reply)
    for number, attachment in enumerate(record.attachments):
        _write_attachment(change, record.id, number, attachment)
    if record.state != "growing":
        index(change, record.id, record.text)


def write_reply(change: Change, message: int, reply: Reply) -> None:
    """Store what is known of a reply."""
    change.run(
        f"""INSERT INTO reply (message, {_FACTS}, timings, stop_reason, stop, continued, begun)
           VALUES (?, {_FACTS_VALUES}, ?, ?, ?, ?, ?)""",
        message,
        *_facts(change, reply.facts),
        *_end(reply),
        reply.continued,
        reply.begun,
    )
    for number, stretch in enumerate(reply.stretches):
        write_stretch(change, message, number, stretch)


def write_stretch(change: Change, message: int, number: int, stretch: Stretch) -> None:
    """Store what a part of a reply was made with, after which the reply was continued."""
    change.run(
        f"""INSERT INTO stretch (message, number, {_FACTS}, timings, stop_reason, stop, tokens, characters)
           VALUES (?, ?, {_FACTS_VALUES}, ?, ?, ?, ?, ?)""",
        message,
        number,
        *_facts(change, stretch.facts),
        *_end(stretch),
        stretch.tokens,
        stretch.characters,
    )


def set_facts(change: Change, message: int, facts: ReplyFacts) -> None:
    """A reply goes on with these."""
    change.run(f"UPDATE reply SET ({_FACTS}) = ({_FACTS_VALUES}) WHERE message = ?", *_facts(change, facts), message)


_FACTS = "model, template_hash, params, system_prompt, seed, build"
_FACTS_VALUES = """(SELECT id FROM model WHERE name = ? AND size = ? AND header_hash = ?), ?,
    (SELECT id FROM shared_text WHERE digest = ?), (SELECT id FROM shared_text WHERE digest = ?), ?, ?"""


def _facts(change: Change, facts: ReplyFacts) -> tuple[object, ...]:
    """The values of `_FACTS_VALUES`; what they point to is stored."""
    params, system_prompt = _share(change, facts.params), _share(change, facts.system_prompt)
    model = (well_formed(facts.model.name), facts.model.size, facts.model.header_hash)
    change.run("INSERT OR IGNORE INTO model (name, size, header_hash) VALUES (?, ?, ?)", *model)
    return *model, facts.template_hash, params, system_prompt, facts.seed, facts.build


def _end(part: Reply | Stretch) -> tuple[str, str, str]:
    reason = part.stop_reason.value if part.stop_reason else ""
    return timings_text(part.timings), reason, well_formed(part.stop)


def begin_writing(change: Change, message: int, writer: int, process: tuple[int, float]) -> None:
    """Say which program lets the reply grow from now on."""
    change.run("INSERT OR IGNORE INTO writer (id, pid, started) VALUES (?, ?, ?)", writer, *process)
    change.run("UPDATE reply SET writer = ? WHERE message = ?", writer, message)
    change.run("UPDATE message SET state = 'growing' WHERE id = ?", message)


def add_piece(change: Change, message: int, text: str, tokens: Iterable[int]) -> None:
    """Keep what a reply grew by."""
    change.run(
        """INSERT INTO piece (message, number, text, tokens)
           VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM piece WHERE message = ?), ?, ?)""",
        message,
        message,
        well_formed(text),
        tokens_blob(tokens),
    )


def settle(change: Change, message: int, state: str) -> None:
    """Make one text of a reply's pieces; it grows no more."""
    rows = change.read(
        "SELECT m.text, r.tokens FROM message m JOIN reply r ON r.message = m.id WHERE m.id = ?", (message,)
    )
    if not rows:
        return
    text, tokens = rows[0]
    pieces = change.read("SELECT text, tokens FROM piece WHERE message = ? ORDER BY number", (message,))
    whole = text + "".join(piece for piece, _ in pieces)
    if pieces:
        change.run("UPDATE reply SET tokens = ? WHERE message = ?", tokens + b"".join(t for _, t in pieces), message)
        change.run("DELETE FROM piece WHERE message = ?", message)
    change.run("UPDATE message SET text = ?, state = ? WHERE id = ?", whole, state, message)
    change.run("UPDATE reply SET writer = NULL WHERE message = ?", message)
    index(change, message, whole)


def index(change: Change, message: int, text: str) -> None:
    """Let the message be found by its words, and by those of what was sent with it."""
    words = segmented(searchable(text, _attached(change, message)))
    if words:
        change.run("INSERT INTO message_words (rowid, words) VALUES (?, ?)", message, words)


def unindex(change: Change, message: int, text: str) -> None:
    """Take back what `index` did with this very text."""
    words = segmented(searchable(text, _attached(change, message)))
    if words:
        change.run("INSERT INTO message_words (message_words, rowid, words) VALUES ('delete', ?, ?)", message, words)


def index_title(change: Change, conversation: int, old: str, new: str) -> None:
    """Let a conversation be found by its new title instead of its old one."""
    if segmented(old):
        change.run(
            "INSERT INTO title_words (title_words, rowid, words) VALUES ('delete', ?, ?)", conversation, segmented(old)
        )
    if segmented(new):
        change.run("INSERT INTO title_words (rowid, words) VALUES (?, ?)", conversation, segmented(new))


def _attached(change: Change, message: int) -> list[tuple[str, str]]:
    return [(name, text) for name, text in change.read(ATTACHED, (message,))]


def _share(change: Change, text: str) -> bytes:
    """Store a text that many rows have, once; its digest."""
    text = well_formed(text)
    digest = hashlib.sha256(text.encode()).digest()[:16]
    change.run("INSERT OR IGNORE INTO shared_text (digest, text) VALUES (?, ?)", digest, text)
    return digest


def _write_attachment(change: Change, message: int, number: int, attachment: Attachment) -> None:
    digest = _share(change, attachment.text)
    change.run(
        """INSERT INTO attachment (message, number, name, text)
           VALUES (?, ?, ?, (SELECT id FROM shared_text WHERE digest = ?))""",
        message,
        number,
        well_formed(attachment.name),
        digest,
    )


def write_tokens(change: Change, message: int, tokens: Sequence[int]) -> None:
    """Store the tokens of a reply that is complete."""
    change.run("UPDATE reply SET tokens = ? WHERE message = ?", tokens_blob(tokens), message)
