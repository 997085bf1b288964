"""Only what changed is sent, and a terminal shows the same as if all of it was."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Offset, Region
from textual.strip import Strip

from tests.support.shadowed import seen
from tests.support.terminal_screen import TerminalScreen
from tui.app.rendering.terminal_picture import TerminalPicture

WIDTH, HEIGHT = 24, 3
CONSOLE = Console(color_system="truecolor", force_terminal=True)
STYLES = (
    None, Style(), Style.parse("#aabbcc on #112233"), Style.parse("bold #aabbcc on #112233"), Style.parse("on #112233"),
    Style.parse("reverse red"), Style.parse("underline on #445566"), Style.parse("dim italic"),
)  # fmt: skip
TEXTS = ("word", " ", "     ", "日本", "語", "x", "é…", "👍", "e\u0301", "ab  cd", "▏", "longer words here")


def strip(width: int, *parts: tuple[str, Style | None]) -> Strip:
    """Exactly so many cells."""
    return Strip([Segment(text, style) for text, style in parts]).adjust_cell_length(width)


def whole(rows: list[list[Strip]]) -> LayoutUpdate:
    return LayoutUpdate(list(rows), Region(0, 0, WIDTH, HEIGHT))


def part(cuts: list[int], rows: dict[int, list[Strip]]) -> ChopsUpdate:
    """All chops of some rows."""
    chops: list[dict[int, Strip | None]] = [dict.fromkeys(cuts[:-1]) for _ in range(HEIGHT)]
    for y, strips in rows.items():
        chops[y] = dict(zip(cuts, strips, strict=False))
    return ChopsUpdate(chops, [(y, 0, WIDTH) for y in sorted(rows)], [cuts[1:]] * HEIGHT)


@st.composite
def updates(draw: st.DrawFn) -> list[LayoutUpdate | ChopsUpdate]:
    """The screen as a whole, and then parts of it, sometimes only some columns."""
    parts = st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(STYLES)), max_size=6)
    made: list[LayoutUpdate | ChopsUpdate] = [whole([[strip(WIDTH, *draw(parts))] for _ in range(HEIGHT)])]
    for _ in range(draw(st.integers(1, 6))):
        cuts = [0, *sorted(draw(st.sets(st.integers(1, WIDTH - 1), max_size=3))), WIDTH]
        widths = [end - start for start, end in pairwise(cuts)]
        if draw(st.integers(0, 5)) == 0:
            made.append(whole([[strip(width, *draw(parts)) for width in widths] for _ in range(HEIGHT)]))
            continue
        rows = draw(st.sets(st.integers(0, HEIGHT - 1), min_size=1))
        update = part(cuts, {y: [strip(width, *draw(parts)) for width in widths] for y in rows})
        if draw(st.booleans()):
            x1, x2 = sorted((draw(st.sampled_from(cuts)), draw(st.sampled_from(cuts))))
            update.spans = [(y, x1, x2) for y in sorted(rows)] if x1 < x2 else update.spans
        made.append(update)
    return made


def send(picture: TerminalPicture, update: LayoutUpdate | ChopsUpdate) -> str:
    return picture.draw(update, ColorSystem.TRUECOLOR, Offset(1, 2))


def same(one: TerminalScreen, other: TerminalScreen) -> bool:
    cells: Any = [(x, y) for y in range(HEIGHT) for x in range(WIDTH)]
    return all(seen(one.cell(x, y)) == seen(other.cell(x, y)) for x, y in cells)


@settings(max_examples=300, deadline=None)
@given(updates())
def test_the_terminal_shows_the_same(made: list[LayoutUpdate | ChopsUpdate]) -> None:
    ours, theirs = TerminalScreen(WIDTH, HEIGHT), TerminalScreen(WIDTH, HEIGHT)
    for terminal in (ours, theirs):
        terminal.feed(b"\x1b[?7l")
    picture = TerminalPicture()
    for update in made:
        sent = send(picture, update)
        ours.feed(sent.encode())
        theirs.feed(update.render_segments(CONSOLE).encode())
        assert same(ours, theirs)
        assert not sent or ours.cursor == (1, 2)
        assert send(picture, update) == "" or isinstance(update, LayoutUpdate), "what is shown is not sent again"


LIGHT = Style.parse("#aabbcc on #112233")
FULL = whole([[strip(WIDTH, ("one two three", LIGHT), (" " * 11, LIGHT))] for _ in range(HEIGHT)])


def changed(*parts: tuple[str, Style | None]) -> ChopsUpdate:
    return part([0, WIDTH], {1: [strip(WIDTH, *parts)]})


def test_only_the_cells_that_differ_are_sent() -> None:
    picture = TerminalPicture()
    send(picture, FULL)
    sent = send(picture, changed(("one two threefour", LIGHT), (" " * 7, LIGHT)))
    assert sent == "\x1b[2;14H\x1b[38;2;170;187;204;48;2;17;34;51mfour\x1b[m\x1b[3;2H"
    sent = send(picture, changed(("ONE two threefouR", LIGHT), (" " * 7, LIGHT)))
    assert sent == "\x1b[2;1H\x1b[38;2;170;187;204;48;2;17;34;51mONE\x1b[13CR\x1b[m\x1b[3;2H"


def test_a_wide_character_is_sent_whole() -> None:
    picture = TerminalPicture()
    send(picture, changed(("日本語", LIGHT), (" " * 18, LIGHT)))
    sent = send(picture, changed(("日木語", LIGHT), (" " * 18, LIGHT)))
    assert "\x1b[2;3H" in sent and "木" in sent and "日" not in sent


def test_text_of_doubtful_width_is_sent_with_all_that_follows() -> None:
    picture = TerminalPicture()
    send(picture, changed(("👍 good", LIGHT), (" " * 17, LIGHT)))
    sent = send(picture, changed(("👍 goat", LIGHT), (" " * 17, LIGHT)))
    assert "👍 goat" in sent
    sent = send(picture, changed(("ok goat", LIGHT), (" " * 17, LIGHT)))
    assert "ok goat" in sent, "what stood there before may be elsewhere than thought"
    sent = send(picture, changed(("ok boat", LIGHT), (" " * 17, LIGHT)))
    assert "ok" not in sent and "b" in sent


def test_what_was_forgotten_is_sent_again() -> None:
    picture = TerminalPicture()
    send(picture, FULL)
    row = changed(("one two three", LIGHT), (" " * 11, LIGHT))
    assert send(picture, row) == ""
    picture.forget()
    assert "one two three" in send(picture, row)
    assert send(picture, row) == ""
