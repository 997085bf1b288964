"""The parts that attachments are shown and picked with, each alone."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from tests.support.pdf import make_pdf
from tests.support.scripted import ScriptedEngine, model_info
from tests.support.waiting import TIMEOUT, until
from tui.app.attaching import Attaching, Reading
from tui.app.file_search import FileSearch, Found
from tui.app.picking import asked_at
from tui.app.rendering.attachment_rows import CHIP_ROWS, Chip, chip_rows, estimate, stored_words, token_words
from tui.app.token_costs import TokenCosts
from tui.app.widgets.entries import UserEntry
from tui.app.widgets.file_picker import FilePicker
from tui.app.widgets.lines import line_width
from tui.services.attachments_offer import Offer, Offers
from tui.services.model_host import ModelHost
from tui.store.records import Attachment

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("@", (0, "")),
        ("@src/ma", (0, "src/ma")),
        ("see @a", (4, "a")),
        ("(@a", (1, "a")),
        ("要約して@notes", (4, "notes")),
        ('@"my docs/a b', (0, "my docs/a b")),
        ("@node_modules/@types/x", (0, "node_modules/@types/x")),
        ("me@example.org", None),
        ("see me@a", None),
        ("@a b", None),
        ("x@", None),
        ("", None),
    ],
)
def test_where_files_are_asked_for(line: str, found: tuple[int, str] | None) -> None:
    assert asked_at(line, len(line)) == found


@given(ANY, st.integers(0, 40))
def test_an_at_sign_inside_a_word_asks_for_nothing(line: str, column: int) -> None:
    line = re.sub(r"(?<![a-z])@", "", line)
    assert asked_at(line, min(column, len(line))) is None


def test_the_cursor_must_be_at_the_end_of_the_word() -> None:
    assert asked_at("@abc", 2) is None
    assert asked_at("@abc, and", 4) == (0, "abc")


CHIPS = st.builds(
    Chip, ANY, st.none() | st.integers(0, 10**10), st.sampled_from(["", "12 tokens", "~1,000,000 tokens"]),
    st.sampled_from(["", "Shift_JIS", "12 pages of PDF"]),
)  # fmt: skip


@given(st.lists(CHIPS, max_size=30), st.integers(0, 10**7), st.booleans(), st.integers(0, 10**5), st.integers(0, 130))
def test_the_rows_fit_whatever_is_attached(chips: list[Chip], total: int, exact: bool, n_ctx: int, width: int) -> None:
    rows = chip_rows(chips, total, exact, n_ctx, width)
    assert len(rows) <= CHIP_ROWS + 1 and bool(rows) == (bool(chips) and width >= 8)
    for row in rows:
        assert width < 24 or line_width(row) <= width
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", "".join(text for text, _ in row))
    for chip in chips:
        assert width < 50 or line_width(chip.row(width)) <= width


def test_what_does_not_fit_the_context_is_said() -> None:
    def words(total: int, n_ctx: int, count: int = 1) -> str:
        rows = chip_rows([Chip("a.txt", 9, token_words(total, True))] * count, total, True, n_ctx, 100)
        return " ".join(" ".join("".join(text for text, _ in row).split()) for row in rows)

    assert words(5, 0) == "@a.txt 9 B 5 tokens alt+a changes"
    assert words(5, 4096, 2) == "@a.txt 9 B 5 tokens @a.txt 9 B 5 tokens 5 tokens of 4,096 alt+a changes"
    assert words(5000, 4096) == "@a.txt 9 B 5,000 tokens 5,000 tokens, more than the context of 4,096 alt+a changes"


def test_an_estimate_is_marked_as_one() -> None:
    attachment = Attachment("a", "x" * 4000)
    assert estimate(attachment) == 1000 and stored_words(attachment) == "3.91 KiB ~1,000 tokens"
    assert token_words(1, True) == "1 token"


def test_the_transcript_says_what_went_with_a_message() -> None:
    lines = UserEntry("What?", attached=[("a\x1b[31m\nb", "9 B ~3 tokens")]).lines(60)
    assert [line.plain for line in lines] == ["❯ you", "  @a^[[31m b  9 B ~3 tokens", "  What?", ""]
    assert [line.plain for line in UserEntry("", attached=[("a", "1 B")]).lines(60)] == ["❯ you", "  @a  1 B", ""]


async def test_the_model_is_asked_once_and_another_one_anew() -> None:
    engine, changed = ScriptedEngine(), list[int]()
    app: App[None] = App()
    async with app.run_test() as pilot:
        costs = TokenCosts(app, ModelHost(engine), lambda: changed.append(1))
        one = Attachment("a", "some words")
        costs.want([one])
        assert costs.of(one) == (3, False), "without a model there is an estimate"
        engine.scripted_model = model_info("/models/a.gguf")
        costs.want([one])
        await until(pilot, lambda: changed)
        assert costs.of(one) == (len("a:\n```\nsome words\n```\n\n"), True), "this engine's tokens are characters"
        engine.scripted_model = model_info("/models/b.gguf")
        assert costs.of(one) == (3, False)


class Host(App[None]):
    """A screen with a picker alone."""

    def compose(self) -> ComposeResult:
        """The picker."""
        yield FilePicker()


async def test_the_picker_shows_hostile_names_and_long_ones() -> None:
    app = Host()
    names = ["a\x1b]0;x\x07b", "[red]x[/]", "deep/" * 30 + "end.txt", "日本語/" * 20 + "終.txt"]
    async with app.run_test(size=(40, 20)) as pilot:
        picker = app.query_one(FilePicker)
        offers = Offers(tuple(Offer(name, "file", (0,)) for name in names))
        picker.show(Found("a", offers, 4, False, False))
        await pilot.pause()
        rows = picker.plain.splitlines()
        assert rows[0] == "▸ a^[]0;x^Gb" and rows[1] == "  [red]x[/]"
        assert rows[2].endswith("deep/end.txt") and rows[3].endswith("終.txt")
        assert all(line_width(line) <= 38 for line in picker.lines)
        picker.move(-1)
        assert picker.marked is not None and picker.marked.text == names[-1]
        picker.show(Found("a", Offers(()), 4, False, False))
        assert "no file is called so" in picker.plain
        picker.show(None)
        assert not picker.display and picker.answered is None


async def test_the_search_answers_the_newest_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(300):
        (tmp_path / f"file{number}.txt").write_text("x")
    answers: list[Found] = []
    app: App[None] = App()
    async with app.run_test() as pilot:
        search = FileSearch(app, answers.append)
        for query in ("f", "fi", "file29"):
            search.ask(query)
        await until(pilot, lambda: answers and answers[-1].query == "file29" and not answers[-1].reading)
        assert answers[-1].offers.offers[0].text == "file29.txt" and answers[-1].paths >= 300
        assert search.answered == "file29"
        search.close()
        count = len(answers)
        search.ask("file3")
        search.close()
        await pilot.pause()
        assert len(answers) == count and not search.is_open


async def test_pages_are_told_and_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "long.pdf"
    path.write_bytes(make_pdf(["some words"] * 1200))
    told: list[str] = []
    stopped, page = threading.Event(), Attaching._page

    def page_and_wait(attaching: Attaching, reading: Reading, number: int, count: int) -> None:
        page(attaching, reading, number, count)
        assert stopped.wait(TIMEOUT)

    monkeypatch.setattr(Attaching, "_page", page_and_wait)
    app: App[None] = App()
    async with app.run_test() as pilot:
        attaching = Attaching(app, lambda: 1 << 20, lambda: None, told.append)
        attaching.add(str(path))
        await until(pilot, lambda: re.match("page .* of 1,200", attaching.readings[0].progress))
        assert attaching.stop() and not attaching.readings and not attaching.stop()
        stopped.set()
        attaching.add(str(tmp_path / "nowhere"))
        await until(pilot, lambda: told)
        assert told == [f"{tmp_path}/nowhere is not attached: there is no such file"] and not attaching.items


async def test_of_several_the_good_ones_are_taken_and_the_others_named(tmp_path: Path) -> None:
    for name, data in (("a.txt", b"a"), ("b.bin", b"\0"), ("c.bin", b"\0"), ("d.bin", b"\0")):
        (tmp_path / name).write_bytes(data)
    told: list[str] = []
    app: App[None] = App()
    async with app.run_test() as pilot:
        attaching = Attaching(app, lambda: 1 << 20, lambda: None, told.append)
        attaching.add(f"{tmp_path}/*")
        await until(pilot, lambda: attaching.items and told)
        assert [item.attachment.text for item in attaching.items] == ["a"]
        assert "b.bin is not attached" in told[0] and "c.bin" in told[0] and told[0].endswith("; and 1 more")
        small = Attaching(app, lambda: 3, lambda: None, told.append)
        for name in ("e.txt", "f.txt"):
            (tmp_path / name).write_text("ef")
        small.add(f"{tmp_path}/[ef].txt")
        await until(pilot, lambda: len(told) == 2)
        assert "has more than 3 B of text" in told[1] and not small.items
