r"""Several texts in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.lists import join_list, split_list


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("", ()),
        (" , ,", ()),
        ("User:, Assistant:", ("User:", "Assistant:")),
        (r"\n\n, a\,b", ("\n\n", "a,b")),
        (r"a\ , b", ("a ", "b")),
        (r"C:\\x", (r"C:\x",)),
        ("ends with \\", ("ends with \\",)),
        ("two\nlines", ("two\nlines",)),
    ],
)
def test_reading(line: str, parts: tuple[str, ...]) -> None:
    assert split_list(line) == parts


@given(st.lists(st.text(min_size=1)).map(tuple))
def test_round_trip(parts: tuple[str, ...]) -> None:
    assert split_list(join_list(parts)) == parts
