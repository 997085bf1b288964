"""The downloads as a person sees and steers them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support.local_hub import LocalHub
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.download_rows import download_rows, strip_line, time_left
from tui.app.screens.downloads import DownloadsScreen
from tui.app.screens.downloads_question import QuestionScreen
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.entries import NoteEntry
from tui.app.widgets.glyphs import ASCII, UNICODE, Glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import line_width
from tui.app.widgets.message import MessagePane
from tui.app.widgets.rows import Rows
from tui.catalogue.hub.values import Download, RemoteFile, Request, State
from tui.services.hub_models import look_up

Make = Callable[..., LocalLLMApp]
REPO = "owner/tiny-GGUF"
MIB = 1024**2


@pytest.fixture
def slow(hub: LocalHub, tiny_gguf: Path) -> LocalHub:
    """The Hub with a model that comes slowly."""
    content = tiny_gguf.read_bytes() + random.Random(4).randbytes(3 * MIB)
    hub.add(REPO, {"tiny-Q4_K_M.gguf": content, "tiny-Q8_0.gguf": tiny_gguf.read_bytes()})
    hub.fault(path="/cdn/", bps=200_000)
    return hub


async def begun(app: LocalLLMApp, pilot: Pilot[Any], text: str = REPO) -> None:
    """Begin a download, without its screen."""
    app.transfers.start(look_up(app.store.hub, text, None))
    await until(pilot, lambda: app.downloads)


def state(app: LocalLLMApp) -> str:
    return app.downloads[0].state if app.downloads else ""


def parts(home: Path) -> list[Path]:
    return list(home.rglob("*.incomplete"))


def notes(app: LocalLLMApp) -> str:
    entries = app.main_screen.query_one("Transcript").entries  # type: ignore[attr-defined]
    return "\n".join(line.plain for note in entries if isinstance(note, NoteEntry) for line in note.lines(300))


async def test_pause_resume_cancel(make_app: Make, slow: LocalHub, isolated_home: Path) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(app, pilot)
        await until(pilot, lambda: app.downloads[0].done > 0 and app.downloads[0].speed)
        strip = app.main_screen.query_one(DownloadStrip)
        await until(pilot, lambda: strip.display and "downloading tiny-GGUF Q4_K_M" in strip.plain)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen) and app.screen.query(Rows))
        rows = app.screen.query_one(Rows)
        await until(pilot, lambda: "owner/tiny-GGUF Q4_K_M" in rows.plain and "/s" in rows.plain)
        await pilot.press("space")
        await until(pilot, lambda: state(app) == "paused")
        assert "paused: space goes on" in rows.plain
        await until(pilot, lambda: "space resume" in app.screen.query_one(KeyLine).plain)
        await until(pilot, lambda: not app.main_screen.query_one(DownloadStrip).display)
        await pilot.press("space")
        await until(pilot, lambda: state(app) == "downloading")
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen))
        assert state(app) == "downloading" and parts(isolated_home)
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("y")
        await until(pilot, lambda: not app.downloads)
        assert not parts(isolated_home)
        await until(pilot, lambda: "Nothing is being downloaded" in app.screen.query_one(MessagePane).text)


async def test_the_question_goes_when_the_download_has_arrived(make_app: Make, slow: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app, pilot)
        await until(pilot, lambda: app.downloads[0].done > 0)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen) and app.screen.query(Rows))
        await until(pilot, lambda: app.screen.query_one(Rows).items)
        downloads = app.screen
        await pilot.press("x")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        question = app.screen.query_one("#question-text", Static)
        asked = str(question.render())
        await until(pilot, lambda: app.screen is downloads or str(question.render()) != asked)
        slow.hurry()
        # What would be deleted is told as it grows; once all of it is here, there is nothing to cancel.
        await until(pilot, lambda: app.screen is downloads)
        assert state(app) == "finished"
        await until(pilot, lambda: "has arrived meanwhile" in downloads.query_one(MessagePane).text)


async def test_one_that_stalls_is_cancelled_all_the_same(make_app: Make, slow: LocalHub, isolated_home: Path) -> None:
    slow.heal()
    slow.fault(path="/cdn/", stall_after=100_000)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(app, pilot)
        await until(pilot, lambda: app.downloads[0].done > 0)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen) and app.screen.query(Rows))
        await until(pilot, lambda: app.screen.query_one(Rows).items)
        await pilot.press("delete")
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen))
        await pilot.press("y")
        await until(pilot, lambda: not app.downloads)
        assert not parts(isolated_home)


async def test_what_is_here_is_loaded_and_forgotten(
    make_app: Make, slow: LocalHub, engine: ScriptedEngine, tiny_gguf: Path
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(app, pilot, f"{REPO}:Q8_0")
        await until(pilot, lambda: state(app) == "finished")
        await until(pilot, lambda: "is here: ctrl+t, then Enter loads it" in notes(app))
        await until(pilot, lambda: app.transfers._timer is None)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen) and app.screen.query(Rows))
        await until(pilot, lambda: "here: Enter loads it" in app.screen.query_one(Rows).plain)
        await pilot.press("enter")
        await until(pilot, lambda: engine.loads)
        assert engine.loads[0].read_bytes() == tiny_gguf.read_bytes()
        assert app.screen is app.main_screen
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen) and app.screen.query(Rows))
        await until(pilot, lambda: app.screen.query_one(Rows).items)
        await pilot.press("f")
        await until(pilot, lambda: not app.downloads)
        assert engine.loads[0].exists()


async def test_a_failure_is_told_in_full_and_tried_again(make_app: Make, slow: LocalHub) -> None:
    slow.heal()
    slow.fault(path="/resolve/", status=403)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await begun(app, pilot, f"{REPO}:Q8_0")
        await until(pilot, lambda: state(app) == "failed")
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen) and app.screen.query(Rows))
        await until(pilot, lambda: app.screen.query_one(MessagePane).text == app.downloads[0].problem)
        slow.heal()
        await pilot.press("r")
        await until(pilot, lambda: state(app) == "finished")


async def test_leaving_pauses_says_so_and_the_next_start_goes_on(
    make_app: Make, slow: LocalHub, capfd: pytest.CaptureFixture[str]
) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await begun(app, pilot)
        await until(pilot, lambda: app.downloads[0].done > 0)
        held = app.downloads[0].done
    assert capfd.readouterr().err == "1 download is paused and goes on with the next start of localllm-tui\n"
    slow.heal()
    slow.requests.clear()
    again = make_app()
    async with again.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: state(again) == "finished")
        await until(pilot, lambda: "the download goes on: tiny-GGUF Q4_K_M" in notes(again))
        asked = [asked.range for asked in slow.requests if "/cdn/" in asked.path]
        assert len(asked) == 1 and int(asked[0].removeprefix("bytes=").partition("-")[0]) >= held


async def test_a_model_of_the_hub_on_the_command_line_is_fetched_and_loaded(
    make_app: Make, slow: LocalHub, engine: ScriptedEngine
) -> None:
    app = make_app(hub_model=f"{REPO}:Q8_0")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, DownloadsScreen))
        await until(pilot, lambda: engine.loads)
        assert engine.loads[0].name == "tiny-Q8_0.gguf"
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_a_model_that_the_hub_does_not_have(make_app: Make, slow: LocalHub) -> None:
    app = make_app(hub_model="owner/nothing")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "the Hub shows no owner/nothing" in notes(app))
        assert app.screen is app.main_screen


def download(state: State = "downloading", **more: Any) -> Download:
    files = (RemoteFile("日本\x1b[2J-Q4_K_M.gguf", 100 * MIB),)
    request = Request("owner/[bold]日本語のとても長い名前のモデル\x1b[2J", "0" * 40, "Q4_K_M", files)
    values = {"done": 40 * MIB, "speed": 2.0 * MIB} | more
    return Download(1, request, state, **values)


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("state", ["queued", "downloading", "paused", "verifying", "finished", "failed"])
def test_rows_keep_to_their_width_and_are_safe(width: int, glyphs: Glyphs, state: State) -> None:
    shown = download(state, problem="it \x1b[31mbroke" if state == "failed" else "")
    lines = [*download_rows(shown, width, glyphs), strip_line([shown], width, glyphs)]
    assert all(line_width(line) <= width for line in lines)
    assert "\x1b" not in "".join(text for line in lines for text, _ in line)


def test_the_strip_tells_of_all_that_moves() -> None:
    def text(*downloads: Download) -> str:
        return "".join(piece for piece, _ in strip_line(downloads, 120, UNICODE))

    assert "40%" in text(download()) and "2.00 MiB/s, about 30 s left" in text(download())
    assert "2 models" in text(download(), download("queued", speed=None))
    assert not text(download("paused"), download("finished"))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (5.4, "5 s"), (180, "3 min"), (7500, "2 h 05 min"), (1e9, "")],
)
def test_time_left(seconds: float | None, words: str) -> None:
    assert time_left(seconds) == words
