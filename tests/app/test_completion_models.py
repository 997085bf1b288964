"""The completion view with real models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.app import App

from tests.support.engines import load
from tests.support.waiting import until
from tui.app.screens.completion import CompletionScreen
from tui.app.widgets.completion_notice import CompletionNotice
from tui.app.widgets.completion_text import CompletionText
from tui.engine.engine import Engine
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings


class ViewApp(App[None]):
    """The view on a real engine."""

    def __init__(self, host: ModelHost, settings: Settings, prompt: str) -> None:
        super().__init__()
        self.view = CompletionScreen(host, settings, prompt)

    def on_mount(self) -> None:
        self.push_screen(self.view)

    @property
    def text(self) -> CompletionText:
        return self.view.query_one(CompletionText)

    @property
    def notice(self) -> str:
        return self.view.query_one(CompletionNotice).plain


@pytest.fixture
def host() -> Iterator[ModelHost]:
    host = ModelHost(Engine())
    yield host
    host.close(10)


async def test_japanese_is_whole_and_fits_its_columns(host: ModelHost, gemma3: Path) -> None:
    load(host.engine, gemma3, n_ctx=512)
    app = ViewApp(host, Settings().replace(n_predict=80, temp=0.0), "日本の首都は東京です。東京は")
    async with app.run_test(size=(61, 24)) as pilot:  # an odd width: a wide character never ends where the line does
        await until(pilot, lambda: "-n 80 reached" in app.notice)
        text = app.view.session.text
        assert app.text.plain == text and "\N{REPLACEMENT CHARACTER}" not in text
        assert any("\u3040" <= char <= "\u30ff" for char in text.removeprefix("日本の首都は東京です。東京は"))
        for y in range(len(app.text.shown_lines)):
            strip = app.text.render_line(y)
            assert cell_len(strip.text) == strip.cell_length <= app.text.size.width
            assert strip.text.rstrip().removeprefix("»").strip() == app.text.shown_lines[y].removeprefix("»").strip()


async def test_a_running_completion_stops_and_goes_on(host: ModelHost, smollm2: Path) -> None:
    load(host.engine, smollm2, n_ctx=2048)
    app = ViewApp(host, Settings().replace(n_predict=1500, temp=0.0, ignore_eos=True), "Once upon a time")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(app.text.plain) > 40)
        await pilot.press("escape")
        await until(pilot, lambda: "stopped" in app.notice)
        stopped = app.view.session.text
        await pilot.press("enter")
        await until(pilot, lambda: len(app.text.plain) > len(stopped) + 20)
        assert app.view.session.text.startswith(stopped)
        await pilot.press("escape")
        await until(pilot, lambda: not app.view.session.busy)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: app.text.plain == stopped)
