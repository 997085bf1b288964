"""The model browser in the application, with the real library on real files."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.scripted import ScriptedEngine
from tests.support.sparse_models import write_many, write_sparse
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.commands.models import MODEL_COMMANDS
from tui.app.screens.delete_model import DeleteModelScreen
from tui.app.screens.help import HelpScreen, HelpText
from tui.app.screens.main import MainScreen
from tui.app.screens.model_metadata import MetadataLines, ModelMetadataScreen
from tui.app.screens.models import ModelsScreen
from tui.app.status import Phase
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import Line
from tui.catalogue.entry import ModelEntry
from tui.settings.settings import Settings

MakeApp = Callable[..., LocalLLMApp]
SIZES = [(80, 24), (120, 40), (200, 50)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where models are: the packages that the tests have are out of sight."""
    monkeypatch.setattr("tui.catalogue.found.packaged_ggufs", lambda: iter(()))
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def browse(make_app: MakeApp, folder: Path) -> Callable[[], LocalLLMApp]:
    """The application that looks into the folder."""

    def make() -> LocalLLMApp:
        return make_app(settings=Settings().replace(model_dirs=(str(folder),)))

    return make


def fill(folder: Path) -> None:
    for name, parameters in (("alpha-1B", 10**9), ("beta-7B", 7 * 10**9), ("gamma-3B", 3 * 10**9)):
        write_sparse(folder / f"{name}-Q4_K_M.gguf", name, "llama", parameters)


async def opened(pilot: Pilot[int], app: LocalLLMApp, rows: int) -> ModelsScreen:
    """The browser, once the search is over."""
    await pilot.press("f2")
    await until(pilot, lambda: isinstance(app.screen, ModelsScreen) and app.screen.query("#browse-table"))
    screen = app.screen
    assert isinstance(screen, ModelsScreen)
    await until(pilot, lambda: not app.searching and len(screen.table.rows) == rows)
    return screen


def names(screen: ModelsScreen) -> list[str]:
    return [entry.path.name.partition("-")[0] for entry in screen.table.rows]


def marked(screen: ModelsScreen) -> str:
    entry = screen.table.marked
    return entry.path.name.partition("-")[0] if entry else ""


def bar(screen: ModelsScreen, name: str) -> str:
    return screen.query_one(f"#browse-{name}", BrowseBar).plain


@pytest.mark.parametrize("size", SIZES)
async def test_f2_opens_it_at_every_width_and_leaves_it(
    browse: Callable[[], LocalLLMApp], folder: Path, size: tuple[int, int]
) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot, app, 3)
        await until(pilot, lambda: "3 models" in bar(screen, "foot"))
        assert names(screen) == ["alpha", "beta", "gamma"]
        assert bool(screen.detail.region.area) is (size[0] >= 100)
        keys = screen.query_one(KeyLine).plain
        assert "/ filter" in keys and "enter load" in keys and "F1 help" in keys and "Esc back" in keys
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))
        await opened(pilot, app, 3)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


async def test_enter_loads_the_marked_model_and_it_is_remembered(
    browse: Callable[[], LocalLLMApp], folder: Path, engine: ScriptedEngine
) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, 3)
        await pilot.press("down", "enter")
        await until(pilot, lambda: app.status.phase is Phase.READY and isinstance(app.screen, MainScreen))
        assert engine.loads == [folder / "beta-7B-Q4_K_M.gguf"]
        assert app.focused is app.main_screen.query_one("#prompt")
        library = app.finder.library
        assert library is not None
        beta = next(entry for entry in app.models if entry.name.startswith("beta"))
        await until(pilot, lambda: library.last_used(beta) is not None)
        screen = await opened(pilot, app, 3)
        await pilot.press("s", "s")
        assert marked(screen) == "beta", "the loaded model is where one begins"
        await until(pilot, lambda: any("●" in row and "now" in row for row in screen.table.shown))


async def test_letters_typed_at_once_behind_the_slash_are_the_filter(
    browse: Callable[[], LocalLLMApp], folder: Path
) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("end")
        assert marked(screen) == "gamma"
        await pilot.press("slash", *"7B Bet/")
        field = screen.query_one("#browse-filter", Input)
        await until(pilot, lambda: field.value == "7B Bet/")
        await until(pilot, lambda: "No model has all of: 7B Bet/" in bar(screen, "empty"))
        await pilot.press("backspace")
        await until(pilot, lambda: names(screen) == ["beta"] and marked(screen) == "beta")
        assert "1 of 3" in bar(screen, "title")
        await pilot.press("enter")
        await until(pilot, lambda: screen.table.has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: names(screen) == ["alpha", "beta", "gamma"])
        assert marked(screen) == "gamma", "what was marked before is marked again"
        assert isinstance(app.screen, ModelsScreen)


async def test_the_order_goes_round_and_stays_when_one_comes_back(
    browse: Callable[[], LocalLLMApp], folder: Path
) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("end", "s")
        await until(pilot, lambda: names(screen) == ["beta", "gamma", "alpha"])
        assert "size▾" in bar(screen, "heading") and "by size, largest first" in bar(screen, "title")
        assert marked(screen) == "gamma", "the mark stays on its model"
        await pilot.press("S")
        await until(pilot, lambda: names(screen) == ["alpha", "gamma", "beta"])
        await pilot.press("escape")
        screen = await opened(pilot, app, 3)
        assert names(screen) == ["alpha", "gamma", "beta"]


async def test_favourites_are_first_and_kept_on_disk(browse: Callable[[], LocalLLMApp], folder: Path) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("end", "f")
        await until(pilot, lambda: names(screen)[0] == "gamma" and "★" in screen.table.shown[0])
        assert marked(screen) == "gamma"
        await pilot.press("F")
        await until(pilot, lambda: names(screen)[-1] == "gamma")
    again = browse()
    async with again.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, again, 3)
        assert names(screen)[0] == "gamma"


async def test_deleting_asks_first_and_says_what_it_frees(browse: Callable[[], LocalLLMApp], folder: Path) -> None:
    fill(folder)
    (folder / "beta-7B-Q4_K_M.gguf").unlink()
    (folder / "beta-7B-Q4_K_M.gguf").write_bytes((folder / "alpha-1B-Q4_K_M.gguf").read_bytes()[:4096])
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("down", "d")
        await until(pilot, lambda: isinstance(app.screen, DeleteModelScreen))
        dialog = app.screen
        assert isinstance(dialog, DeleteModelScreen)
        await until(pilot, lambda: "beta-7B-Q4_K_M.gguf" in "".join(dialog.plain.split()))
        assert "4.00 KiB will be freed" in dialog.plain
        await pilot.press("enter", "escape")
        await until(pilot, lambda: isinstance(app.screen, ModelsScreen))
        assert (folder / "beta-7B-Q4_K_M.gguf").exists()
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DeleteModelScreen))
        await pilot.press("y")
        await until(pilot, lambda: names(screen) == ["alpha", "gamma"])
        assert not (folder / "beta-7B-Q4_K_M.gguf").exists()
        assert marked(screen) == "gamma", "the next row takes its place"
        await until(pilot, lambda: "deleted beta" in bar(screen, "foot"))


async def test_files_that_come_and_go_are_seen_and_filter_and_mark_stay(
    browse: Callable[[], LocalLLMApp], folder: Path
) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("slash", *"llama", "enter", "down")
        await until(pilot, lambda: marked(screen) == "beta")
        write_sparse(folder / "aaa-1B-Q8_0.gguf", "aaa", "llama", 10**9, ("Q8_0", 7, 8))
        await until(pilot, lambda: names(screen) == ["aaa", "alpha", "beta", "gamma"])
        assert marked(screen) == "beta" and screen.view.query == "llama"
        os.unlink(folder / "alpha-1B-Q4_K_M.gguf")
        await until(pilot, lambda: names(screen) == ["aaa", "beta", "gamma"])
        assert marked(screen) == "beta" and screen.view.query == "llama"


async def test_the_path_is_copied(browse: Callable[[], LocalLLMApp], folder: Path) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("y")
        assert app.clipboard == str(folder / "alpha-1B-Q4_K_M.gguf")
        assert "copied" in bar(screen, "foot")
        await pilot.press("down")
        await until(pilot, lambda: "copied" not in bar(screen, "foot"))


@pytest.mark.parametrize("key", ["down", "space", "s", "slash", "m"])
async def test_what_is_said_is_over_with_the_next_key(
    browse: Callable[[], LocalLLMApp], folder: Path, key: str
) -> None:
    write_sparse(folder / "alpha-1B-Q4_K_M.gguf", "alpha", "llama", 10**9)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 1)
        await until(pilot, lambda: screen.detail.description is not None)
        await pilot.press("y")
        await until(pilot, lambda: "copied" in bar(screen, "foot"))
        await pilot.press(key)
        await until(pilot, lambda: bar(screen, "foot").startswith("1 model"))


async def test_the_description_has_the_exact_plan_and_what_lies_beside(
    browse: Callable[[], LocalLLMApp], folder: Path, tiny_gguf: Path
) -> None:
    (folder / "tiny-random-F32.gguf").write_bytes(tiny_gguf.read_bytes())
    app = browse()
    async with app.run_test(size=(200, 50)) as pilot:
        screen = await opened(pilot, app, 1)
        await until(pilot, lambda: "as llama.cpp plans it" in screen.detail.plain)
        text = screen.detail.plain
        for part in ("MEMORY", "weights", "90.0 MiB", "KV cache", "compute", "TENSORS", "F32", "FILE", "never here"):
            assert part in text
        assert str(folder / "tiny-random-F32.gguf") in "".join(text.split())


async def test_where_there_is_little_room_the_description_is_a_page(
    browse: Callable[[], LocalLLMApp], folder: Path
) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app, 3)
        await pilot.press("space")
        await until(pilot, lambda: screen.detail.region.area and not screen.table.region.area)
        await until(pilot, lambda: "TENSORS" in screen.detail.plain)
        await pilot.press("pagedown", "escape")
        await until(pilot, lambda: screen.table.region.area and screen.table.has_focus)
        assert isinstance(app.screen, ModelsScreen)


async def test_a_broken_file_stays_with_its_reason_and_is_not_loaded(
    browse: Callable[[], LocalLLMApp], folder: Path, engine: ScriptedEngine
) -> None:
    (folder / "broken-7B-Q4_K_M.gguf").write_bytes(b"")
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 1)
        assert "broken" in screen.table.shown[0]
        await until(pilot, lambda: "empty" in screen.detail.plain)
        await pilot.press("enter")
        await until(pilot, lambda: "cannot be loaded" in bar(screen, "foot"))
        assert isinstance(app.screen, ModelsScreen) and not engine.loads


async def test_all_metadata_with_a_filter_of_its_own(browse: Callable[[], LocalLLMApp], folder: Path) -> None:
    write_sparse(folder / "evil-1B-Q4_K_M.gguf", "[bold]evil[/]\x1b[2J[@click=app.quit]", "llama", 10**9)
    app = browse()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app, 1)
        await until(pilot, lambda: screen.detail.description is not None)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, ModelMetadataScreen) and app.screen.query(BrowseBar))
        lines = app.screen.query_one(MetadataLines)
        await until(pilot, lambda: "general.name" in lines.plain)
        assert "[bold]evil[/]^[[2J[@click=app.quit]" in lines.plain
        await pilot.press("slash", *"count head")
        await until(pilot, lambda: len(lines.plain.splitlines()) == 2)
        assert (
            "llama.attention.head_count_kv" in lines.plain
            and "2 of 10 keys" in app.screen.query_one("#metadata-title", BrowseBar).plain
        )
        await pilot.press("escape")
        await until(pilot, lambda: "general.name" in lines.plain)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)


async def test_an_empty_machine_is_told_what_to_do(browse: Callable[[], LocalLLMApp], folder: Path) -> None:
    app = browse()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app, 0)
        await until(pilot, lambda: "ctrl+g" in bar(screen, "empty"))
        await pilot.press("enter", "d", "f", "y", "m", "space", "down", "s")
        assert isinstance(app.screen, ModelsScreen)
        write_sparse(folder / "first-1B-Q4_K_M.gguf", "first", "llama", 10**9)
        await until(pilot, lambda: names(screen) == ["first"])


async def test_two_thousand_models_draw_only_what_is_in_view(
    browse: Callable[[], LocalLLMApp], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_many(folder, 2000)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(pilot, app, 2000)
        drawn: list[str] = []
        draw = screen.table._draw_row

        def counted(entry: ModelEntry, width: int, marked: bool) -> Line:
            drawn.append(entry.name)
            return draw(entry, width, marked)

        await pilot.pause()  # the rows that came last are drawn
        monkeypatch.setattr(screen.table, "_draw_row", counted)
        await pilot.press("down")
        await pilot.pause()
        assert 0 < len(drawn) <= 4, "one step draws two rows"
        drawn.clear()
        await pilot.press("slash", "q")
        await until(pilot, lambda: len(screen.table.rows) < 2000)
        await pilot.pause()
        assert 0 < len(drawn) <= 3 * 40


async def test_help_and_palette_know_its_commands(browse: Callable[[], LocalLLMApp], folder: Path) -> None:
    fill(folder)
    app = browse()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(pilot, app, 3)
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.query(HelpText))
        words = app.screen.query_one(HelpText).plain
        for command in MODEL_COMMANDS:
            assert command.title in words and command.key in words
        assert len({command.id for command in MODEL_COMMANDS}) == len(MODEL_COMMANDS)


@pytest.mark.parametrize("term", ["xterm", "linux"])
async def test_poor_terminals_see_the_marks(
    browse: Callable[[], LocalLLMApp], folder: Path, term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", "1")
    fill(folder)
    app = browse()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, app, 3)
        strip = screen.table.render_line(0)
        assert strip.text.strip()[0] in "▸>"
        assert any(segment.style and segment.style.reverse for segment in strip)
        assert not any(segment.style and segment.style.reverse for segment in screen.table.render_line(1))
