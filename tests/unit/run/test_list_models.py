"""The table of models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.tiny_gguf import write_tiny_gguf
from tui.run.list_models import list_models
from tui.run.table import shortened, table


def test_numbers_are_right_aligned_and_wide_characters_take_two_cells() -> None:
    rows = [("NAME", "SIZE", "PATH", "PROBLEM"), ("モデル", "1 B", "/a", ""), ("abc", "100 B", "/bb", "")]
    assert table(rows) == "NAME     SIZE  PATH\nモデル    1 B  /a\nabc     100 B  /bb\n"


def test_problems_have_a_column_only_when_there_are_any() -> None:
    rows = [("NAME", "PROBLEM"), ("a", ""), ("b", "broken")]
    assert table(rows) == "NAME  PROBLEM\na\nb     broken\n"


def test_names_are_cut_at_columns() -> None:
    assert shortened("a" * 60, 60) == "a" * 60
    assert shortened("a" * 61, 60) == "a" * 59 + "…"
    assert shortened("モデル", 5) == "モデ…"
    assert shortened("モデル", 4) == "モ…"


def test_a_long_name_is_cut_in_the_table_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_tiny_gguf(tmp_path / f"{'long-' * 20}name.gguf")
    assert list_models([tmp_path], as_json=False) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.index("SIZE") < 75 and any("… " in row and str(path) in row for row in rows)
    assert list_models([tmp_path], as_json=True) == 0
    assert len(next(item["name"] for item in json.loads(capsys.readouterr().out) if item["path"] == str(path))) > 60
