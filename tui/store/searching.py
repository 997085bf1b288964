"""Finding messages by any words in them, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from tui.store.records import Conversation, Hit, Part
from tui.store.rows import CONVERSATION, conversation
from tui.store.words import ATTACHED, folded, query, terms

_BEFORE, _AFTER = 40, 120


def search(connection: sqlite3.Connection, words: str, limit: int) -> list[Hit]:
    """Titles and messages with all of `words` in them, titles first, each newest first; the last word may be a part."""
    expression = query(words)
    if not expression:
        return []
    wanted = terms(words)
    hits = [
        Hit(record, None, "system", record.created, snippet(record.title, wanted))
        for record in _titles(connection, expression, limit)
    ]
    rows = connection.execute(
        f"""SELECT m.id, m.role, m.created, m.text, {CONVERSATION} FROM message_words w
            CROSS JOIN message m ON m.id = w.rowid CROSS JOIN conversation c ON c.id = m.conversation
            WHERE message_words MATCH ? AND m.deleted IS NULL AND c.deleted IS NULL
            ORDER BY w.rowid DESC LIMIT ?""",
        (expression, limit - len(hits)),
    )
    for id_, role, created, text, *rest in rows.fetchall():
        parts = snippet(text, wanted)
        if not any(part.found for part in parts):
            parts = _attached_snippet(connection, id_, wanted) or parts
        hits.append(Hit(conversation(rest), id_, role, created, parts))
    return hits


def conversations_with(
    connection: sqlite3.Connection, words: str, archived: bool | None, limit: int | None, offset: int
) -> list[Conversation]:
    """Conversations with all of `words` in their title or in one message, the newest find first."""
    expression = query(words)
    if not expression:
        return []
    found: dict[int, Conversation] = {}
    for record in _found(connection, expression):
        if archived is None or record.archived == archived:
            found.setdefault(record.id, record)
        if limit is not None and len(found) >= offset + limit:
            break
    return list(found.values())[offset:]


def snippet(text: str, wanted: list[str]) -> tuple[Part, ...]:
    """The surroundings of the first place where one of `wanted` stands, the places marked.

    Args:
        text: a message.
        wanted: folded words.
    """
    plain, places = _folded_with_places(text)
    spots = _spots(plain, wanted)
    start = min((spot[0] for spot in spots), default=0)
    low = _word_start(plain, max(0, start - _BEFORE))
    high = min(len(plain), start + _AFTER)
    parts: list[Part] = [Part("…")] if low else []
    at = low
    for begin, end in spots:
        if begin < at or end > high:
            continue
        if begin > at:
            parts.append(Part(text[places[at] : places[begin]]))
        parts.append(Part(text[places[begin] : places[end]], found=True))
        at = end
    if high > at:
        parts.append(Part(text[places[at] : places[high]]))
    return (*parts, Part("…")) if high < len(plain) else tuple(parts)


def _attached_snippet(connection: sqlite3.Connection, message: int, wanted: list[str]) -> tuple[Part, ...]:
    """The surroundings in the first attachment that has one of `wanted`, after its name; nothing where none has."""
    for name, text in connection.execute(ATTACHED, (message,)):
        parts = snippet(text, wanted)
        named = snippet(name, wanted)
        if any(part.found for part in (*named, *parts)):
            return (*named, Part(": "), *parts)
    return ()


def _titles(connection: sqlite3.Connection, expression: str, limit: int) -> list[Conversation]:
    rows = connection.execute(
        f"""SELECT {CONVERSATION} FROM title_words w CROSS JOIN conversation c ON c.id = w.rowid
            WHERE title_words MATCH ? AND c.deleted IS NULL ORDER BY w.rowid DESC LIMIT ?""",
        (expression, limit),
    )
    return [conversation(row) for row in rows]


def _found(connection: sqlite3.Connection, expression: str) -> Iterator[Conversation]:
    yield from _titles(connection, expression, -1)
    seen: set[int] = set()
    for (number,) in connection.execute(
        """SELECT m.conversation FROM message_words w CROSS JOIN message m ON m.id = w.rowid
           WHERE message_words MATCH ? AND m.deleted IS NULL ORDER BY w.rowid DESC""",
        (expression,),
    ):
        if number not in seen:
            seen.add(number)
            rows = connection.execute(
                f"SELECT {CONVERSATION} FROM conversation c WHERE id = ? AND deleted IS NULL", (number,)
            )
            yield from map(conversation, rows)


def _spots(plain: str, wanted: list[str]) -> list[tuple[int, int]]:
    """Where each of `wanted` stands at the beginning of a word, in order, none over another."""
    spots: list[tuple[int, int]] = []
    for word in wanted:
        at = plain.find(word)
        first = True
        while at >= 0 and (first or len(spots) < 64):
            if not word[0].isascii() or at == 0 or not plain[at - 1].isalnum() or not plain[at - 1].isascii():
                spots.append((at, at + len(word)))
                first = False
            at = plain.find(word, at + len(word))
    spots.sort(key=lambda spot: (spot[0], -spot[1]))
    apart: list[tuple[int, int]] = []
    for spot in spots:
        if not apart or spot[0] >= apart[-1][1]:
            apart.append(spot)
    return apart


def _word_start(plain: str, at: int) -> int:
    space = plain.find(" ", at, at + 20) if at else -1
    return space + 1 if space >= 0 else at


def _folded_with_places(text: str) -> tuple[str, range | list[int]]:
    """The folded text, and for each place in it (its end included) the place in `text`."""
    plain = folded(text)
    if len(plain) == len(text):
        # Nearly always: one character became one.
        return plain, range(len(text) + 1)
    pieces: list[str] = []
    places: list[int] = []
    known: dict[str, str] = {}
    for at, character in enumerate(text):
        piece = known.get(character)
        if piece is None:
            piece = known[character] = folded(character)
        pieces.append(piece)
        places += [at] * len(piece)
    return "".join(pieces), [*places, len(text)]
