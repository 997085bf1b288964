"""Measuring a model in the application, with the real engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.bench_plot import ceiling, plot_lines, table_lines
from tui.app.screens.bench import BenchProgress, BenchResults, BenchScreen
from tui.app.screens.main import MainScreen
from tui.app.status import Phase
from tui.app.widgets.glyphs import ASCII, UNICODE
from tui.app.widgets.lines import Line
from tui.core.events import ModelInfo
from tui.engine.engine import Engine
from tui.services.bench_results import fastest_threads
from tui.services.launch import Launch
from tui.services.measurements import BenchPlan, Costs, Speed
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings

SPEEDS = [
    Speed("pp", 512, 0, 1, 430.0, 3.0),
    Speed("tg", 128, 0, 1, 71.0, 1.0),
    Speed("pp", 512, 1024, 1, 215.0, 3.0),
    Speed("tg", 128, 1024, 1, 35.5, 0.5),
    Speed("pp", 512, 0, 2, 800.0, 9.0),
    Speed("tg", 128, 0, 2, 142.0, 1.2),
]


def text(lines: list[Line]) -> list[str]:
    return ["".join(piece for piece, _ in line).rstrip() for line in lines]


def test_bars_are_drawn_on_a_scale_from_zero() -> None:
    assert text(plot_lines(SPEEDS[3:], 59, UNICODE))[-6:] == [
        "DECODE  tok/s, by threads and by tokens that are in the context already",
        "threads    depth",
        "    1      1,024  │█████▌ 35.5",
        "    2          0  │██████████████████████ 142",
        "                  ┼──────────────┼───────────────┼",
        "                  0             100             200",
    ]


@pytest.mark.parametrize("width", [40, 58, 78, 118])
def test_no_line_is_too_wide_and_ascii_will_do(width: int) -> None:
    lines = text(plot_lines(SPEEDS, width, ASCII))
    assert all(len(line) <= max(width, 72) for line in lines) and "".join(lines).isascii()
    assert len(max((line for line in lines if "#" in line), key=len)) <= width
    assert "".join(text(table_lines(SPEEDS, ASCII))).isascii()
    assert all(len(line) <= 76 for line in text(table_lines(SPEEDS, UNICODE)))


def test_the_scale_ends_at_a_round_number() -> None:
    assert [ceiling(value) for value in (0.3, 1, 1.1, 3, 142, 430, 999)] == [0.4, 1, 2, 4, 200, 500, 1000]


@pytest.fixture
def host() -> Iterator[ModelHost]:
    host = ModelHost(Engine())
    yield host
    host.close(10)


@asynccontextmanager
async def measuring(host: ModelHost, model: Path, size: tuple[int, int]) -> AsyncIterator[Pilot[int]]:
    """The application with the model loaded and the screen open."""
    settings = Settings().replace(n_ctx=256, model_dirs=(str(model.parent),))
    app = LocalLLMApp(Launch(settings=settings, model=str(model)), host)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, timeout=60)
        await pilot.press("f12")
        assert isinstance(app.screen, BenchScreen)
        yield pilot


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_model_is_measured_and_the_chats_model_comes_back(
    host: ModelHost, tiny_gguf: Path, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = BenchPlan(n_prompt=16, n_gen=8, depths=(0, 32), threads=(1, 2), repetitions=1)
    monkeypatch.setattr("tui.services.measurements.BenchPlan", lambda threads: plan)
    async with measuring(host, tiny_gguf, size) as pilot:
        app, screen = pilot.app, pilot.app.screen
        assert isinstance(app, LocalLLMApp) and isinstance(screen, BenchScreen)
        assert "loaded again afterwards" in screen.query_one(BenchResults).plain
        await pilot.press("enter")
        await until(pilot, lambda: not screen.running and screen.results, timeout=120)
        assert "done" in screen.query_one(BenchProgress).plain
        assert isinstance(screen.results[0], ModelInfo) and isinstance(screen.results[-1], Costs)
        shown = screen.query_one(BenchResults).plain
        assert "pp16" in shown and "tg8" in shown and "DECODE" in shown and "sampler chain" in shown
        assert fastest_threads(tiny_gguf) in (1, 2)
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, timeout=60)
        assert app.status.model is not None and app.status.model.n_ctx == 256
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_esc_stops_it_and_the_chats_model_comes_back(host: ModelHost, smollm2: Path) -> None:
    async with measuring(host, smollm2, (80, 24)) as pilot:
        app, screen = pilot.app, pilot.app.screen
        assert isinstance(app, LocalLLMApp) and isinstance(screen, BenchScreen)
        await pilot.press("enter")
        await until(pilot, lambda: "pp512" in screen.query_one(BenchProgress).plain, timeout=60)
        await pilot.press("escape")
        await until(pilot, lambda: not screen.running, timeout=60)
        assert "stopped" in screen.query_one(BenchProgress).plain
        assert fastest_threads(smollm2) is None
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, timeout=60)
        assert host.model is not None and host.model.n_ctx == 256
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_quitting_while_it_measures_ends_it(host: ModelHost, smollm2: Path) -> None:
    async with measuring(host, smollm2, (80, 24)) as pilot:
        screen = pilot.app.screen
        await pilot.press("enter")
        await until(pilot, lambda: "pp512" in screen.query_one(BenchProgress).plain, timeout=60)
        await pilot.press("ctrl+q")
    assert host.model is None
