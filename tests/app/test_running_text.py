"""Wrapping of a text that grows."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app.rendering.running_text import RunningText, TextLine
from tui.app.rendering.shown import shown_text

PIECES = st.lists(
    st.tuples(
        st.lists(st.sampled_from([*"abc de。、「」日本語ー한국é\n", "👍🏽", "👩‍👩‍👧", "e\u0301", "❤️"]), max_size=8).map(
            "".join
        ),
        st.sampled_from(["prompt", "completion"]),
    ),
    max_size=20,
)


@given(PIECES, st.integers(2, 30))
@settings(max_examples=300, deadline=None)
def test_growing_gives_the_same_lines_as_the_whole_text_at_once(pieces: list[tuple[str, str]], width: int) -> None:
    grown, whole = RunningText(width), RunningText(width)
    for text, kind in pieces:
        grown.append(text, kind)
    whole.append("".join(text for text, _ in pieces), "prompt")
    assert [line.text for line in grown.lines] == [line.text for line in whole.lines]


@given(PIECES, st.integers(2, 30))
@settings(max_examples=300, deadline=None)
def test_no_line_is_too_wide_and_nothing_is_lost(pieces: list[tuple[str, str]], width: int) -> None:
    running = RunningText(width)
    for text, kind in pieces:
        running.append(text, kind)
    assert all(cell_len(line.text.rstrip(" ")) <= width for line in running.lines)
    joined = "".join(line.text + ("\n" if line.break_kind else "") for line in running.lines)
    assert joined == shown_text("".join(text for text, _ in pieces))


@given(PIECES, st.integers(2, 30), st.integers(2, 30))
@settings(max_examples=100, deadline=None)
def test_another_width_gives_the_lines_of_that_width(pieces: list[tuple[str, str]], first: int, second: int) -> None:
    resized, direct = RunningText(first), RunningText(second)
    for text, kind in pieces:
        resized.append(text, kind)
        direct.append(text, kind)
    resized.set_width(second)
    assert resized.lines == direct.lines


def test_a_line_knows_who_wrote_what() -> None:
    running = RunningText(20)
    running.append("2 + 2 =", "prompt")
    running.append(" 4", "completion")
    assert running.lines == [TextLine((("2 + 2 =", "prompt"), (" 4", "completion")))]
    assert running.lines[0].kinds == ("prompt", "completion")


def test_an_empty_line_belongs_to_who_broke_it() -> None:
    running = RunningText(20)
    running.append("a\n\n", "prompt")
    assert running.lines[1].kinds == ("prompt",)


def test_adding_changes_only_the_last_line() -> None:
    running = RunningText(10)
    running.append("one two three four", "prompt")
    before = running.lines[:-1]
    first = running.append(" five", "completion")
    assert first == len(before)
    assert all(old is new for old, new in zip(before, running.lines, strict=False))


def test_japanese_breaks_between_characters_but_not_before_a_full_stop() -> None:
    running = RunningText(8)
    running.append("今日は晴。明日", "prompt")
    assert [line.text for line in running.lines] == ["今日は", "晴。明日"]


def test_control_characters_are_shown() -> None:
    running = RunningText(40)
    running.append("a\x1b[2Jb\tc\r", "completion")
    assert running.lines[0].text == "a^[[2Jb    c^M"
