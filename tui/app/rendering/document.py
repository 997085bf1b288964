"""A Markdown text that grows: only its last block is parsed and laid out again."""

from __future__ import annotations

from textual.content import Content

from tui.app.rendering.blocks import Block, Code, Paragraph, parse
from tui.app.rendering.fences import fenced
from tui.app.rendering.growing_paragraph import GrowingParagraph
from tui.app.rendering.layout import lay_out_block


class Document:
    """Markdown source and its lines at one width.

    A line that is added to the end of a Markdown text can only change the last block, so the lines of all others are
    kept. The cost of adding a piece does not grow with the text.
    """

    def __init__(self, source: str = "") -> None:
        self._source = ""
        self._tail_at = 0
        self._settled: list[Block] = []
        self._tail: tuple[Block, ...] = ()
        self._settled_codes: list[Code] = []
        self._codes: tuple[Code, ...] = ()
        self._width = 0
        self._settled_lines: list[Content] = []
        self._settled_shown = 0
        self._lines: list[Content] = []
        self._growing = GrowingParagraph()
        if source:
            self.append(source)

    @property
    def source(self) -> str:
        """The whole text."""
        return self._source

    @property
    def codes(self) -> list[Code]:
        """The fenced blocks of code, in their order; the last one may still be open."""
        return [*self._settled_codes, *self._codes]

    @property
    def code_count(self) -> int:
        """How many of them have been closed."""
        return len(self._settled_codes) + sum(code.closed for code in self._codes)

    def append(self, piece: str) -> None:
        """Add text to the end."""
        self._source += piece
        if "\n" in piece:
            self._settle()
        self._tail = parse(self._source[self._tail_at :]).blocks
        self._codes = tuple(fenced(self._tail))
        self._lines = []

    def _settle(self) -> None:
        """Keep all blocks of whole lines but the last: an unfinished line can still join what is above it."""
        complete = self._source[self._tail_at : self._source.rindex("\n") + 1]
        parsed = parse(complete)
        if len(parsed.blocks) > 1:
            self._settled.extend(parsed.blocks[:-1])
            self._settled_codes.extend(fenced(parsed.blocks[:-1]))
            lines = complete.splitlines(keepends=True)
            self._tail_at += sum(len(line) for line in lines[: parsed.last_line])

    def lines(self, width: int) -> list[Content]:
        """The text as lines of at most `width` cells; lines of settled blocks stay the same objects."""
        if width != self._width:
            self._width = width
            self._settled_lines = []
            self._settled_shown = 0
            self._lines = []
        if not self._lines:
            for block in self._settled[self._settled_shown :]:
                self._settled_lines += [*lay_out_block(block, width), Content("")]
            self._settled_shown = len(self._settled)
            tail: list[Content] = []
            for block in self._tail:
                tail += [*([Content("")] if tail else []), *self._grown(block, width)]
            self._lines = self._settled_lines + tail
        return self._lines

    def _grown(self, block: Block, width: int) -> list[Content]:
        if isinstance(block, Paragraph) and not block.level and block is self._tail[-1]:
            return self._growing.lines(block.content, max(width, 4))
        return lay_out_block(block, width)
