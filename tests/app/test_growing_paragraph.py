"""A growing paragraph looks as if it had been wrapped as a whole, each time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from tui.app.rendering.growing_paragraph import GrowingParagraph
from tui.app.rendering.layout import wrap

PIECES = st.sampled_from(
    ["word ", "日本語の", "longlonglongword", "  two  ", "\n", " ", "**", "`code`", "a", "\t", "👩‍👩‍👧 "]
)
STYLED = st.tuples(st.integers(0, 400), st.integers(0, 400))


@given(st.lists(st.tuples(PIECES, STYLED), max_size=80), st.sampled_from([4, 10, 30, 80]))
def test_each_step_is_as_wrapped_at_once(steps: list[tuple[str, tuple[int, int]]], width: int) -> None:
    growing, text = GrowingParagraph(), ""
    for piece, (start, length) in steps:
        text += piece
        content = Content(text)
        if start + length < len(text):
            content = content.stylize("strong", start, start + length)
        lines, wanted = growing.lines(content, width), wrap(content, width)
        assert len(lines) == len(wanted)
        assert all(line.is_same(other) for line, other in zip(lines, wanted, strict=True))


def test_a_line_that_stays_is_the_same_object() -> None:
    growing = GrowingParagraph()
    text = "some words that go on and on " * 40
    first = growing.lines(Content(text), 30)
    second = growing.lines(Content(text + "and then more words "), 30)
    third = growing.lines(Content(text + "and then more words and a few more "), 30)
    kept = len(first) - 8
    assert all(one is other for one, other in zip(second[:kept], third[:kept], strict=True))
    assert len(first) > 20


def test_another_width_begins_anew() -> None:
    growing = GrowingParagraph()
    content = Content("some words that go on and on " * 40)
    growing.lines(content, 30)
    assert [line.plain for line in growing.lines(content, 44)] == [line.plain for line in wrap(content, 44)]
