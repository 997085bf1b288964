"""Chats as rows of a list, and what a search found in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.app.rendering.model_columns import used_words
from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line, steady
from tui.app.status import model_name
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, Piece
from tui.core.text import printable
from tui.core.units import format_count

if TYPE_CHECKING:
    from tui.store.records import Conversation, Hit

_MARKS, _USED, _LENGTH, _MODEL, _WARMTH = 4, 11, 14, 28, 6
_ROOM_FOR_LENGTH, _ROOM_FOR_MODEL, _ROOM_FOR_WARMTH = 56, 90, 48
_SPEAKERS = {"user": "you", "system": "title"}


def title_words(chat: Conversation) -> str:
    """A title as it is shown; one that is missing is said to be."""
    return shown_line(chat.title) or "(no title)"


def warmth_words(chat: int, warm: frozenset[int] | None) -> str:
    """Whether a chat goes on at once (warm), or is read by the model first; empty while no model is loaded."""
    if warm is None:
        return ""
    return "warm" if chat in warm else "cold"


def chat_row(chat: Conversation, width: int, open_now: int | None, warm: frozenset[int] | None = None) -> Line:
    """Title, model, number of messages, whether it is warm, last use.

    Args:
        chat: the conversation.
        width: cells.
        open_now: number of the one that is open.
        warm: numbers of those whose computed state is kept; None while no model is loaded.
    """
    glyphs = current_glyphs()
    warmth = warmth_words(chat.id, warm).rjust(_WARMTH) if warm is not None and width >= _ROOM_FOR_WARMTH else ""
    length = _length_words(chat.length) if width >= _ROOM_FOR_LENGTH else ""
    model = shown_line(model_name(chat.model)) if chat.model and width >= _ROOM_FOR_MODEL else ""
    right = _USED + (_LENGTH if width >= _ROOM_FOR_LENGTH else 0) + (_MODEL if width >= _ROOM_FOR_MODEL else 0)
    room = max(4, width - _MARKS - right - len(warmth) - 1)
    pieces: list[Piece] = [
        (f"{glyphs.pointer} " if chat.id == open_now else "  ", "mark"),
        (f"{glyphs.favourite} " if chat.pinned else "  ", "mark"),
        (_left(title_words(chat), room), "name"),
    ]
    if width >= _ROOM_FOR_MODEL:
        pieces.append((" " + _left(model, _MODEL - 1), "fact"))
    if width >= _ROOM_FOR_LENGTH:
        pieces.append((length.rjust(_LENGTH), "fact"))
    if warmth:
        pieces.append((warmth, "fits" if chat.id in (warm or ()) else "fact"))
    return (*pieces, (used_words(chat.used).rjust(_USED), "fact"))


def hit_rows(hit: Hit, width: int, open_now: int | None) -> list[Line]:
    """Where the words were found, and in what surroundings."""
    chat, glyphs = hit.conversation, current_glyphs()
    said = _SPEAKERS.get(hit.role) or shown_line(model_name(chat.model)) or "model"
    facts = [said, *(["archived"] if chat.archived else []), used_words(hit.created)]
    fact = f" {glyphs.dot} ".join(facts)
    room = max(4, width - _MARKS - cell_len(fact) - 2)
    head: Line = (
        (f"{glyphs.pointer} " if chat.id == open_now else "  ", "mark"),
        (f"{glyphs.favourite} " if chat.pinned else "  ", "mark"),
        (_left(title_words(chat), room), "name"),
        (f"  {fact}", "fact"),
    )
    return [head, ((" " * _MARKS, ""), *_found(hit, width - _MARKS))]


def title_line(shown: int, query: str, archived: bool) -> Sequence[Piece]:
    """How many there are, of what."""
    what = "ARCHIVED CHATS" if archived else "CHATS"
    if query:
        count = "1 place" if shown == 1 else f"{format_count(shown)} places"
        return [("CHATS", "title"), (f"  {count}", "strong")]
    return [(what, "title"), (f"  {format_count(shown)}", "strong")]


def empty_lines(query: str, archived: bool) -> list[Line]:
    """What to do where there is nothing."""
    if query:
        words = shown_line(query.strip())
        return [((f"Nothing has all of: {words}", "value"),), (), (("Esc shows all chats.", "label"),)]
    if archived:
        return [(("No chat is archived.", "value"),), (), (("A", "key"), ("  shows the others", "value"))]
    return [
        (("There is no chat yet.", "strong"),),
        (),
        (("n", "key"), ("  begins one; whatever you say is kept from then on", "value")),
    ]


def _found(hit: Hit, width: int) -> list[Piece]:
    """The snippet in one line; what was found is in view, however narrow that is."""
    parts: list[tuple[str, bool]] = [(_one_line(part.text), part.found) for part in hit.parts]
    first = next((number for number, (_, found) in enumerate(parts) if found), 0)
    before = "".join(text for text, _ in parts[:first])
    least = width // 3
    if cell_len(before) > least:
        ellipsis = current_glyphs().ellipsis
        while before and cell_len(before) > least - 1:
            before = before[1:]
        parts = [(ellipsis + before, False), *parts[first:]]
    pieces: list[Piece] = []
    room = width
    for text, found in parts:
        shown = text if cell_len(text) <= room else cut(text, room)
        pieces.append((shown, "mark" if found else "fact"))
        room -= cell_len(shown)
        if room <= 0:
            break
    return pieces


def _one_line(text: str) -> str:
    """A piece of a line: the spaces at its ends stay."""
    return steady(printable(re.sub(r"\s+", " ", text)))


def _length_words(count: int) -> str:
    return "1 message" if count == 1 else f"{format_count(count)} messages"


def _left(text: str, cells: int) -> str:
    text = cut(text, cells)
    return text + " " * max(0, cells - cell_len(text))
