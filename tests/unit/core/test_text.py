"""Untrusted text never acts on a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.text import one_line, printable, well_formed


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain あ 🙂", "plain あ 🙂"),
        ("\x1b[31mred", "^[[31mred"),
        ("\x1b]0;title\x07", "^[]0;title^G"),
        ("a\r\n\tb\x7f", "a^M^J^Ib^?"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud83d", "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_each_kind(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_running_text_keeps_its_lines() -> None:
    assert printable("a\n\tb\r\x1b", keep="\n\t") == "a\n\tb^M^["


@given(st.text())
def test_nothing_left_acts(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)
    shown.encode()


@given(st.text(), st.text())
def test_pieces_may_be_shown_one_by_one(first: str, second: str) -> None:
    assert printable(first) + printable(second) == printable(first + second)


def test_one_line() -> None:
    assert one_line(" two\nlines\x1b ") == "two lines^["


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("あ", "あ"),
        ("\udce3\udc81\udc82", "あ"),
        ("a\udcff", "a\N{REPLACEMENT CHARACTER}"),
        ("\ud83d\udfff", "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_bytes_of_another_locale(text: str, meant: str) -> None:
    assert well_formed(text) == meant
