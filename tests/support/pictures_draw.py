"""A terminal's screen as a picture: SVG for a web page, PNG for the eye. Both are drawn from the same cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING

from wcwidth import wcwidth

from tests.support.terminal_screen import TerminalScreen

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

FOREGROUND, BACKGROUND = "d0d0d0", "121212"
_COLOURS = {
    "black": "000000", "red": "cd3131", "green": "0dbc79", "brown": "e5e510", "blue": "2472c8", "magenta": "bc3fbc",
    "cyan": "11a8cd", "white": "e5e5e5", "brightblack": "666666", "brightred": "f14c4c", "brightgreen": "23d18b",
    "brightbrown": "f5f543", "brightblue": "3b8eea", "brightmagenta": "d670d6",
    "brightcyan": "29b8db", "brightwhite": "ffffff",
}  # fmt: skip
"""What terminals show for the 16 named colours, by pyte's names (one of which it misspells)."""

_FONTS = Path("/usr/share/fonts")
_REGULAR = "truetype/dejavu/DejaVuSansMono.ttf"
_BOLD = "truetype/dejavu/DejaVuSansMono-Bold.ttf"
_WIDE = "opentype/noto/NotoSansCJK-Regular.ttc"

_WIDTH, _HEIGHT = 9, 18
"""A cell of the SVG in its own units."""

_FIRST_WIDE = 0x1100
"""No character before the Hangul jamo takes two cells."""


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring cells of one row with one style.

    Attributes:
        row: row of the screen.
        column: column of the first cell.
        cells: how many cells it takes.
        text: its text.
        ink: colour of the text, six hexadecimal digits.
        paper: colour behind it.
        bold: whether it is bold.
        underlined: whether it is underlined.
        wide: whether its characters take two cells each.
    """

    row: int
    column: int
    cells: int
    text: str
    ink: str
    paper: str
    bold: bool
    underlined: bool
    wide: bool


def runs(screen: TerminalScreen) -> Iterator[Run]:
    """The whole screen, row by row."""
    columns, rows = screen.size
    for row in range(rows):
        column, last = 0, None
        while column < columns:
            run = _cell(screen, column, row)
            column += run.cells
            if last and _style(last) == _style(run):
                last = Run(row, last.column, last.cells + run.cells, last.text + run.text, *_style(run))
            else:
                if last:
                    yield last
                last = run
        if last:
            yield last


def _style(run: Run) -> tuple[str, str, bool, bool, bool]:
    return run.ink, run.paper, run.bold, run.underlined, run.wide


def _cell(screen: TerminalScreen, column: int, row: int) -> Run:
    cell = screen.cell(column, row)
    ink, paper = _COLOURS.get(cell.fg, cell.fg), _COLOURS.get(cell.bg, cell.bg)
    ink, paper = (FOREGROUND if ink == "default" else ink), (BACKGROUND if paper == "default" else paper)
    if cell.reverse:
        ink, paper = paper, ink
    text = cell.data or " "
    wide = ord(text[0]) >= _FIRST_WIDE and wcwidth(text[0]) == 2
    if text == " " and not cell.underscore:
        ink = paper  # a space has no colour of its own
    return Run(row, column, 2 if wide else 1, text, ink, paper, bool(cell.bold), bool(cell.underscore), wide)


def write_svg(screen: TerminalScreen, path: Path, title: str) -> None:
    """Draw the screen as SVG; the text in it can be selected, searched, and read back by `svg_lines`."""
    columns, rows = screen.size
    width, height = columns * _WIDTH, rows * _HEIGHT
    shapes: list[str] = []
    for run in runs(screen):
        x, y, length = run.column * _WIDTH, run.row * _HEIGHT, run.cells * _WIDTH
        if run.paper != BACKGROUND:
            shapes.append(f'<rect x="{x}" y="{y}" width="{length}" height="{_HEIGHT}" fill="#{run.paper}"/>')
        if run.text.strip():
            style = f'fill="#{run.ink}"' + (' class="b"' if run.bold else "")
            style += ' text-decoration="underline"' if run.underlined else ""
            shapes.append(f'<text x="{x}" y="{y + 13}" textLength="{length}" {style}>{escape(run.text)}</text>')
    fonts = "'DejaVu Sans Mono', Menlo, Consolas, 'Noto Sans Mono CJK JP', monospace"
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" data-size="{columns}x{rows}">'
        f"<title>{escape(title)}</title>"
        f"<style>text{{font:14px {fonts};white-space:pre}}.b{{font-weight:bold}}</style>"
        f'<rect width="{width}" height="{height}" fill="#{BACKGROUND}"/>\n' + "\n".join(shapes) + "\n</svg>\n",
        encoding="utf-8",
    )


_TEXT = re.compile(r'<text x="(\d+)" y="(\d+)" [^>]*>([^<]*)</text>')


def svg_lines(path: Path) -> list[str]:
    """The rows of text in a picture that `write_svg` made."""
    source = path.read_text(encoding="utf-8")
    size = re.search(r'data-size="(\d+)x(\d+)"', source)
    if not size:
        raise ValueError(f"{path} is not a picture of a terminal")
    columns, rows = int(size[1]), int(size[2])
    cells = [[" "] * columns for _ in range(rows)]
    for x, y, text in _TEXT.findall(source):
        column, row = int(x) // _WIDTH, int(y) // _HEIGHT
        for character in unescape(text):
            wide = ord(character) >= _FIRST_WIDE and wcwidth(character) == 2
            cells[row][column : column + 1 + wide] = [character, ""][: 1 + wide]
            column += 1 + wide
    return ["".join(row).rstrip() for row in cells]


def write_png(screen: TerminalScreen, path: Path, size: int = 16) -> None:
    """Draw the screen as PNG.

    Args:
        screen: what to draw.
        path: the file to write.
        size: height of the letters in pixels.
    """
    from PIL import Image, ImageDraw

    regular, bold, wide = _font(_REGULAR, size), _font(_BOLD, size), _font(_WIDE, size)
    width, height = round(regular.getlength("M")), round(size * 1.25)
    columns, rows = screen.size
    image = Image.new("RGB", (width * columns, height * rows), f"#{BACKGROUND}")
    draw = ImageDraw.Draw(image)
    for run in runs(screen):
        x, y = run.column * width, run.row * height
        right, bottom = x + run.cells * width, y + height
        draw.rectangle((x, y, right - 1, bottom - 1), fill=f"#{run.paper}")
    for run in runs(screen):
        x, y = run.column * width, run.row * height
        face = wide if run.wide else bold if run.bold else regular
        each = width * (2 if run.wide else 1)
        for at, character in enumerate(run.text):
            if not _draw_block(draw, character, x + at * each, y, each, height, f"#{run.ink}"):
                # The ideographs' font has its baseline lower than the letters' font.
                draw.text((x + at * each, y - (size // 4 if run.wide else 0)), character, font=face, fill=f"#{run.ink}")
        if run.underlined:
            draw.line((x, y + height - 2, x + run.cells * width - 1, y + height - 2), fill=f"#{run.ink}")
    # Few colours are in use; a palette makes the file a third as large.
    image.quantize(64).save(path, optimize=True)


def _draw_block(draw: ImageDraw.ImageDraw, character: str, x: int, y: int, width: int, height: int, ink: str) -> bool:
    """Draw a block or a line edge to edge, as terminals do; a font would leave gaps between the rows."""
    eighth = ord(character[0]) - 0x2580
    right, bottom, middle, centre = x + width - 1, y + height - 1, y + height // 2, x + width // 2
    if 1 <= eighth <= 8:  # ▁ to █ grow from below
        boxes = [(x, bottom + 1 - round(height * eighth / 8), right, bottom)]
    elif 9 <= eighth <= 15:  # ▉ to ▏ shrink to the left
        boxes = [(x, y, x + max(1, round(width * (16 - eighth) / 8)) - 1, bottom)]
    else:
        across = {"─": (x, right), "╭": (centre, right), "╰": (centre, right), "╮": (x, centre), "╯": (x, centre)}
        down = {"│": (y, bottom), "╭": (middle, bottom), "╮": (middle, bottom), "╰": (y, middle), "╯": (y, middle)}
        boxes = [(right, y, right, bottom)] if character == "▕" else []
        if character in across:
            boxes.append((across[character][0], middle, across[character][1], middle))
        if character in down:
            boxes.append((centre, down[character][0], centre, down[character][1]))
    for box in boxes:
        draw.rectangle(box, fill=ink)
    return bool(boxes)


def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    if (_FONTS / name).exists():
        return ImageFont.truetype(str(_FONTS / name), size)
    fallback = ImageFont.load_default(size)
    assert isinstance(fallback, ImageFont.FreeTypeFont)
    return fallback
