"""Gauges: what is drawn for a sample, and that only what changed is drawn again."""

from __future__ import annotations

import dataclasses

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from tests.support.scripted import model_info
from tui.app.widgets.bar import level, meter
from tui.app.widgets.gauges import GaugesPane, History, core_lines, gauge_lines
from tui.app.widgets.glyphs import ASCII, UNICODE, Glyphs, glyphs_for
from tui.app.widgets.history_graph import history_rows
from tui.app.widgets.lines import changed_cells, line_width, spread
from tui.app.widgets.speed import SpeedPane, Speeds
from tui.monitor.sample import Sample

GIB = 1024**3


def sample(cpu: float = 34.0, cores: tuple[float, ...] = (75.0, 25.0), used: int = 3 * GIB) -> Sample:
    return Sample(0.0, cpu, cores, 24 * GIB, used, 24 * GIB - used, 400_000_000, 12.0, None)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("percent", [-5.0, 0.0, 0.1, 33.3, 50.0, 99.9, 100.0, 250.0])
def test_a_meter_always_has_its_width(glyphs: Glyphs, percent: float) -> None:
    filled, track = meter(percent, 17, glyphs)
    assert cell_len(filled + track) == 17
    assert bool(filled) == (percent > 0)
    assert bool(track) == (percent < 99.5)


def test_the_scale_of_a_history_is_fixed() -> None:
    assert history_rows([1.0, 2.0, 1.5], 5, 1, UNICODE) == ["  ▁▁▁"]
    assert history_rows([0.0, 50.0, 100.0], 3, 2, UNICODE) == ["  █", "▁██"]


def test_a_history_shows_the_last_values() -> None:
    assert history_rows([100.0] * 9 + [0.0], 3, 1, UNICODE) == ["██▁"]
    assert history_rows([], 3, 1, UNICODE) == ["   "]


def test_without_unicode_blocks_ascii_is_used() -> None:
    assert glyphs_for("UTF-8") is UNICODE and glyphs_for("utf8", "xterm") is UNICODE
    assert glyphs_for("ISO-8859-1") is ASCII and glyphs_for("ANSI_X3.4-1968") is ASCII
    assert glyphs_for("UTF-8", "linux") is ASCII
    text = "".join(piece for line in gauge_lines(sample(), History(), model_info(), 30, ASCII) for piece, _ in line)
    assert text.isascii()
    assert level(0, ASCII) == "." and level(100, ASCII) == "#"


@pytest.mark.parametrize("width", [20, 24, 28, 40, 60])
@pytest.mark.parametrize("cores", [1, 2, 3, 8, 12, 64, 192])
def test_any_number_of_cores_folds_into_few_rows(width: int, cores: int) -> None:
    lines = core_lines([50.0] * cores, width, UNICODE)
    assert all(line_width(line) <= width for line in lines)
    assert len(lines) <= 24
    if cores > 8:
        drawn = "".join(text for line in lines for text, role in line if role == "bar")
        assert len(drawn) == cores


@pytest.mark.parametrize("width", [24, 28, 40])
def test_numbers_keep_their_place(width: int) -> None:
    history = History()
    few = gauge_lines(sample(3.0, (1.0, 2.0), GIB), history, model_info(), width, UNICODE)
    many = gauge_lines(sample(100.0, (100.0, 100.0), 20 * GIB), history, model_info(), width, UNICODE)
    assert [line_width(line) for line in few] == [line_width(line) for line in many]
    assert all(line_width(line) <= width for line in many)


def test_the_model_has_its_share_and_nothing_is_invented_without_one() -> None:
    model = dataclasses.replace(model_info(), size=2 * GIB, kv_bytes=GIB // 2, compute_bytes=0)
    plain = ["".join(text for text, _ in line) for line in gauge_lines(sample(), History(), model, 28, UNICODE)]
    assert any("10.4 % of RAM" in line for line in plain)
    assert any("KV cache" in line and "512 MiB" in line for line in plain)
    without = ["".join(text for text, _ in line) for line in gauge_lines(sample(), History(), None, 28, UNICODE)]
    assert any("none loaded" in line for line in without) and not any("KV" in line for line in without)


def test_only_the_cells_that_changed_are_named() -> None:
    old = spread([("CPU", "title")], [(" 34 %", "value")], 20)
    new = spread([("CPU", "title")], [(" 35 %", "value")], 20)
    assert changed_cells(old, old) is None
    assert changed_cells(old, new) == (17, 1)


class PaneApp(App[None]):
    """Both panes."""

    def compose(self) -> ComposeResult:
        yield GaugesPane()
        yield SpeedPane()


async def test_a_new_sample_draws_only_what_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    app = PaneApp()
    async with app.run_test(size=(32, 40)) as pilot:
        pane = app.query_one(GaugesPane)
        pane.show(sample(), None)
        await pilot.pause()
        drawn: list[Region] = []
        refresh = GaugesPane.refresh

        def noted(self: GaugesPane, *regions: Region, **keywords: bool) -> GaugesPane:
            drawn.extend(regions)
            return refresh(self, *regions, **keywords)

        monkeypatch.setattr(GaugesPane, "refresh", noted)
        pane.show(dataclasses.replace(sample(), process_cpu_percent=13.0), None)
        await pilot.pause()
        # The histories grow by a column, and one digit of the process differs.
        assert 0 < sum(region.area for region in drawn) <= 5
        assert "13 % CPU" in pane.plain


async def test_a_change_of_width_lays_the_pane_out_again() -> None:
    app = PaneApp()
    async with app.run_test(size=(32, 40)) as pilot:
        pane = app.query_one(GaugesPane)
        pane.show(sample(), model_info())
        await pilot.pause()
        assert all(line_width(line) <= 30 for line in pane.lines)
        await pilot.resize_terminal(60, 40)
        await pilot.pause()
        assert max(line_width(line) for line in pane.lines) == 58


async def test_speeds_have_words_and_unknown_ones_a_dash() -> None:
    app = PaneApp()
    async with app.run_test(size=(34, 40)) as pilot:
        pane = app.query_one(SpeedPane)
        pane.show(Speeds())
        await pilot.pause()
        assert pane.plain.count("-") == 4
        pane.show(Speeds(142.0, 0.12, 430.0))
        await pilot.pause()
        assert "142 tok/s" in pane.plain and "fit for batch work" in pane.plain
        assert "120 ms" in pane.plain and "430 tok/s" in pane.plain
