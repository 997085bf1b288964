"""Blocks of code in what a model wrote: which ones there are, and their exact text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tui.app.rendering.blocks import Block, Code, Listing, Quote, parser
from tui.app.rendering.shown import shown_text


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A block of code as it was written.

    Attributes:
        number: which one of its message, from 1; the number it has on the screen.
        language: the word after its fence, made printable; may be empty.
        text: what stands between its fences, without the last line break.
    """

    number: int
    language: str
    text: str

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n") + 1


def fenced(blocks: Iterable[Block]) -> Iterator[Code]:
    """The fenced blocks of code among blocks and in them, in their order."""
    for block in blocks:
        if isinstance(block, Code) and block.fenced:
            yield block
        elif isinstance(block, Quote):
            yield from fenced(block.blocks)
        elif isinstance(block, Listing):
            for item in block.items:
                yield from fenced(item)


def code_blocks(source: str, shown: Sequence[Code]) -> list[CodeBlock]:
    """The exact text of blocks that are shown.

    Args:
        source: the whole message, as the model wrote it.
        shown: the blocks of it that have a number. What is shown is made printable, and may leave out a part of the
            message, such as what the model thought before it replied.
    """
    written = iter(_written(source))
    blocks = []
    for number, code in enumerate(shown, 1):
        same = (text for text in written if _alike(text, code))
        blocks.append(CodeBlock(number, code.language, next(same, code.text)))
    return blocks


def _alike(text: str, code: Code) -> bool:
    return shown_text(text.replace("\r\n", "\n")).rstrip("\n") == code.text


_RETURN = "\ufdd0"
"""Stands for a carriage return, which the parser would take for the end of a line; nobody may write this character."""


def _written(source: str) -> Iterator[str]:
    text = source.replace("\r\n", "\n").replace("\r", _RETURN)
    for token in parser().parse(text):
        if token.type == "fence":
            yield token.content.removesuffix("\n").replace(_RETURN, "\r")
