"""The table of models."""

from __future__ import annotations

from tui.run.table import table


def test_numbers_are_right_aligned_and_wide_characters_take_two_cells() -> None:
    rows = [("NAME", "SIZE", "PATH", "PROBLEM"), ("モデル", "1 B", "/a", ""), ("abc", "100 B", "/bb", "")]
    assert table(rows) == "NAME     SIZE  PATH\nモデル    1 B  /a\nabc     100 B  /bb\n"


def test_problems_have_a_column_only_when_there_are_any() -> None:
    rows = [("NAME", "PROBLEM"), ("a", ""), ("b", "broken")]
    assert table(rows) == "NAME  PROBLEM\na\nb     broken\n"
