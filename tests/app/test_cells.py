"""Text as cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app.rendering.cells import cells_of


@pytest.mark.parametrize(
    ("text", "cells", "sure"),
    [
        ("", [], True),
        ("ab c", ["a", "b", " ", "c"], True),
        ("日本a", ["日", "", "本", "", "a"], True),
        ("“é” ▏…", ["“", "é", "”", " ", "▏", "…"], True),
        ("e\u0301x", ["e\u0301", "x"], False),
        ("👍!", ["👍", "", "!"], False),
        ("a\x1b[0m\tb", ["a", "[", "0", "m", "b"], True),
    ],
)
def test_cells(text: str, cells: list[str], sure: bool) -> None:
    assert cells_of(text) == (cells, sure)


@given(st.text(max_size=40))
def test_there_are_as_many_as_the_layout_counts(text: str) -> None:
    assert len(cells_of(text)[0]) == cell_len(text)


def test_what_is_handed_out_can_be_changed() -> None:
    cells_of("日")[0].clear()
    assert cells_of("日")[0] == ["日", ""]
