"""ctrl+x ctrl+e and alt+e: the chord, what it leaves alone, and a terminal that cannot be lent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.widgets import chord_text_area
from tui.app.widgets.chord_text_area import COPY_AFTER
from tui.app.widgets.prompt import Prompt
from tui.services.editing import EditedFile, editing_dir


def prompt(app: LocalLLMApp) -> Prompt:
    return app.main_screen.query_one(Prompt)


def hint(app: LocalLLMApp) -> str:
    return str(app.main_screen.query_one("#prompt-row").border_title or "")


async def typed(pilot: Pilot[int], app: LocalLLMApp, text: str) -> None:
    prompt(app).load_text(text)
    prompt(app).move_cursor(prompt(app).document.end)
    await pilot.pause()


async def test_ctrl_x_alone_cuts_at_once_and_copies(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await typed(pilot, app, "one\ntwo")
        await pilot.press("ctrl+x")
        assert prompt(app).text == "one\n"
        await until(pilot, lambda: "ctrl+e opens your editor" in hint(app))
        await until(pilot, lambda: app.clipboard == "two")
        assert COPY_AFTER < 1


async def test_what_was_cut_is_pasted_without_waiting(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await typed(pilot, app, "abc")
        await pilot.press("shift+left", "ctrl+x", "home", "ctrl+v")
        assert prompt(app).text == "cab"
        await pilot.press("ctrl+x", "ctrl+x")
        assert prompt(app).text == "" and app.clipboard == "cab"


async def test_the_chord_takes_the_cut_back(
    make_app: Callable[..., LocalLLMApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chord_text_area, "COPY_AFTER", 3600)  # however slowly the keys come here
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await typed(pilot, app, "one\ntwo")
        await pilot.press("shift+left", "ctrl+x", "ctrl+e")
        # Nothing in this test can be suspended, which is what some terminals and drivers say too.
        await until(pilot, lambda: "cannot be lent" in app.main_screen._transcript.plain)
        assert prompt(app).text == "one\ntwo" and app.clipboard == ""
        assert "the prompt is as it was" in hint(app)
        assert not list(editing_dir().iterdir())


async def test_anything_between_the_keys_ends_the_chord(make_app: Callable[..., LocalLLMApp]) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await typed(pilot, app, "one two")
        await pilot.press("shift+left", "ctrl+x", "home", "ctrl+e", "!")
        assert prompt(app).text == "one tw!"
        await pilot.press("home", "ctrl+x", "x", "ctrl+e", "y")
        assert prompt(app).text == "xy"


@pytest.mark.parametrize("command", ["", "gone-editor -x"])
async def test_a_missing_editor_is_a_line(
    make_app: Callable[..., LocalLLMApp], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("VISUAL", command)
    monkeypatch.delenv("EDITOR", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await typed(pilot, app, "hello")
        await pilot.press("alt+e")
        await until(pilot, lambda: "the prompt is as it was" in hint(app))
        said = app.main_screen._transcript.plain
        assert ("gone-editor is not here" if command else "There is no editor here") in said
        assert prompt(app).text == "hello"


async def test_what_was_left_behind_is_offered_and_never_lost(make_app: Callable[..., LocalLLMApp]) -> None:
    EditedFile.begin("left behind").close()
    app = make_app()
    async with app.run_test(size=(120, 30)) as pilot:
        await until(pilot, lambda: "alt+e opens it there again" in app.main_screen._transcript.plain)
        await typed(pilot, app, "typed since")
        for times in (1, 2):
            await pilot.press("alt+e")
            await until(pilot, lambda times=times: app.main_screen._transcript.plain.count("what was saved") == times)  # type: ignore[misc]
        assert prompt(app).text == "typed since"
        (kept,) = editing_dir().glob("*/prompt.md")
        assert kept.read_text() == "left behind\n\ntyped since\n"
