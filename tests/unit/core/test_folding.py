"""Finding whatever the case, the width and the line breaks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.folding import Span, count_folded, find_in_lines, fold


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("STRASSE", "straße"), ("ｱｲｽｸﾘｰﾑ", "アイス"), ("ガム", "ｶﾞﾑ"), ("ＡＢＣ", "abc"), ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("a\n  b", "A B"), ("東京の天気", "京の"), ("ﬁne", "FINE"), ("e\u0301t\u00e9", "été"),
        ("a 👨‍👩‍👧‍👦 b", "👨👩👧👦"), ("👨👩👧👦", "👨‍👩‍👧‍👦"), ("love ❤️", "❤"), ("🇯🇵", "JP"), ("to JP", "🇯🇵"),
    ],
)  # fmt: skip
def test_alike(text: str, wanted: str) -> None:
    assert fold(wanted) in fold(text)
    assert len(find_in_lines([text], fold(wanted))) == 1


@pytest.mark.parametrize(("text", "wanted"), [("かきくけこ", "が"), ("isa", "is a"), ("is a", "isa"), ("cafe", "café")])
def test_not_alike(text: str, wanted: str) -> None:
    assert fold(wanted) not in fold(text)
    assert find_in_lines([text], fold(wanted)) == []


def test_places_go_on_over_the_ends_of_lines() -> None:
    lines = ["  one two", "  three", "  ▏ fo", "  ▏ ur"]
    assert find_in_lines(lines, fold("two three"), "▏") == [[Span(0, 6, 9), Span(1, 2, 7)]]
    assert find_in_lines(lines, fold("FOUR"), "▏") == [[Span(2, 4, 6), Span(3, 4, 6)]]
    assert find_in_lines(["東", "京"], fold("東京")) == [[Span(0, 0, 1), Span(1, 0, 1)]]
    assert find_in_lines(["ßs"], fold("ss")) == [[Span(0, 0, 1)]]
    assert find_in_lines(["aaaa"], "aa") == [[Span(0, 0, 2)], [Span(0, 2, 4)]]
    assert find_in_lines(["x"], "") == [] and count_folded("x", "") == 0


@given(st.text(alphabet="aAbß か゛がｶﾞ ", max_size=30), st.text(alphabet="aAbß か゛がｶﾞ", min_size=1, max_size=4))
def test_one_line_has_as_many_places_as_its_folded_text(text: str, wanted: str) -> None:
    folded = fold(wanted)
    places = find_in_lines([" ".join(text.split())], folded)
    assert len(places) == count_folded(fold(text), folded)
    assert all(0 <= span.start < span.end for place in places for span in place)
