"""Two texts compared word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.services.word_diff import Diff, diff_words


def differing(diff: Diff) -> tuple[list[str], list[str]]:
    """What differs on each side."""
    return [p.text.strip() for p in diff.left if not p.same], [p.text.strip() for p in diff.right if not p.same]


def test_words_that_differ_are_marked_and_white_space_is_not() -> None:
    diff = diff_words("The sky is  blue, and wide.", "The sky is\ngreen, and very wide.")
    assert differing(diff) == (["blue"], ["green", "very"])
    assert diff.first == 3 and 0.8 < diff.agreement < 0.9


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert differing(diff_words("東京の天気は晴れです", "東京の天気は雨です")) == (["晴れ"], ["雨"])


def test_the_ends() -> None:
    assert diff_words("", "").agreement == 1.0
    assert diff_words("a b", "").agreement == 0.0
    same = diff_words(" a b\n", " a b\n")
    assert same.agreement == 1.0 and same.first is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_nothing_is_lost(left: str, right: str) -> None:
    diff = diff_words(left, right)
    assert "".join(part.text for part in diff.left) == left
    assert "".join(part.text for part in diff.right) == right
    assert 0.0 <= diff.agreement <= 1.0
