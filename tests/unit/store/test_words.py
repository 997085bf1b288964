"""Text cut into words, and what a person types made into a query."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.store.searching import snippet
from tui.store.words import folded, query, segmented, terms


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", "hello world"),
        ("grow_reply(x)", "grow reply x"),
        ("東京都", "東京 京都 都"),
        ("東京 tower", "東京 京 tower"),
        ("ﾃｽﾄ Ｔｅｓｔ", "テス スト ト test"),
        ("Café Straße", "cafe strasse"),
        ("", ""),
        ("…!?", ""),
    ],
)
def test_words_are_folded_and_unspaced_scripts_come_in_pairs(text: str, words: str) -> None:
    assert segmented(text) == words


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("明日の東京の天気は晴れです", "東京"),
        ("明日の東京の天気は晴れです", "天気"),
        ("明日の東京の天気は晴れです", "東京の天気"),
        ("明日の東京の天気は晴れです", "す"),
        ("明日の東京の天気は晴れです", "天気 東京"),
        ("今天北京的天气怎么样", "北京"),
        ("今天北京的天气怎么样", "天气"),
        ("안녕하세요 세계", "하세"),
        ("ประเทศไทย", "ไทย"),
        ("A wonderful day", "wond"),
        ("A wonderful day", "day won"),
        ("Un café noir", "CAFE n"),
        ("𠮷野家で食べる", "𠮷野"),
    ],
)
def test_what_is_typed_finds_the_text(text: str, typed: str) -> None:
    assert _matches(text, typed)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("東の京", "東京"),
        ("京都と東北", "東京"),
        ("a wonderful day", "wonderful night"),
        ("a wonderful day", "wond day"),
        ("a wonderful day", "wonder "),
    ],
)
def test_what_is_not_there_is_not_found(text: str, typed: str) -> None:
    assert not _matches(text, typed)


@pytest.mark.parametrize("typed", ["", "   ", "!?", '"', "*", "…"])
def test_no_word_is_no_query(typed: str) -> None:
    assert query(typed) == ""


@given(st.text(), st.text())
def test_any_text_can_be_typed_and_searched(text: str, typed: str) -> None:
    _matches(text, typed)


@given(st.text())
def test_every_text_with_a_word_finds_itself(text: str) -> None:
    assert _matches(text, text) or not query(text)


@given(st.text(), st.text())
def test_a_snippet_is_a_piece_of_the_text(text: str, typed: str) -> None:
    parts = "".join(part.text for part in snippet(text, terms(typed)))
    assert parts.removeprefix("…").removesuffix("…") in text or parts in text


def test_a_snippet_marks_what_was_found_as_it_was_written() -> None:
    parts = snippet("Im Café ist ＷＩＦＩ.", terms("cafe wifi"))
    assert [part.text for part in parts if part.found] == ["Café", "ＷＩＦＩ"]


def test_a_snippet_shows_the_surroundings_of_a_find_far_into_a_text() -> None:
    parts = snippet("word " * 5000 + "here is the needle and more " + "word " * 5000, terms("needle"))
    assert parts[0].text == parts[-1].text == "…"
    assert [part.text for part in parts if part.found] == ["needle"]
    assert sum(len(part.text) for part in parts) < 200


def test_folding_keeps_marks_that_are_letters() -> None:
    assert folded("ガ") == "ガ" != folded("カ")


def _matches(text: str, typed: str) -> bool:
    expression = query(typed)
    if not expression:
        return False
    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("CREATE VIRTUAL TABLE t USING fts5 (words, content='', columnsize=0, tokenize='ascii')")
        connection.execute("INSERT INTO t (rowid, words) VALUES (1, ?)", (segmented(text),))
        return bool(connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (expression,)).fetchall())
    finally:
        connection.close()
