"""Markdown source to blocks: paragraphs, lists, code and so on, as values.

Model output is untrusted. HTML stays the text it is, and links and images are shown as they were written: a
terminal cannot open them safely, and a hidden address is one the reader cannot judge.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content, Span

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text. `level` 1 to 6 makes it a heading; 0 is plain. `tight`: no blank line around it."""

    content: Content
    level: int = 0
    tight: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """A block of code. `closed` is False while its end has not been seen, `fenced` where it is only indented."""

    text: str
    language: str = ""
    closed: bool = True
    fenced: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """A horizontal rule."""


@dataclass(frozen=True, slots=True)
class Quote:
    """Quoted blocks."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; `start` is the first number of an ordered one and None otherwise."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: rows of cells, the header first; `align` gives left, right or center for each column."""

    rows: tuple[tuple[Content, ...], ...]
    align: tuple[str, ...]


Block = Paragraph | Code | Rule | Quote | Listing | Table


@dataclass(frozen=True, slots=True)
class Parsed:
    """Blocks of the top level and the source line on which the last of them starts."""

    blocks: tuple[Block, ...]
    last_line: int


@functools.cache
def parser() -> MarkdownIt:
    """The parser; importing it takes a tenth of a second."""
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": False})
    made.enable(["table", "strikethrough"])
    made.disable(["link", "image", "autolink", "reference", "entity"])
    return made


def warm_up() -> None:
    """Import the parser ahead of the first reply; in a thread."""
    parser()


def parse(source: str) -> Parsed:
    """The blocks of a Markdown text, which may break off anywhere."""
    tokens = parser().parse(source)
    starts = [token.map[0] for token in tokens if token.level == 0 and token.map]
    blocks = tuple(_blocks(_Reader(tokens, source.splitlines())))
    return Parsed(blocks, starts[-1] if starts else 0)


class _Reader:
    """A token list with a place in it."""

    def __init__(self, tokens: list[Token], lines: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self.lines = lines

    def next(self) -> Token | None:
        if self._at >= len(self._tokens):
            return None
        self._at += 1
        return self._tokens[self._at - 1]


def _blocks(reader: _Reader) -> Iterable[Block]:
    """Blocks up to the token that closes the one they are in."""
    while (token := reader.next()) is not None and not token.type.endswith("_close"):
        if token.type in ("paragraph_open", "heading_open"):
            level = int(token.tag[1]) if token.type == "heading_open" else 0
            inline = reader.next()
            reader.next()
            yield Paragraph(_inline(inline), level, token.hidden)
        elif token.type in ("fence", "code_block"):
            yield _code(token, reader.lines)
        elif token.type == "hr":
            yield Rule()
        elif token.type == "blockquote_open":
            yield Quote(tuple(_blocks(reader)))
        elif token.type == "bullet_list_open":
            yield Listing(tuple(_items(reader)))
        elif token.type == "ordered_list_open":
            yield Listing(tuple(_items(reader)), int(token.attrs.get("start", 1)))
        elif token.type == "table_open":
            yield _table(reader)
        elif token.content:
            yield Paragraph(Content(token.content.rstrip("\n")))


def _items(reader: _Reader) -> Iterable[tuple[Block, ...]]:
    while (token := reader.next()) is not None and token.type == "list_item_open":
        yield tuple(_blocks(reader))


def _code(token: Token, lines: list[str]) -> Code:
    words = token.info.split()
    closed = True
    if token.type == "fence" and token.map:
        last = lines[token.map[1] - 1].strip(" >") if token.map[1] <= len(lines) else ""
        ended = token.map[1] < len(lines)  # by what it is in, such as a list
        closed = ended or (token.map[1] - token.map[0] > 1 and last.startswith(token.markup))
    return Code(token.content.rstrip("\n"), words[0] if words else "", closed, token.type == "fence")


def _table(reader: _Reader) -> Table:
    rows: list[list[Content]] = []
    align: list[str] = []
    while (token := reader.next()) is not None and token.type != "table_close":
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "th_open":
            align.append(str(token.attrs.get("style", "")).rpartition(":")[2] or "left")
        elif token.type == "inline":
            rows[-1].append(_inline(token))
    return Table(tuple(tuple(row) for row in rows), tuple(align))


_STYLES = {"em_open": "em", "strong_open": "strong", "s_open": "strike"}


def _inline(token: Token | None) -> Content:
    """Text with styles. A line break in the source stays one: chat models mean the breaks they write."""
    text: list[str] = []
    spans: list[Span] = []
    open_spans: list[tuple[str, int]] = []
    length = 0
    for child in (token.children if token else None) or []:
        if child.type in _STYLES:
            open_spans.append((_STYLES[child.type], length))
        elif child.type.endswith("_close") and open_spans:
            style, start = open_spans.pop()
            spans.append(Span(start, length, style))
        else:
            piece = "\n" if child.type in ("softbreak", "hardbreak") else child.content
            if child.type == "code_inline":
                spans.append(Span(length, length + len(piece), "code"))
            text.append(piece)
            length += len(piece)
    return Content("".join(text), spans=spans)
