"""Work of a screen that is still under way when its widgets go."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from textual.css.query import NoMatches
from textual.worker import WorkerFailed

from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.attach import AttachApp
from tui.app.faults import Faults
from tui.app.screens.reader import ReaderScreen
from tui.app.screens.settings import SettingsScreen
from tui.app.widgets.key_line import KeyLine
from tui.services.watching_elsewhere import Elsewhere
from tui.settings.logs import configure_logging
from tui.settings.settings import Settings


async def look_on(app: Faults, missed: list[NoMatches]) -> None:
    """Looks for a widget of the screen for as long as it is let, and fails where there is none."""
    screen = app.screen
    while True:
        try:
            screen.query_one(KeyLine)
        except NoMatches as error:
            missed.append(error)
            raise
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)


@pytest.mark.parametrize("key", ["", "f3"])
async def test_what_comes_too_late_is_no_fault_of_the_program(
    app: LocalLLMApp, key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    missed: list[NoMatches] = []
    async with app.run_test(size=(120, 40)) as pilot:
        if key:
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not app.main_screen and app.screen.query(KeyLine))
        app.screen.run_worker(look_on(app, missed))
        if key:
            await pilot.press("escape")
            await until(pilot, lambda: missed)
            assert app.screen is app.main_screen and app.is_running
    assert missed and not app.return_code
    assert "failed" not in capfd.readouterr().err


async def test_what_is_missed_while_the_screen_is_there_is_one(app: LocalLLMApp) -> None:
    with pytest.raises(WorkerFailed):
        async with app.run_test(size=(120, 40)) as pilot:

            async def wrong() -> None:
                app.main_screen.query_one(SettingsScreen)

            app.main_screen.run_worker(wrong())
            await until(pilot, lambda: not app.is_running)


async def test_what_comes_too_late_does_not_end_the_program_that_watches_a_server() -> None:
    missed: list[NoMatches] = []
    app = AttachApp(Elsewhere("http://127.0.0.1:9"), Settings())
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(ReaderScreen("a", "b", lambda: "b"))
        app.screen.run_worker(look_on(app, missed))
        await pilot.press("escape")
        await until(pilot, lambda: missed)
        assert app.is_running
    assert not app.return_code


@pytest.mark.parametrize("watching", [False, True])
async def test_a_fault_is_one_line_and_a_traceback_in_the_log(
    app: LocalLLMApp, watching: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "faults.log"
    configure_logging(path)
    failing: Faults = AttachApp(Elsewhere("http://127.0.0.1:9", "sk-secret"), Settings()) if watching else app
    with pytest.raises(WorkerFailed):
        async with failing.run_test(size=(120, 40)) as pilot:

            async def wrong(which: int) -> None:
                raise RuntimeError(f"fault {which}")

            for which in (1, 2):
                failing.screen.run_worker(wrong(which))
            await until(pilot, lambda: not failing.is_running)
    told = capfd.readouterr()
    assert told.err.split() == f"error: the program failed: RuntimeError. The details are in {path}".split()
    log = path.read_text()
    assert "fault 1" in log and "in wrong" in log and "sk-secret" not in log
