"""Finding messages by any words in them, newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from tui.store.records import Conversation, Hit, Part
from tui.store.rows import CONVERSATION, conversation
from tui.store.words import ATTACHED, folded, query, signs, terms

_BEFORE, _AFTER = 40, 120


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is looked for, for SQL.

    Attributes:
        messages: tables, the condition for a message `m` in them, and its number, by which they are in order.
        titles: the same for a conversation `c`.
        values: of the conditions' parameters.
        terms: what a snippet marks.
    """

    messages: tuple[str, str, str]
    titles: tuple[str, str, str]
    values: tuple[str, ...]
    terms: list[str]

    @classmethod
    def of(cls, typed: str) -> _Wanted | None:
        """Words are looked up in the index; signs alone, such as emoji, are not in it: the texts are read for them."""
        if expression := query(typed):
            return cls(
                ("message_words w CROSS JOIN message m ON m.id = w.rowid", "message_words MATCH ?", "w.rowid"),
                ("title_words w CROSS JOIN conversation c ON c.id = w.rowid", "title_words MATCH ?", "w.rowid"),
                (expression,),
                terms(typed),
            )
        if not (wanted := signs(typed)):
            return None
        return cls(
            ("message m", " AND ".join([f"instr({_bare('m.text')}, ?)"] * len(wanted)), "m.id"),
            ("conversation c", " AND ".join([f"instr({_bare('c.title')}, ?)"] * len(wanted)), "c.id"),
            tuple(wanted),
            [*map(folded, typed.split()), *wanted],
        )


def _bare(column: str) -> str:
    """A column without what joins emoji and chooses their picture: fields lose that when one types into them."""
    return f"replace(replace({column}, char(0xFE0F), ''), char(0x200D), '')"


def search(connection: sqlite3.Connection, words: str, limit: int) -> list[Hit]:
    """Titles and messages with all of `words` in them, titles first, each newest first; the last word may be a part."""
    wanted = _Wanted.of(words)
    if wanted is None:
        return []
    hits = [
        Hit(record, None, "system", record.created, snippet(record.title, wanted.terms))
        for record in _titles(connection, wanted, limit)
    ]
    tables, condition, order = wanted.messages
    rows = connection.execute(
        f"""SELECT m.id, m.role, m.created, m.text, {CONVERSATION} FROM {tables}
            CROSS JOIN conversation c ON c.id = m.conversation
            WHERE {condition} AND m.deleted IS NULL AND c.deleted IS NULL
            ORDER BY {order} DESC LIMIT ?""",
        (*wanted.values, limit - len(hits)),
    )
    for id_, role, created, text, *rest in rows.fetchall():
        parts = snippet(text, wanted.terms)
        if not any(part.found for part in parts):
            parts = _attached_snippet(connection, id_, wanted.terms) or parts
        hits.append(Hit(conversation(rest), id_, role, created, parts))
    return hits


def conversations_with(
    connection: sqlite3.Connection, words: str, archived: bool | None, limit: int | None, offset: int
) -> list[Conversation]:
    """Conversations with all of `words` in their title or in one message, the newest find first."""
    wanted = _Wanted.of(words)
    if wanted is None:
        return []
    found: dict[int, Conversation] = {}
    for record in _found(connection, wanted):
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


def _titles(connection: sqlite3.Connection, wanted: _Wanted, limit: int) -> list[Conversation]:
    tables, condition, order = wanted.titles
    rows = connection.execute(
        f"""SELECT {CONVERSATION} FROM {tables}
            WHERE {condition} AND c.deleted IS NULL ORDER BY {order} DESC LIMIT ?""",
        (*wanted.values, limit),
    )
    return [conversation(row) for row in rows]


def _found(connection: sqlite3.Connection, wanted: _Wanted) -> Iterator[Conversation]:
    yield from _titles(connection, wanted, -1)
    seen: set[int] = set()
    tables, condition, order = wanted.messages
    for (number,) in connection.execute(
        f"SELECT m.conversation FROM {tables} WHERE {condition} AND m.deleted IS NULL ORDER BY {order} DESC",
        wanted.values,
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
            if (
                not (word[0].isascii() and word[0].isalnum())
                or at == 0
                or not plain[at - 1].isalnum()
                or not plain[at - 1].isascii()
            ):
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
