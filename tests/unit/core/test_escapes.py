r"""Escape sequences follow llama.cpp's rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.escapes import process_escapes


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (r"user\nHello", "user\nHello"),
        (r"\r\t\'\"\\", "\r\t'\"\\"),
        (r"\x41\x0a", "A\n"),
        (r"\xe3\x81\x82", "あ"),
        (r"\xff", "\N{REPLACEMENT CHARACTER}"),
        ("\udcff", "\N{REPLACEMENT CHARACTER}"),
        (r"\q \x4 \xzz \u0041", r"\q \x4 \xzz \u0041"),
        ("ends with \\", "ends with \\"),
        (r"\\n", r"\n"),
        ("こんにちは\\n", "こんにちは\n"),
    ],
)
def test_each_rule(text: str, meaning: str) -> None:
    assert process_escapes(text) == meaning


@given(st.text(st.characters(exclude_categories=["Cs"]).filter(lambda c: c != "\\")))
def test_text_without_backslashes_stays(text: str) -> None:
    assert process_escapes(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_escaped_text_comes_back(text: str) -> None:
    assert process_escapes(text.replace("\\", "\\\\").replace("\n", "\\n")) == text
