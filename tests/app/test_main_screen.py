"""The main screen: what is shown at which size, the help, the palette, the log, the overlays."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.widgets import Input, Log, OptionList

from tests.support.scripted import ScriptedEngine
from tests.support.tiny_gguf import write_tiny_gguf
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.commands.catalogue import APP_COMMANDS, CHAT_COMMANDS, RUN_COMMANDS
from tui.app.screens.completion import CompletionScreen
from tui.app.screens.help import HelpScreen, help_lines, help_rows
from tui.app.screens.log import LogScreen
from tui.app.screens.main import MainScreen
from tui.app.screens.models import ModelsScreen
from tui.app.screens.settings import SettingsScreen
from tui.app.status import Phase
from tui.app.widgets.key_line import KeyLine, key_line
from tui.app.widgets.model_list import ModelList
from tui.app.widgets.model_table import ModelTable
from tui.app.widgets.status_line import StatusLine
from tui.app.widgets.transcript import Transcript
from tui.catalogue.scan import entry_of
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.logs import PROGRAM, configure_logging
from tui.settings.paths import log_file
from tui.settings.settings import Settings


def visible(app: LocalLLMApp, selector: str) -> bool:
    return bool(app.main_screen.query_one(selector).region.area)


def on_main(app: LocalLLMApp) -> bool:
    return isinstance(app.screen, MainScreen)


@pytest.mark.parametrize(
    ("size", "left", "right"), [((120, 40), True, True), ((200, 50), True, True), ((80, 24), False, False)]
)
async def test_panes_fold_by_width(app: LocalLLMApp, size: tuple[int, int], left: bool, right: bool) -> None:
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        assert (visible(app, "#left"), visible(app, "#right")) == (left, right)
        await pilot.press("f6")
        await until(pilot, lambda: visible(app, "#right") is not right)
        await pilot.press("f6")
        await until(pilot, lambda: visible(app, "#right") is right)
        assert visible(app, "#prompt")


async def test_too_small_says_so(app: LocalLLMApp) -> None:
    async with app.run_test(size=(39, 9)) as pilot:
        await pilot.pause()
        assert visible(app, "#too-small") and not visible(app, "#columns")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: visible(app, "#prompt") and not visible(app, "#too-small"))


async def test_narrow_top_line_has_everything(app: LocalLLMApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        status = app.main_screen.query_one(StatusLine)
        await until(pilot, lambda: "RAM" in status.plain and "ready" in status.plain)
        for part in ("Scripted", "CPU", "RAM", "TTFT", "ctx", "4,096"):
            assert part in status.plain
        assert all(len(row) <= 78 for row in status.plain.splitlines()) and status.size.height == 2


async def test_no_model_at_all_explains_what_to_do(
    make_app: Callable[..., LocalLLMApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter(()))
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "There is no model yet" in transcript.plain)
        assert "pip install 'localllm-tui[starter]'" in transcript.plain
        assert "localllm-tui -m" in transcript.plain
        assert "/models" in transcript.plain


async def test_of_several_models_one_is_chosen_in_the_list(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [entry_of(write_tiny_gguf(tmp_path / f"{name}-F32.gguf")) for name in ("first", "second")]
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter(entries))
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.focused, ModelTable))
        models = app.main_screen.query_one(ModelList)
        await until(pilot, lambda: models.marked)
        wanted = models.marked
        assert wanted is not None
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.READY)
        assert engine.loads == [wanted.path]
        assert app.focused is app.main_screen.query_one("#prompt")


async def test_beside_the_list_too_the_only_model_is_loaded_by_the_first_message(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = entry_of(tiny_gguf)
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter([only]))
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "Enter loads tiny-random" in transcript.plain)
        await pilot.press(*"rank", "enter")  # letters that the list has keys for among them
        await until(pilot, lambda: engine.prompts)
        assert engine.loads == [tiny_gguf]


async def test_in_a_narrow_window_enter_loads_the_only_model(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = entry_of(tiny_gguf)
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter([only]))
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "Enter loads tiny-random" in transcript.plain)
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.READY)
        assert engine.loads == [tiny_gguf]
        await pilot.press("enter")
        await pilot.pause()
        assert engine.loads == [tiny_gguf] and not engine.prompts


async def test_of_several_models_enter_loads_the_one_used_last(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [write_tiny_gguf(tmp_path / f"{name}-F32.gguf") for name in ("first", "second")]
    entries = [entry_of(file) for file in files]
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter(entries))
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "F2 shows the models" in transcript.plain)
        await pilot.press("enter")
        await pilot.pause()
        assert not engine.loads
        assert app.finder.library
        app.finder.library.used(files[1])
        app.search_models()
        await until(pilot, lambda: "Enter loads second" in transcript.plain)
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.READY)
        assert engine.loads == [files[1]]


async def test_the_browser_comes_over_the_chat_and_enter_loads(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, smollm2: Path
) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.models)
        await pilot.press("f2")
        assert isinstance(app.screen, ModelsScreen)
        await pilot.press("escape")
        assert on_main(app)
        await pilot.press("f2")
        screen = app.screen
        await until(pilot, lambda: screen.query(ModelTable) and screen.query_one(ModelTable).marked)
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.READY)
        assert len(engine.loads) == 1


async def test_changed_load_settings_are_a_key_away(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
        await pilot.press("f4")
        row = app.screen.query_one("#setting-n_ctx")
        row.focus()
        await pilot.press("right", "enter")
        await until(pilot, lambda: on_main(app))
        transcript = app.main_screen.query_one(Transcript)
        assert "F9 loads the model again" in " ".join(transcript.plain.split())
        await pilot.press("f9")
        await until(pilot, lambda: len(engine.loads) == 2 and app.status.phase is Phase.READY)
        assert engine.loads[0] == engine.loads[1]
        assert engine.load_params[1].n_ctx == 4608


async def test_help_lists_every_command_that_works_here(app: LocalLLMApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        words = "\n".join("".join(text for text, _ in line) for line in help_lines(help_rows(app.screen), 110))
        for command in (*APP_COMMANDS, *CHAT_COMMANDS):
            assert command.title in words
            assert (command.key or "palette") in words
        await pilot.press("f1")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("f1")
        assert on_main(app)


async def test_help_pages_by_what_is_visible_and_has_a_beginning_and_an_end(app: LocalLLMApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        await pilot.press("f1")
        box = app.screen.query_one("#help-box")
        await until(pilot, lambda: box.max_scroll_y > 60)
        page = box.scrollable_content_region.height - 1
        assert page > 10
        await pilot.press("pagedown", "space")
        assert box.scroll_offset.y == 2 * page
        await pilot.press("pageup")
        assert box.scroll_offset.y == page
        await pilot.press("end")
        assert box.scroll_offset.y == box.max_scroll_y
        await pilot.press("home")
        assert box.scroll_offset.y == 0


def test_help_folds_to_narrow_widths() -> None:
    rows = {"Chat": [("ctrl+r", "Regenerate", "Write the last reply anew, from the beginning, once more.")]}
    for width in (30, 60, 110):
        assert all(sum(len(text) for text, _ in line) <= width for line in help_lines(rows, width))


async def test_palette_runs_a_command(app: LocalLLMApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
        await pilot.press(*"side panes")
        found = app.screen.query_one(OptionList)
        # Before the search is over the list still has what was found for fewer letters.
        await until(pilot, lambda: found.option_count == 1 and "Side panes" in str(found.get_option_at_index(0).prompt))
        await pilot.press("enter")
        await until(pilot, lambda: on_main(app) and not visible(app, "#right"))


async def test_settings_and_completion_by_key(app: LocalLLMApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        await pilot.press("f4")
        assert isinstance(app.screen, SettingsScreen)
        await pilot.press("f5")
        assert isinstance(app.screen, SettingsScreen), "a form is left before something else opens"
        await pilot.press("escape", "f5")
        assert isinstance(app.screen, CompletionScreen)
        first = app.screen
        await pilot.press("f5")
        assert on_main(app)
        await pilot.press("f5")
        assert app.screen is first, "the text is still there"


async def test_keys_line_dims_stop_while_nothing_runs(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
        keys = app.main_screen.query_one(KeyLine)
        await until(pilot, lambda: ("Esc ", "track") in keys.lines[0])
        engine.hold = True
        await pilot.press("x", "enter")
        await until(pilot, lambda: ("Esc ", "key") in keys.lines[0])


async def test_log_view_follows_and_searches(engine: ScriptedEngine) -> None:
    ring = configure_logging(log_file())
    logger = logging.getLogger(PROGRAM)
    logger.info("first line with \x1b[2J in it")
    app = LocalLLMApp(Launch(Settings()), ModelHost(engine), ring)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f8")
        assert isinstance(app.screen, LogScreen)
        lines = app.screen.query_one(Log)
        await until(pilot, lambda: any("^[[2J" in line for line in lines.lines))
        logger.info("second line")
        await until(pilot, lambda: any("second line" in line for line in lines.lines))
        await pilot.press("slash", *"second")
        await until(pilot, lambda: len(lines.lines) == 1)
        await pilot.press("escape")
        assert app.screen.query_one(Input).value == ""
        await pilot.press("escape")
        assert on_main(app)


async def test_reading_back_is_not_disturbed(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
        engine.hold = True
        await pilot.press("x", "enter")
        await until(pilot, lambda: engine.prompts)
        engine.write("line\n\n" * 60)
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: transcript.max_scroll_y > 60 and transcript.is_vertical_scroll_end)
        await pilot.press("pageup")
        at = transcript.scroll_offset.y
        engine.write("more\n\n" * 20)
        await until(pilot, lambda: "more" in transcript.plain)
        assert transcript.scroll_offset.y == at
        row = app.main_screen.query_one("#prompt-row")
        await until(pilot, lambda: "newer below (End)" in str(row.border_title))
        await pilot.press("x", "home", "end")
        assert transcript.scroll_offset.y == at
        await pilot.press("end")
        await until(pilot, lambda: transcript.is_vertical_scroll_end and not row.border_title)
        engine.write("end\n\n" * 20)
        await until(pilot, lambda: "end" in transcript.plain)
        await until(pilot, lambda: transcript.is_vertical_scroll_end)
        await pilot.press("pageup", *["pagedown"] * 3)
        await until(pilot, lambda: transcript.is_vertical_scroll_end)


async def test_selected_text_can_be_drawn_and_copied(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append("alpha beta gamma")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
        await pilot.press("x", "enter")
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "alpha beta gamma" in transcript.plain and not app.work.busy)
        row = transcript.plain.splitlines().index("  alpha beta gamma")
        await pilot.mouse_down(transcript, offset=(3, row))
        await pilot.hover(transcript, offset=(8, row))
        await pilot.mouse_up(transcript, offset=(8, row))
        assert app.main_screen.get_selected_text() == "alpha "


@pytest.mark.parametrize("width", [58, 78])
def test_the_narrowest_key_line_names_the_way_out_the_help_and_the_models(width: int) -> None:
    line = key_line([(command, True) for command in (*CHAT_COMMANDS, *RUN_COMMANDS, *APP_COMMANDS)], width)
    text = "".join(piece for piece, _ in line)
    assert all(word in text for word in ("F1 help", "F2 models", "Esc stop", "ctrl+q quit")) and len(text) <= width + 2


def test_keys_that_work_come_before_those_that_do_not() -> None:
    line = key_line([(command, command not in CHAT_COMMANDS) for command in (*CHAT_COMMANDS, *APP_COMMANDS)], 78)
    text = "".join(piece for piece, _ in line)
    assert "ctrl+g get a model" in text and "ctrl+r" not in text


async def test_a_prompt_typed_before_there_is_a_model_is_sent_once_it_is_loaded(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter([entry_of(tiny_gguf)]))
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: "Enter loads tiny-random" in transcript.plain)
        await pilot.press(*"hello", "enter")
        await until(pilot, lambda: len(engine.prompts) == 1)
        assert engine.loads == [tiny_gguf]
        await until(pilot, lambda: "hello" in transcript.plain)


async def test_no_second_palette_opens_over_a_screen_that_hides_the_first(app: LocalLLMApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p", "f1")
        await until(pilot, lambda: not isinstance(app.screen, CommandPalette) and len(app.screen_stack) == 3)
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert len(app.screen_stack) == 3
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.main_screen)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette))
