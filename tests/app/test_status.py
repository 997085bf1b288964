"""The status, the live speed and the theme, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.scripted import model_info
from tui.app.speed import WINDOW, LiveSpeed
from tui.app.status import Phase, Status, advance, model_name, quantization
from tui.app.themes import theme_for
from tui.app.widgets.glyphs import UNICODE
from tui.app.widgets.status_line import status_lines
from tui.core.errors import CancelledError, ModelLoadError
from tui.core.events import Failed, Finished, Loaded, Loading, Prefilling, StopReason, Timings, Token, Unloaded
from tui.monitor.sample import Sample

MODEL = model_info()
SAMPLE = Sample(0.0, 34.0, (34.0,), 100, 13, 87, 1, 0.0, (0.0, 0.0, 0.0))


def text(status: Status, width: int) -> str:
    return "\n".join(rows(status, None, width))


def rows(status: Status, sample: Sample | None, width: int) -> list[str]:
    return ["".join(piece for piece, _ in line) for line in status_lines(status, sample, width, UNICODE)]


def test_a_load_and_a_reply() -> None:
    status = advance(Status(), Loading("/m/a-Q4_0.gguf", 0.43))
    assert (status.phase, status.loading, status.busy) == (Phase.LOADING, "a", True)
    assert "loading  43%" in text(status, 120)
    status = advance(status, Loaded(MODEL))
    assert (status.phase, status.model) == (Phase.READY, MODEL)
    status = advance(status, Prefilling(120, 1024, 0))
    assert "prefill  12%" in text(status, 120) and "prefill 120/1,024" in text(status, 160)
    status = advance(status, Token(1, b"x", "x", 1025))
    assert (status.phase, status.used) == (Phase.GENERATING, 1025)
    assert (status.speed, status.first_token_seconds) == (0, None)
    status = advance(status, Finished(StopReason.CANCELLED, "", Timings(10, 0, 0.1, 143, 1.0, 0.2), 1030))
    assert (status.phase, status.speed, status.first_token_seconds) == (Phase.STOPPED, 142, 0.2)
    assert "142 tok/s fit for batch work" in text(status, 120)
    again = advance(status, Prefilling(1030, 1040, 1030))
    assert (again.speed, again.first_token_seconds) == (0, None)


def test_a_failed_load_keeps_a_model_that_was_not_unloaded() -> None:
    failed = Failed(ModelLoadError("no"))
    loading = Status(model=MODEL, phase=Phase.LOADING, used=7)
    assert advance(loading, failed).phase is Phase.READY
    assert advance(loading, failed).used == 7
    gone = advance(loading, Unloaded())
    assert advance(gone, failed) == Status(loading="")
    assert advance(gone, Failed(CancelledError("stopped"))).phase is Phase.NO_MODEL
    assert advance(Status(model=MODEL, phase=Phase.GENERATING), failed).phase is Phase.FAILED


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
def test_the_line_fits_and_its_numbers_stand_still(width: int) -> None:
    one = Status(model=MODEL, phase=Phase.GENERATING, speed=9.4, used=7)
    two = Status(model=MODEL, phase=Phase.PREFILL, speed=142.0, used=4000, first_token_seconds=125, done=1, total=4000)
    three = replace(two, phase=Phase.GENERATING, first_token_seconds=0.32)
    for sample in (None, SAMPLE):
        shown = [rows(s, sample, width) for s in (one, two, three)]
        assert {len(row) for lines in shown for row in lines} == {width}
        whole = ["\n".join(lines) for lines in shown]
        assert len({text.index("ctx") for text in whole}) == 1
        assert len({text.find("TTFT") for text in whole[1:]} | {text.find("first token") for text in whole[1:]}) == 2
        assert "125 s" in whole[1] and "320 ms" in whole[2] and "142 tok/s" in whole[2]


def test_at_80_cells_a_second_row_has_the_machine_and_the_speed() -> None:
    status = Status(model=MODEL, phase=Phase.GENERATING, speed=142.0, used=1204, first_token_seconds=0.32)
    upper, lower = rows(status, SAMPLE, 78)
    assert upper.split()[0] == "Scripted-1B-Instruct" and upper.endswith("1,204 / 4,096")
    assert " ".join(lower.split()) == "CPU 34% RAM 13% 142 tok/s fit for batch work TTFT 320 ms"


@pytest.mark.parametrize(
    ("path", "name", "quant"),
    [
        ("/m/SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct", "Q4_1"),
        ("/m/gemma-3-270m-q4_k_m.gguf", "gemma-3-270m", "Q4_K_M"),
        ("/m/x-IQ2_XXS.gguf", "x", "IQ2_XXS"),
        ("/m/plain.gguf", "plain", "Q4_K_M"),
        ("/m/Q8_0.gguf", "Q8_0", "Q4_K_M"),
    ],
)
def test_names(path: str, name: str, quant: str) -> None:
    assert model_name(path) == name
    assert quantization(model_info(path)) == quant


def test_live_speed_looks_at_the_last_moments() -> None:
    speed = LiveSpeed()
    assert speed.value == 0
    for step in range(11):
        speed.add(10, step * 0.1)
    assert speed.value == pytest.approx(100)
    for step in range(40):
        speed.add(1, 1.1 + step * 0.1)
    assert speed.value == pytest.approx(10, rel=0.1)
    assert WINDOW < 4


def test_theme_follows_the_terminal() -> None:
    assert theme_for("dark", {"TERM": "xterm-256color"}) == "localllm-dark"
    assert theme_for("light", {"TERM": "screen", "COLORTERM": "truecolor"}) == "localllm-light"
    assert theme_for("dark", {"TERM": "xterm"}) == "localllm-plain-dark"
