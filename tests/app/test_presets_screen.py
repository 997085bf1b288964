"""The list of presets: find, make, edit, rename, import, delete and bring back."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.app.test_chats_last import MODEL, SIZE, ready
from tests.app.test_presets import KIND, READY, make, opened
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.preset_rows import preview_lines
from tui.app.screens.editor import EditorScreen
from tui.app.screens.help import HelpScreen
from tui.app.screens.presets_making import PresetsScreen
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.preset_preview import PresetPreview
from tui.app.widgets.safe_text_area import SafeTextArea
from tui.core.messages import Message
from tui.services.presets import Entry, Presets
from tui.settings.preset_file import Preset
from tui.settings.settings import Settings


@pytest.fixture(autouse=True)
def no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's terminal cannot be lent, so presets are edited in the program."""
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.delenv("VISUAL", raising=False)


def names(screen: PresetsScreen) -> list[str]:
    """What is listed, the settings alone left out."""
    return [entry.name for entry in screen.rows.items if entry.name]


def preview(screen: PresetsScreen) -> str:
    """What is said of the marked one."""
    return " ".join(screen.query_one(PresetPreview).plain.split())


def said(screen: PresetsScreen) -> str:
    """The line under the rows."""
    return screen.query_one("#presets-foot", BrowseBar).plain


async def name_it(pilot: Pilot[int], screen: PresetsScreen, name: str) -> None:
    """Answer the question for a name."""
    await until(pilot, lambda: screen.has_class("naming"))
    screen.query_one("#presets-name", Input).value = name
    await pilot.press("enter")


async def test_one_escape_leaves_an_empty_list_wherever_the_focus_went(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: screen.has_class("none"))
        screen.remove_class("none")
        screen.set_focus(screen.query_one(PresetPreview))
        screen.add_class("none")  # it goes out of sight with the focus on it
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_an_empty_list_says_what_to_press_and_has_examples(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: screen.has_class("none"))
        assert "There is no preset yet." in screen.query_one("#presets-empty", BrowseBar).plain
        assert not Presets().entries(), "examples are written on request only"
        await pilot.press("x")
        await until(pilot, lambda: "translate" in names(screen) and screen.rows.has_focus)
        await pilot.press("down", "enter")
        await until(pilot, lambda: names(screen) == ["code-review"])
        await until(pilot, lambda: "code-review is yours now" in said(screen))
        await until(pilot, lambda: "Which programming language (unless told: Python)" in preview(screen))
        await pilot.press("x", "escape", "escape")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_the_filter_and_what_a_preset_says(make_app: Callable[..., LocalLLMApp]) -> None:
    make(KIND, READY)
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: names(screen) == ["kind", "ready"])
        await pilot.press("slash", *"be kind")
        await until(pilot, lambda: names(screen) == ["kind"])
        await until(pilot, lambda: "Kind answers For bad days. SYSTEM PROMPT Be kind." in preview(screen))
        assert "Temperature 0.2 instead of 0.8" in preview(screen)
        await pilot.press("backspace", *"xx")
        await until(pilot, lambda: screen.has_class("none"))
        await pilot.press("escape")
        await until(pilot, lambda: names(screen) == ["kind", "ready"])
        await pilot.press("end")
        await until(pilot, lambda: "FIRST TURNS you Are you {{tone}}? model I am." in preview(screen))
        await pilot.press("tab")
        assert screen.query_one(PresetPreview).has_focus
        await pilot.press("escape")
        assert screen.rows.has_focus
        await pilot.press("f1")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape", "slash", *"kind", "enter")
        await until(pilot, lambda: app.main_screen.held is not None and app.main_screen.held.name == "kind")


async def test_what_holds_becomes_a_preset(make_app: Callable[..., LocalLLMApp]) -> None:
    settings = Settings().replace(temp=0.3, system_prompt="Be brief.", model_dirs=())
    app = make_app(model=MODEL, settings=settings)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: screen.has_class("none"))
        await pilot.press("n")
        await name_it(pilot, screen, "../evil")
        await until(pilot, lambda: "cannot be the name of a preset" in said(screen))
        assert screen.has_class("naming"), "the field stays open"
        await name_it(pilot, screen, "mine")
        await until(pilot, lambda: names(screen) == ["mine"])
        assert Presets().read("mine").values == {"temp": 0.3, "system_prompt": "Be brief."}
        await pilot.press("n")
        await name_it(pilot, screen, "mine")
        await until(pilot, lambda: "already" in said(screen))
        await pilot.press("escape")
        await until(pilot, lambda: not screen.has_class("naming"))
        await pilot.press("r")
        await name_it(pilot, screen, "yours")
        await until(pilot, lambda: names(screen) == ["yours"])


async def test_a_line_of_flags_becomes_a_preset(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen) and bool(app.screen.query(SafeTextArea)))
        app.screen.query_one(SafeTextArea).load_text('llama-cli -m x --temp 0.2 --mystery \\\n -sys "Be brief."')
        await pilot.press("ctrl+s")
        await until(pilot, lambda: screen.has_class("naming"))
        await until(pilot, lambda: "not known here: --mystery left out, not part of a preset: -m" in preview(screen))
        await name_it(pilot, screen, "imported")
        await until(pilot, lambda: names(screen) == ["imported"])
        assert Presets().read("imported").values == {"temp": 0.2, "system_prompt": "Be brief."}
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen) and bool(app.screen.query(SafeTextArea)))
        assert app.screen.query_one(SafeTextArea).text == "", "that one was saved"


async def test_a_line_that_cannot_be_read_stays_to_be_mended(make_app: Callable[..., LocalLLMApp]) -> None:
    def editor() -> SafeTextArea | None:
        areas = app.screen.query(SafeTextArea) if isinstance(app.screen, EditorScreen) else ()
        return next(iter(areas), None)

    def problem() -> str:
        statics = app.screen.query("#editor-problem")
        return str(statics.first(Static).content) if statics else ""

    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await pilot.press("i")
        await until(pilot, lambda: editor() is not None)
        app.screen.query_one(SafeTextArea).post_message(Paste("-sys 'half"))
        app.simulate_key("ctrl+s")  # at once: the editor has not taken the paste yet
        await until(pilot, lambda: "cannot be read: no closing quotation" in problem())
        assert app.screen.query_one(SafeTextArea).text == "-sys 'half"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("i")
        await until(pilot, lambda: (area := editor()) is not None and area.text == "-sys 'half")
        app.screen.query_one(SafeTextArea).load_text("-m model.gguf --mystery-flag-of-a-later-version --port 8080")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: "sets nothing that a preset has" in problem())
        await pilot.pause()
        assert app.screen.query_one("#editor-problem").size.height >= 2, "all of it can be read"
        app.screen.query_one(SafeTextArea).load_text("-sys half")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: screen.has_class("naming"))
        await name_it(pilot, screen, "half")
        await until(pilot, lambda: names(screen) == ["half"])


async def test_an_edit_keeps_what_was_typed_even_if_it_cannot_be_used(make_app: Callable[..., LocalLLMApp]) -> None:
    make(KIND)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: names(screen) == ["kind"])
        for text, outcome in (("temp = 1", "write it below [generation]"), ('title = "New"', "kind is changed")):
            screen.rows.mark(1)
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, EditorScreen) and bool(app.screen.query(SafeTextArea)))
            app.screen.query_one(SafeTextArea).load_text(text)
            await pilot.press("ctrl+s")
            await until(pilot, lambda outcome=outcome: app.screen is screen and outcome in said(screen))  # type: ignore[misc]
            assert Presets().text("kind") == text
            await until(pilot, lambda: names(screen) == ["kind"])
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_a_bad_file_is_listed_and_not_used(make_app: Callable[..., LocalLLMApp]) -> None:
    make(KIND)
    Presets().write("broken", "title = [\x1b[31m")
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: names(screen) == ["broken", "kind"])
        assert "cannot be used" in screen.rows.plain
        screen.rows.mark(1)
        await until(pilot, lambda: "not valid TOML" in preview(screen))
        await pilot.press("enter")
        await until(pilot, lambda: "broken cannot be used: e corrects it" in said(screen))
        assert app.screen is screen


async def test_what_was_deleted_comes_back(make_app: Callable[..., LocalLLMApp]) -> None:
    make(KIND, READY)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        screen = await opened(pilot, app)
        await until(pilot, lambda: names(screen) == ["kind", "ready"])
        screen.rows.mark(1)
        await pilot.press("d")
        await until(pilot, lambda: names(screen) == ["ready"] and "u brings it back" in said(screen))
        await pilot.press("u")
        await until(pilot, lambda: names(screen) == ["kind", "ready"] and "kind is back" in said(screen))
        assert Presets().read("kind") == KIND


def test_what_others_wrote_is_shown_and_never_obeyed() -> None:
    nasty = "\x1b]0;x\x07[bold]\u202e[@click=app.quit]"
    preset = Preset(
        nasty, nasty, nasty, {"system_prompt": nasty, "stop": (nasty,)}, (Message("user", nasty),), (nasty,)
    )
    for entry in (Entry(nasty, preset), Entry(nasty, None, "bad")):
        for width in (1, 4, 10, 40, 120):
            for line in preview_lines(entry, Settings(), width, (nasty,)):
                text = "".join(piece for piece, _ in line)
                assert text.isprintable() and (len(text) <= width or width < 20)


def test_the_folder_is_below_the_configuration(isolated_home: Path) -> None:
    make(KIND)
    assert os.listdir(isolated_home / ".config" / "localllm-tui" / "presets") == ["kind.toml"]
    assert Presets().text("kind").startswith("# A preset")
