"""The models beside the chat: rows, marks, filter, detail, hostile names."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.widgets import Input

from tests.support.scripted import model_info
from tests.support.waiting import until
from tui.app.rendering.model_rows import cut_left, row
from tui.app.widgets.model_detail import ModelDetail
from tui.app.widgets.model_list import ModelList
from tui.app.widgets.model_table import ModelTable
from tui.catalogue.entry import Kind, ModelEntry
from tui.catalogue.scan import entry_of

GIB = 1024**3


def entry(name: str, size: int = GIB, problem: str = "", kind: Kind = "model") -> ModelEntry:
    parameters = None if problem else 1_200_000_000
    return ModelEntry(
        Path(f"/models/{name}-Q4_K_M.gguf"), name, size, "Q4_K_M", parameters, "" if problem else "llama", 8192, True,
        "folder", "/models", problem, kind=kind,
    )  # fmt: skip


class ListApp(App[None]):
    """The list in a column of the main screen's width."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[Path] = []

    def compose(self) -> ComposeResult:
        self.models = ModelList()
        self.models.styles.width = 28
        yield self.models

    def on_model_list_chosen(self, message: ModelList.Chosen) -> None:
        self.chosen.append(message.path)

    @property
    def detail(self) -> str:
        return " ".join(self.query_one(ModelDetail).plain.split())


@pytest.mark.parametrize("width", [24, 28, 40])
@pytest.mark.parametrize("name", ["short", "a-very-long-name-" * 9, "日本語のモデル" * 8])
def test_a_row_has_exactly_the_width_and_says_whether_the_model_fits(width: int, name: str) -> None:
    text = "".join(piece for piece, _ in row(entry(name), True, 8 * GIB, width, "▸"))
    assert cell_len(text) == width
    assert "fits" in text and text.startswith("▸ ")


def test_the_word_says_what_the_colour_says() -> None:
    words = {
        role: word.strip()
        for size in (1, 6, 20)
        for word, role in row(entry("m", size * GIB), False, 8 * GIB, 24, "▸")[2:]
    }
    assert words == {"fits": "fits", "tight": "tight", "no": "too big"}
    assert row(entry("m", problem="truncated"), False, 8 * GIB, 24, "▸")[2] == ("  broken", "problem")


def test_of_a_long_path_the_file_name_is_kept() -> None:
    assert cut_left("/a/b/日本/model.gguf", 12).endswith("model.gguf")


async def test_the_list_fills_while_models_are_found_and_keeps_the_mark() -> None:
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((entry("one"), entry("two")), searching=True)
        await until(pilot, lambda: len(app.models.shown) == 2)
        app.models.focus()
        await pilot.press("down")
        await until(pilot, lambda: app.models.marked == entry("two"))
        app.models.show((entry("one"), entry("two"), entry("three")))
        await until(pilot, lambda: len(app.models.shown) == 3)
        assert app.models.marked == entry("two")
        await pilot.press("enter")
        await until(pilot, lambda: app.chosen == [entry("two").path])


async def test_what_is_no_model_is_left_to_the_browser() -> None:
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((entry("one"), entry("clip", kind="mmproj", problem="the image part of a model")))
        await until(pilot, lambda: len(app.models.shown) == 1)


async def test_a_broken_file_tells_why_and_is_not_chosen() -> None:
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((entry("bad", problem="bad.gguf is truncated: 12 of 20 MiB"),))
        await until(pilot, lambda: "is truncated" in app.detail)
        app.models.focus()
        await pilot.press("enter")
        assert not app.chosen


async def test_the_loaded_model_is_marked() -> None:
    app = ListApp()
    loaded = model_info(str(entry("two").path))
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((entry("one"), entry("two")), loaded=loaded)
        await until(pilot, lambda: len(app.models.shown) == 2)
        assert app.models.shown[1].startswith("▸") and not app.models.shown[0].startswith("▸")
        assert app.models.marked == entry("two")


async def test_typing_filters_and_escape_shows_all() -> None:
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((entry("gemma-2b"), entry("llama-1b"), entry("llama-8b")))
        await until(pilot, lambda: len(app.models.shown) == 3)
        app.models.focus()
        await pilot.press("slash", *"8 llama")
        await until(pilot, lambda: [r.strip().split()[0] for r in app.models.shown] == ["llama-8b"])
        await pilot.press("enter")
        await until(pilot, lambda: app.query_one(ModelTable).has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.models.shown) == 3 and not app.query_one(Input).display)


async def test_the_detail_tells_what_a_load_takes(tiny_gguf: Path) -> None:
    found = entry_of(tiny_gguf)
    assert found is not None
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((found,))
        await until(pilot, lambda: "needs about" in app.detail and "tokens of context" in app.detail)
        assert "at 4,096 tokens of context" in app.detail
        assert "chat template" in app.detail and "llama" in app.detail


async def test_without_models_it_says_what_to_do() -> None:
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show(())
        await until(pilot, lambda: app.query_one(".model-list--empty").display)
        words = app.models._empty_words()
        assert "ctrl+g" in words and "pip install 'localllm-tui[starter]'" in words and "-m FILE" in words
        app.models.show((), searching=True)
        assert app.models._empty_words() == ""


async def test_hostile_names_are_shown_and_never_obeyed() -> None:
    name = "[bold]x[/]\x1b[2J\u202egpj[@click=app.quit]"
    app = ListApp()
    async with app.run_test(size=(120, 40)) as pilot:
        app.models.show((entry(name), entry("evil [/no", problem="[/oops] \x1b]0;x\x07")))
        await until(pilot, lambda: "[bold]x[/]^[[2J" in "".join(app.models.shown))
        app.models.focus()
        await pilot.press("down")
        await until(pilot, lambda: "[/oops] ^[]0;x^G" in app.detail)
