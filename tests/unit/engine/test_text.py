"""Text out of tokens: characters and stop strings that span them."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tui.engine.text import TextStream


def pieces_of(data: bytes, cuts: list[int]) -> list[bytes]:
    """`data` cut at the given places."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(places)]


def expected(text: str, stops: list[str]) -> tuple[str, bool]:
    """The text before the first stop string, and whether there was one."""
    found = [at for stop in stops if (at := text.find(stop)) >= 0]
    return (text[: min(found)], True) if found else (text, False)


def test_a_character_of_three_tokens_appears_once_and_whole() -> None:
    stream = TextStream()
    assert [stream.push(piece) for piece in (b"\xe6", b"\x9d", b"\xb1")] == ["", "", "東"]
    assert stream.finish() == ""


def test_an_unfinished_character_is_not_shown() -> None:
    stream = TextStream()
    assert stream.push("日".encode()[:2]) == ""
    assert stream.finish() == ""


def test_bytes_that_are_no_text_are_marked() -> None:
    assert TextStream().push(b"a\xff\xfeb") == "a\ufffd\ufffdb"


def test_a_stop_string_over_three_tokens_ends_the_text_before_it() -> None:
    stream = TextStream(["\nUser:"])
    shown = [stream.push(piece) for piece in (b"fine.\n", b"Us", b"er: hi")]
    assert shown == ["fine.", "", ""]
    assert stream.stopped_by == "\nUser:"
    assert stream.finish() == ""


def test_the_start_of_a_stop_string_that_does_not_follow_is_shown_after_all() -> None:
    stream = TextStream(["\nUser:"])
    assert stream.push(b"a\nUs") == "a"
    assert stream.push(b"ing") == "\nUsing"
    assert stream.push(b"\n") == ""
    assert stream.finish() == "\n"
    assert not stream.stopped_by


def test_of_two_stop_strings_the_earlier_one_counts_and_then_the_longer() -> None:
    stream = TextStream(["b", "bc", "a"])
    assert stream.push(b"xxbcxa") == "xx"
    assert stream.stopped_by == "bc"


@given(st.text(), st.lists(st.integers(0, 1000)))
def test_any_text_in_any_pieces_comes_out_as_it_was(text: str, cuts: list[int]) -> None:
    stream = TextStream()
    assert "".join(stream.push(piece) for piece in pieces_of(text.encode(), cuts)) + stream.finish() == text


@given(
    st.text("ab日", max_size=30),
    st.lists(st.text("ab日", min_size=1, max_size=4), max_size=3),
    st.lists(st.integers(0, 1000), max_size=30),
)
def test_stop_strings_are_found_however_the_text_is_cut(text: str, stops: list[str], cuts: list[int]) -> None:
    stream = TextStream(stops)
    shown = ""
    for piece in pieces_of(text.encode(), cuts):
        shown += stream.push(piece)
        if stream.stopped_by:
            break
    shown += stream.finish()
    whole, stopped = expected(text, stops)
    assert (bool(stream.stopped_by), stopped) in ((True, True), (False, False))
    if not stopped:
        assert shown == whole
    else:
        # Tokens that come one by one can end at a stop string before the rest of an earlier, longer one has come.
        assert any(text[len(shown) :].startswith(stop) for stop in stops)
        assert text.startswith(shown)
