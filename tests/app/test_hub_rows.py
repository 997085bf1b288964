"""The rows of the Hub's screens at the widths that terminals have."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tui.app.rendering.browse_words import said_lines
from tui.app.rendering.hub_rows import result_heading, result_row, start_heading, start_row
from tui.app.widgets.dialog_keys import key_lines
from tui.app.widgets.lines import Line, line_width
from tui.catalogue.hub.curated import CURATED
from tui.catalogue.hub.values import SORTS, RepoSummary, Sort

GIB = 1024**3
NOW = datetime(2026, 3, 1, tzinfo=UTC)
FOUND = RepoSummary(
    "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF", 123_456, 789, datetime(2026, 2, 1, tzinfo=UTC), gated=True,
    parameters=8_030_000_000,
)  # fmt: skip


def plain(line: Line) -> str:
    return "".join(text for text, _ in line)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("width", [60, 78, 95, 96, 118, 200])
def test_headings_stand_over_their_columns(width: int, sort: Sort) -> None:
    heading = plain(result_heading(width, sort))
    (line,) = result_row(FOUND, width, NOW, 16 * GIB, sort)
    row = plain(line)
    assert line_width(line) == width
    assert "loads" not in heading.replace("downloads", "")
    shown = {"params": "8.0B", "as Q4_K_M": "fits", "downloads": "123k", "likes": "789", "updated": "4 weeks"}
    for title, value in shown.items():
        assert (title in heading) == (value in row)
        if title in heading:
            assert heading.index(title) + len(title) == row.index(value) + len(value)
    assert "as Q4_K_M" in heading and " gated" in row
    if sort != "trending":
        assert sort in heading


@pytest.mark.parametrize(("available", "word"), [(16 * GIB, "fits"), (6 * GIB, "tight"), (2 * GIB, "too big")])
def test_results_say_whether_their_usual_quantization_fits(available: int, word: str) -> None:
    (line,) = result_row(FOUND, 78, NOW, available)
    assert word in plain(line)


def test_a_repository_of_unknown_size_has_no_mark() -> None:
    (line,) = result_row(RepoSummary("a/b"), 78, NOW, GIB)
    assert not any(word in plain(line) for word in ("fits", "tight", "too big"))


@pytest.mark.parametrize("width", [78, 118, 198])
def test_the_start_list_says_how_fast_each_may_be(width: int) -> None:
    heading = plain(start_heading(width))
    assert all(word in heading for word in ("model", "download", "memory", "speed", "for"))
    (line,) = start_row(CURATED[0], width, 16 * GIB, 12.34)
    assert "~12.3 tok/s" in plain(line)
    assert plain(line).index("~12.3 tok/s") + len("~12.3 tok/s") == heading.index("speed") + len("speed")
    assert line_width(line) <= width
    (unknown,) = start_row(CURATED[0], width, 16 * GIB)
    assert "tok/s" not in plain(unknown)


@pytest.mark.parametrize("width", [30, 50, 80])
def test_the_keys_of_a_dialog_are_folded_between_them(width: int) -> None:
    lines = key_lines((("enter", "check it now"), ("ctrl+s", "check and keep it"), ("esc", "back")), width)
    text = [plain(line).rstrip() for line in lines]
    assert max(map(len, text)) <= width
    assert "   ".join(text) == "enter check it now   ctrl+s check and keep it   esc back"


def test_an_answer_is_shown_to_its_end() -> None:
    words = "x cannot be deleted: it belongs to a Python package. To remove it: pip uninstall a-package-of-some-name"
    lines = said_lines(words, "error", 40)
    assert " ".join(plain(line) for line in lines) == words
    assert len(lines) == 3
