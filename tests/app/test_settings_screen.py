"""The settings form, driven by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.waiting import until
from tui.app.screens.settings import SettingsScreen
from tui.app.widgets.setting_detail import SettingDetail
from tui.app.widgets.setting_row import SettingRow
from tui.core.errors import SettingError
from tui.settings import file
from tui.settings.paths import settings_file
from tui.settings.settings import COMMAND_LINE, Settings, option_names


class FormApp(App[None]):
    """Nothing but the form."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.results: list[Settings | None] = []

    def on_mount(self) -> None:
        self.push_screen(SettingsScreen(self.settings), self.results.append)

    @property
    def form(self) -> SettingsScreen:
        assert isinstance(self.screen, SettingsScreen)
        return self.screen

    def row(self, name: str) -> SettingRow:
        return self.form.query_one(f"#setting-{name}", SettingRow)

    def detail(self) -> str:
        return self.form.query_one(SettingDetail).plain


async def go_to(pilot: Pilot[None], app: FormApp, name: str) -> SettingRow:
    row = app.row(name)
    row.focus()
    await until(pilot, lambda: row.has_focus)
    return row


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_every_setting_has_a_row_with_its_value(size: tuple[int, int]) -> None:
    app = FormApp(Settings())
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.row("temp").has_focus or app.row("n_predict").has_focus)
        assert {row.spec.name for row in app.form.query(SettingRow)} == set(option_names())
        assert "0.8" in app.row("temp").plain
        assert "unlimited" in app.row("n_predict").plain
        assert "reload" in app.row("n_ctx").plain


async def test_keys_step_a_number_and_escape_leaves_without_saving() -> None:
    app = FormApp(Settings())
    async with app.run_test() as pilot:
        await go_to(pilot, app, "temp")
        await pilot.press("right", "plus", "minus")
        assert "0.9" in app.row("temp").plain
        assert "changed, was 0.8" in app.detail()
        await pilot.press("escape")
        await until(pilot, lambda: app.results == [None])
    assert not settings_file().exists()


async def test_typing_replaces_a_number_and_says_at_once_what_is_wrong() -> None:
    app = FormApp(Settings())
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "temp")
        await pilot.press(*"9.5")
        await until(pilot, lambda: "Temperature takes 0 to 5" in app.detail())
        await pilot.press("ctrl+s")
        assert row.editing and not app.results
        await pilot.press("backspace", "backspace", "backspace", "1")
        await until(pilot, lambda: "cannot" not in app.detail())
        await pilot.press("enter")
        await until(pilot, lambda: not row.editing)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.results))
    assert app.results[0] is not None and app.results[0].generation.temp == 1.0
    assert file.read(settings_file()).values == {"temp": 1.0}


async def test_words_stand_for_values() -> None:
    app = FormApp(Settings().replace(threads=2))
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "threads")
        await pilot.press(*"auto", "enter")
        await until(pilot, lambda: not row.editing)
        assert "auto" in row.plain
        await pilot.press("right")
        assert " 1 " in row.plain
        await pilot.press("left")
        assert "auto" in row.plain


async def test_choices_go_round_and_space_switches() -> None:
    app = FormApp(Settings())
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "flash_attn")
        await pilot.press("left")
        assert "off" in row.plain
        await pilot.press("right", "space")
        assert " on " in row.plain
        row = await go_to(pilot, app, "mlock")
        await pilot.press("space")
        assert " on " in row.plain
        assert "applies when the model is loaded again" in app.detail()


async def test_delete_takes_the_default() -> None:
    app = FormApp(Settings().replace(top_k=7))
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "top_k")
        assert " 7 " in row.plain
        await pilot.press("delete", "ctrl+s")
        await until(pilot, lambda: bool(app.results))
    assert app.results[0] is not None and app.results[0].generation.top_k == 40


async def test_keys_that_come_in_one_burst_go_where_the_one_before_them_leads() -> None:
    app = FormApp(Settings())
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.form.focused is not None)
        before = app.form.focused
        for key in ("down", "down", "slash", *"temp"):
            app.post_message(Key(key, "/" if key == "slash" else key if len(key) == 1 else None))
        await pilot.pause()
        assert app.form.query_one("#settings-search", Input).value == "temp"
        assert isinstance(before, SettingRow) and not before.editing
        await pilot.press("escape", "escape")
    assert app.results == [None]


async def test_search_keeps_the_rows_that_match() -> None:
    app = FormApp(Settings())
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.form.focused is not None)
        await pilot.press("slash", *"ctx-size")
        await until(pilot, lambda: [r.spec.name for r in app.form.query(SettingRow) if r.display] == ["n_ctx"])
        await pilot.press("enter")
        await until(pilot, lambda: app.row("n_ctx").has_focus)
        await pilot.press("escape")
        await until(pilot, lambda: app.row("temp").display)
        assert not app.results


async def test_text_with_line_breaks_is_edited_in_a_larger_editor() -> None:
    app = FormApp(Settings().replace(system_prompt="one\ntwo"))
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "system_prompt")
        assert "one↵two" in row.plain
        await pilot.press("ctrl+e")
        await until(pilot, lambda: not isinstance(app.screen, SettingsScreen))
        await pilot.press("!", "ctrl+s")
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        await pilot.press("ctrl+s")
        await until(pilot, lambda: bool(app.results))
    assert app.results[0] is not None and app.results[0].generation.system_prompt == "one\ntwo!"


async def test_typing_into_a_text_goes_on_from_its_end() -> None:
    app = FormApp(Settings().replace(system_prompt="Be"))
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "system_prompt")
        await pilot.press("space", *"brief")
        await until(pilot, lambda: bool(row.query(Input)) and row.query_one(Input).value == "Be brief")
        await pilot.press("escape")
        await until(pilot, lambda: not row.editing)
        assert row.plain.endswith(" Be") and not app.results


async def test_a_value_from_the_command_line_says_that_it_wins() -> None:
    app = FormApp(Settings().overlaid({"temp": 0.1}, COMMAND_LINE))
    async with app.run_test() as pilot:
        await go_to(pilot, app, "temp")
        assert "on the command line" in app.detail() and "wins" in app.detail()


async def test_values_hold_when_the_file_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, changes: object) -> None:
        raise SettingError(f"settings were not saved to {path}", why="no space left on device")

    monkeypatch.setattr(file, "save", fail)
    app = FormApp(Settings())
    async with app.run_test() as pilot:
        await go_to(pilot, app, "temp")
        await pilot.press("right", "ctrl+s")
        await until(pilot, lambda: bool(app.results))
        assert any("no space left" in note.message for note in app._notifications)
    assert app.results[0] is not None and app.results[0].generation.temp == 0.9


async def test_untrusted_values_are_shown_and_never_obeyed() -> None:
    app = FormApp(Settings().replace(system_prompt="[bold]x[/bold] \x1b[2J"))
    async with app.run_test() as pilot:
        row = await go_to(pilot, app, "system_prompt")
        assert "[bold]x[/bold] ^[[2J" in row.plain
