"""What the screen says of a model that lies on several machines."""

from __future__ import annotations

import dataclasses

import pytest

from tests.support.scripted import model_info
from tui.app.rendering.placement_rows import bytes_here, placement_lines, placement_text
from tui.app.widgets.gauges import History, gauge_lines
from tui.app.widgets.glyphs import UNICODE
from tui.app.widgets.lines import line_width
from tui.core.events import ModelInfo, Placement
from tui.monitor.sample import Sample

GIB = 1024**3


def spread_model(device: str = "192.168.0.7:50052") -> ModelInfo:
    places = (
        Placement(device, 15, 6 * GIB // 5, free_before=8 * GIB, free=7 * GIB, total=16 * GIB),
        Placement("this machine", 1, GIB // 2),
    )
    return dataclasses.replace(model_info(), placement=places)


def _plain(model: ModelInfo, width: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in placement_lines(model, width)]


def test_each_device_has_its_layers_and_its_memory() -> None:
    rows = [" ".join(row.split()) for row in _plain(spread_model(), 28)]

    assert rows == [
        "", "WHERE IT LIES", "192.168.0.7:50052", "15 layers 1.20 GiB", "free 7.00 GiB", "this machine",
        "1 layer 512 MiB",
    ]  # fmt: skip


def test_one_line_says_the_same_with_what_was_free_before() -> None:
    assert placement_text(spread_model()) == (
        "192.168.0.7:50052 holds 15 layers, 1.20 GiB (free there: 8.00 GiB before, 7.00 GiB now); "
        "this machine holds 1 layer, 512 MiB"
    )


def test_a_model_on_one_machine_has_nothing_of_that() -> None:
    model = model_info()

    assert placement_lines(model, 28) == [] and placement_text(model) == ""
    assert bytes_here(model) == model.size + model.context_bytes
    assert bytes_here(spread_model()) == GIB // 2


@pytest.mark.parametrize("width", [24, 28, 40])
def test_rows_keep_within_the_pane(width: int) -> None:
    sample = Sample(0.0, 5.0, (5.0,), 24 * GIB, GIB, 23 * GIB, 400_000_000, 12.0, None)
    lines = gauge_lines(sample, History(), spread_model(), width, UNICODE)

    assert all(line_width(line) <= width for line in lines)
    assert any("2.1 % of RAM" in text for line in lines for text, _ in line), "only what lies here counts"


def test_a_name_is_never_markup_nor_a_control_character() -> None:
    rows = _plain(spread_model("evil\x1b[2J[b]:1"), 60)

    assert "\x1b" not in "".join(rows) and any("[b]" in row for row in rows)
