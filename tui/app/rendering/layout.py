"""Blocks to lines of a given width. Styles are names; the widget that draws knows their colours."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from tui.app.rendering.blocks import Block, Code, Listing, Paragraph, Quote, Rule, Table
from tui.app.widgets.glyphs import current_glyphs

_BLANK = Content("")


def lay_out(blocks: Sequence[Block], width: int, depth: int = 0) -> list[Content]:
    """Blocks as lines of at most `width` cells, with a blank line between blocks that are not tight."""
    lines: list[Content] = []
    for index, block in enumerate(blocks):
        if index and not _sticks(blocks[index - 1], block):
            lines.append(_BLANK)
        lines.extend(lay_out_block(block, width, depth))
    return lines


def lay_out_block(block: Block, width: int, depth: int = 0) -> list[Content]:
    """One block as lines of at most `width` cells."""
    width = max(width, 4)
    if isinstance(block, Paragraph):
        return _paragraph(block, width)
    if isinstance(block, Code):
        return _code(block, width)
    if isinstance(block, Rule):
        return [Content.styled(current_glyphs().rule * width, "faint")]
    if isinstance(block, Quote):
        bar = Content.styled(f"{current_glyphs().column} ", "faint")
        return _prefixed(lay_out(block.blocks, width - 2, depth), bar)
    if isinstance(block, Listing):
        return _listing(block, width, depth)
    return _table(block, width)


def wrap(content: Content, width: int) -> list[Content]:
    """Running text in lines of at most `width` cells; never inside a wide character."""
    return content.wrap(max(width, 2)) if content else [_BLANK]


def _sticks(before: Block, after: Block) -> bool:
    return isinstance(before, Paragraph) and before.tight and isinstance(after, Paragraph | Listing)


def _paragraph(block: Paragraph, width: int) -> list[Content]:
    if not block.level:
        return wrap(block.content, width)
    mark = Content.styled("#" * block.level + " ", "faint") if block.level > 2 else _BLANK
    text = block.content.stylize("heading")
    lines = wrap(mark + text, width)
    if block.level == 1:
        longest = max(line.cell_length for line in lines)
        lines.append(Content.styled(current_glyphs().rule * longest, "faint"))
    return lines


def _prefixed(lines: list[Content], first: Content, rest: Content | None = None) -> list[Content]:
    rest = first if rest is None else rest
    return [(first if index == 0 else rest) + line for index, line in enumerate(lines)]


def _listing(block: Listing, width: int, depth: int) -> list[Content]:
    lines: list[Content] = []
    numbers = [f"{block.start + index}." for index in range(len(block.items))] if block.start is not None else []
    bullets = current_glyphs().bullets
    room = max((len(number) for number in numbers), default=1) + 1
    for index, item in enumerate(block.items):
        mark = f"{numbers[index]:>{room - 1}} " if numbers else bullets[depth % len(bullets)] + " "
        loose = bool(item) and isinstance(item[0], Paragraph) and not item[0].tight
        if loose and index:
            lines.append(_BLANK)
        body = lay_out(item, width - room, depth + 1) or [_BLANK]
        lines.extend(_prefixed(body, Content.styled(mark, "mark"), Content(" " * room)))
    return lines


def _code(block: Code, width: int) -> list[Content]:
    """Code keeps its line breaks; a line that is too long is folded, since nothing scrolls sideways."""
    room = width - 2
    text = _highlighted(block) if block.closed and block.language else Content(block.text)
    lines: list[Content] = []
    for line in text.split("\n", allow_blank=True):
        lines.extend(line.expand_tabs(4).fold(room) or [_BLANK])
    edge = f"{current_glyphs().edge} "
    bar, first = Content.styled(edge, "faint"), Content.styled(edge, code_start(block))
    return [(first if at == 0 else bar) + line.stylize_before("codeblock") for at, line in enumerate(lines)]


def code_start(block: Code) -> str:
    """The style of the edge of a block's first line: by it the block is found among the lines."""
    return "faint" if not block.fenced else "codestart" if block.closed else "codeopen"


def _highlighted(block: Code) -> Content:
    from textual.highlight import highlight

    found = highlight(block.text, language=block.language)
    # Each lexer may normalise the text; ours is what the model wrote.
    return found if found.plain.rstrip("\n") == block.text.rstrip("\n") else Content(block.text)


def _table(block: Table, width: int) -> list[Content]:
    columns, glyphs = len(block.align), current_glyphs()
    widths = _column_widths(block, width)
    lines: list[Content] = []
    for number, row in enumerate(block.rows):
        cells = [wrap(cell.stylize("strong") if number == 0 else cell, w) for cell, w in zip(row, widths, strict=False)]
        for index in range(max((len(cell) for cell in cells), default=0)):
            parts = [
                _aligned(cells[c][index] if c < len(cells) and index < len(cells[c]) else _BLANK, widths[c], align)
                for c, align in enumerate(block.align)
            ]
            lines.append(Content.styled(f" {glyphs.column} ", "faint").join(parts))
        if number == 0 and columns:
            cross = glyphs.rule + glyphs.cross + glyphs.rule
            lines.append(Content.styled(cross.join(glyphs.rule * w for w in widths), "faint"))
    return lines


def _column_widths(block: Table, width: int) -> list[int]:
    """Each column as wide as its text; when that is too much, the widest ones give way."""
    widths = [max([3, *(row[c].cell_length for row in block.rows if c < len(row))]) for c in range(len(block.align))]
    room = max(width - 3 * (len(widths) - 1), 3 * len(widths))
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths


def _aligned(cell: Content, width: int, align: str) -> Content:
    missing = max(width - cell.cell_length, 0)
    left = missing if align == "right" else missing // 2 if align == "center" else 0
    return cell.pad_left(left).pad_right(missing - left)
