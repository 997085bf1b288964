"""Styles are come to with few bytes, and are the right ones."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.rendering.sgr import RESET, change, on_blanks, parts_of

ATTRIBUTES = ("1", "2", "3", "4", "7", "9")
COLORS = ("", "39", "31", "97", "38;5;208", "38;2;1;2;3")
BACKGROUNDS = ("", "49", "41", "107", "48;5;17", "48;2;4;5;6")


def joined(*parts: str) -> str:
    return ";".join(part for part in parts if part)


styles = st.builds(
    lambda attributes, color, background: joined(*sorted(attributes), color, background),
    st.sets(st.sampled_from(ATTRIBUTES), max_size=3),
    st.sampled_from(COLORS),
    st.sampled_from(BACKGROUNDS),
)


class Ink:
    """A terminal's idea of how it writes."""

    def __init__(self) -> None:
        self.attributes: set[str] = set()
        self.color, self.background = "39", "49"

    def take(self, sequence: str) -> None:
        for codes in re.findall(r"\x1b\[([0-9;]*)m", sequence):
            for code in re.findall(r"[34]8;5;\d+|[34]8;2;\d+;\d+;\d+|\d+", codes) or ["0"]:
                number = int(code.partition(";")[0])
                if number == 0:
                    self.__init__()  # type: ignore[misc]
                elif number < 30:
                    self.attributes.add(code)
                elif number < 40 or 90 <= number < 98:
                    self.color = code
                else:
                    self.background = code

    def seen(self, blank: bool) -> tuple[object, ...]:
        visible = self.attributes & {"4", "7", "9"} if blank else self.attributes
        color = self.color if visible or not blank else ""
        return visible, color, self.background


@given(st.lists(st.tuples(styles, st.booleans()), max_size=12))
def test_each_text_has_its_style(wanted: list[tuple[str, bool]]) -> None:
    ink, now = Ink(), ""
    for style, blank in wanted:
        sequence, now = change(now, on_blanks(style) if blank else style, blank)
        ink.take(sequence)
        plain = Ink()
        plain.take(f"\x1b[0;{style}m" if style else RESET)
        assert ink.seen(blank) == plain.seen(blank)


@given(styles)
def test_a_style_is_taken_apart_and_put_together(style: str) -> None:
    assert str(parts_of(style)) == style


@pytest.mark.parametrize(
    ("now", "wanted", "blank", "sequence"),
    [
        ("1;31", "1;31", False, ""),
        ("38;5;250;48;5;17", "38;5;208;48;5;17", False, "\x1b[38;5;208m"),
        ("31", "1;31", False, "\x1b[1m"),
        ("1;31", "31", False, "\x1b[0;31m"),
        ("38;5;250;48;5;17", "", False, RESET),
        ("38;5;250;48;5;17", "48;5;17", True, ""),
        ("1;38;5;250;48;5;17", "38;5;3;48;5;17", True, ""),
        ("38;5;250;48;5;17", "48;5;18", True, "\x1b[48;5;18m"),
        ("4;38;5;250;48;5;17", "48;5;17", True, "\x1b[0;48;5;17m"),
    ],
)
def test_no_byte_too_many(now: str, wanted: str, blank: bool, sequence: str) -> None:
    assert change(now, wanted, blank)[0] == sequence
