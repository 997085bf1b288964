"""What the browser shows of many models, without a screen: order, filter, columns, words."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.support.damaged import write_unknown_architecture
from tui.app.rendering.browse import Known, Shelf, Sort, View
from tui.app.rendering.browse_words import empty_lines, foot_line, title_line
from tui.app.rendering.model_columns import DAY, MARKS, columns, heading, row, used_words
from tui.app.rendering.model_description import description_lines
from tui.app.widgets.glyphs import ASCII, UNICODE
from tui.catalogue.entry import Kind, ModelEntry
from tui.core.errors import ModelFileError
from tui.core.parameters import LoadParams
from tui.engine.planner import Plan
from tui.services.describe import describe

GIB = 1024**3
NOW = 1_800_000_000.0


def entry(
    name: str, size: int = GIB, parameters: int | None = 1_200_000_000, problem: str = "", kind: Kind = "model"
) -> ModelEntry:
    return ModelEntry(
        Path(f"/models/{name}-Q4_K_M.gguf"), name, size, "Q4_K_M", parameters, "llama", 8192, True, "huggingface",
        "owner/name", problem, kind=kind,
    )  # fmt: skip


class Memory:
    """Remembers what the test says."""

    def __init__(self, favourites: tuple[str, ...] = (), used: dict[str, float] | None = None) -> None:
        self.favourites, self.used = favourites, used or {}

    def is_favourite(self, entry: ModelEntry) -> bool:
        return entry.name in self.favourites

    def last_used(self, entry: ModelEntry) -> float | None:
        return self.used.get(entry.name)


MODELS = (
    entry("beta-7B", 4 * GIB, 7_000_000_000),
    entry("alpha-1B", GIB, 1_000_000_000),
    entry("gamma-70B", 40 * GIB, 70_000_000_000),
    entry("Delta-3B", 6 * GIB, 3_000_000_000),
    entry("broken", 10, None, "broken is truncated"),
    entry("vision", 2 * GIB, None, "the image part of a model", "mmproj"),
)


def shelf(memory: Memory | None = None) -> Shelf:
    shelf = Shelf()
    shelf.take(MODELS, memory or Memory(), 8 * GIB)
    return shelf


def names(view: View, memory: Memory | None = None) -> list[str]:
    return [entry.name for entry in shelf(memory).rows(view)]


def test_by_name_letters_of_both_cases_together_and_what_is_no_model_last() -> None:
    assert names(View()) == ["alpha-1B", "beta-7B", "broken", "Delta-3B", "gamma-70B", "vision"]
    assert names(View(reverse=True)) == ["gamma-70B", "Delta-3B", "broken", "beta-7B", "alpha-1B", "vision"]


def test_by_size_and_parameters_the_most_first() -> None:
    assert names(View(sort=Sort.SIZE))[:3] == ["gamma-70B", "Delta-3B", "beta-7B"]
    assert names(View(sort=Sort.PARAMETERS)) == ["gamma-70B", "beta-7B", "Delta-3B", "alpha-1B", "broken", "vision"]


def test_what_cannot_be_sorted_stays_below_whichever_way_round() -> None:
    view = View(sort=Sort.PARAMETERS, reverse=True)
    assert names(view) == ["alpha-1B", "Delta-3B", "beta-7B", "gamma-70B", "broken", "vision"]


def test_by_last_use() -> None:
    memory = Memory(used={"Delta-3B": NOW, "alpha-1B": NOW - DAY})
    assert names(View(sort=Sort.USED), memory)[:2] == ["Delta-3B", "alpha-1B"]
    assert names(View(sort=Sort.USED, reverse=True), memory)[:2] == ["alpha-1B", "Delta-3B"]


def test_by_fit() -> None:
    assert names(View(sort=Sort.FIT))[:4] == ["alpha-1B", "beta-7B", "Delta-3B", "gamma-70B"]
    assert names(View(sort=Sort.FIT, reverse=True))[0] == "gamma-70B"


def test_favourites_first_or_among_the_others() -> None:
    memory = Memory(favourites=("gamma-70B",))
    assert names(View(), memory)[0] == "gamma-70B"
    assert names(View(favourites_first=False), memory)[0] == "alpha-1B"
    assert names(View(reverse=True), Memory(favourites=("alpha-1B",)))[0] == "alpha-1B"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("7b beta", ["beta-7B"]),
        ("LLAMA hugging delta", ["Delta-3B"]),
        ("q4_k_m alpha", ["alpha-1B"]),
        ("mmproj", ["vision"]),
        ("broken", ["broken"]),
        ("nothing of it", []),
        ("   ", ["alpha-1B", "beta-7B", "broken", "Delta-3B", "gamma-70B", "vision"]),
    ],
)
def test_all_words_in_any_order_wherever_they_are(query: str, found: list[str]) -> None:
    assert names(View(query)) == found


def test_the_kinds_of_order_come_round() -> None:
    view = View(reverse=True)
    seen = []
    for _ in Sort:
        view = view.sorted_by_next()
        seen.append(view.sort)
    assert set(seen) == set(Sort) and view.sort is Sort.NAME and not view.reverse


@pytest.mark.parametrize("width", [24, 36, 40, 55, 69, 78, 98, 120, 150, 200])
@pytest.mark.parametrize("name", ["short", "a-very-long-name-" * 9, "日本語のモデル" * 8, "[b]x\x1b[2J"])
def test_rows_and_heading_have_exactly_the_width(width: int, name: str) -> None:
    rows = [row(replace(model, name=name), Known(True, NOW), width, UNICODE, available=8 * GIB, now=NOW)
            for model in MODELS]  # fmt: skip
    for line in (*rows, heading(width, View(sort=Sort.PARAMETERS), UNICODE)):
        assert cell_len("".join(text for text, _ in line)) == width
        assert "\x1b" not in "".join(text for text, _ in line)


def test_what_the_rows_are_sorted_by_is_to_be_seen() -> None:
    for width in (50, 60, 69):
        assert not columns(width).used and columns(width, Sort.USED).used
        assert "last used▾" in "".join(text for text, _ in heading(width, View(sort=Sort.USED), UNICODE))


def test_numbers_end_in_the_same_column() -> None:
    for width in (60, 78, 120):
        share = columns(width)
        end = MARKS + share.name + share.parameters + share.quantization + share.size
        for model in MODELS:
            line = "".join(text for text, _ in row(model, Known(), width, ASCII, available=GIB))
            assert line[end - 2 :].startswith((" B  ", "iB  ")), line


def test_the_word_for_memory_shows_at_every_width() -> None:
    for width in range(30, 200, 7):
        words = ["".join(text for text, _ in row(model, Known(), width, ASCII, available=8 * GIB)) for model in MODELS]
        for line, word in zip(words, ("fits", "fits", "too big", "tight", "broken", "mmproj"), strict=True):
            assert word in line


def test_the_name_gives_way_to_no_column_before_it_has_room() -> None:
    assert columns(78).name >= 18 and columns(78).used and not columns(78).source
    assert columns(69).name >= 16 and columns(118).source
    assert columns(24).name >= 8


def test_marks_need_no_colour() -> None:
    text = "".join(text for text, _ in row(MODELS[0], Known(True), 60, ASCII, available=GIB, loaded=True, marked=True))
    assert text.startswith(">*+ beta-7B")


def test_the_sorted_column_has_an_arrow_and_the_title_says_it_in_words() -> None:
    assert "size▾" in "".join(text for text, _ in heading(100, View(sort=Sort.SIZE), UNICODE))
    assert "size▴" in "".join(text for text, _ in heading(100, View(sort=Sort.SIZE, reverse=True), UNICODE))
    assert "name▴" in "".join(text for text, _ in heading(100, View(), UNICODE))
    line = "".join(text for text, _ in title_line(3, 2000, False, View("x", Sort.USED), 100))
    assert "3 of 2,000" in line and "by last use, latest first" in line and cell_len(line) == 100


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (0, "now"), (-5, "now"), (7200, "2 hours"), (DAY, "1 day"), (13 * DAY, "13 days"), (14 * DAY, "2 weeks"),
        (70 * DAY, "2 months"), (700 * DAY, "23 months"), (1100 * DAY, "3 years"),
    ],
)  # fmt: skip
def test_how_long_ago(ago: float, words: str) -> None:
    assert used_words(NOW - ago, NOW) == words
    assert len(words) <= 9


def test_the_foot_counts_and_drops_what_has_no_room() -> None:
    text = "".join(text for text, _ in foot_line(MODELS, 3 * GIB, 8 * GIB, 120))
    assert "5 models" in text and "3.00 GiB on disk" in text and "1 other file" in text and "1 broken" in text
    for width in (20, 40, 60):
        assert cell_len("".join(text for text, _ in foot_line(MODELS, 3 * GIB, 8 * GIB, width))) <= width


def test_an_empty_machine_is_told_the_three_ways() -> None:
    text = "\n".join("".join(text for text, _ in line) for line in empty_lines(Path("/home/me/models"), False, 80))
    assert "ctrl+g" in text and "[starter]" in text and "/home/me/models" in text and "F4" in text
    offline = "\n".join("".join(text for text, _ in line) for line in empty_lines(Path("/m"), True, 80))
    assert "switched off" in offline and "ctrl+g" not in offline


def test_a_known_order_is_kept_while_the_person_types() -> None:
    many = tuple(entry(f"m{random.Random(at).random()}", at) for at in range(50))
    full = Shelf()
    full.take(many, None, GIB)
    first = full.rows(View("m0"))
    assert [one.name for one in first] == sorted(one.name for one in first)
    again = (*many, entry("m0a"))
    full.take(again, None, GIB)
    assert "m0a" in [one.name for one in full.rows(View("m0"))]


def test_a_filter_typed_letter_by_letter_finds_what_it_finds_at_once() -> None:
    rng, typed = random.Random(5), shelf()
    query = ""
    for _ in range(300):
        query = query[:-1] if query and rng.random() < 0.4 else query + rng.choice("abelt -137gm")
        view = View(query=query, sort=rng.choice([Sort.NAME, Sort.SIZE]), reverse=rng.random() < 0.3)
        assert typed.rows(view) == shelf().rows(view), query


@pytest.mark.parametrize("refused", [False, True])
def test_what_llama_cpp_refuses_does_not_fit(tmp_path: Path, refused: bool) -> None:
    def plan(path: Path, load: LoadParams) -> Plan:
        raise ModelFileError("it cannot be loaded", why="unknown model architecture")

    path = write_unknown_architecture(tmp_path / "odd.gguf")
    described = describe(path, LoadParams(), ask=plan if refused else None, available=8 * GIB)
    lines = description_lines(replace(MODELS[0], problem=""), Known(), described, "", 80, UNICODE)
    pieces = [(text, role) for line in lines for text, role in line]
    words = " ".join(text for text, _ in pieces)
    assert ("cannot be loaded: it would need" in words) is refused
    assert ("fits: needs" in words) is not refused
    assert refused == any(role == "error" and "cannot be loaded: it" in text for text, role in pieces)
