"""The benchmarks themselves: they measure something, on a model so small that the numbers mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import headless
from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.measure import Measurement, Setup, Sizes, alternate, percentile
from tests.benchmarks.plain import Plain

TINY = Sizes(rounds=2, decode=8, prompt=200, samples=2, idle_seconds=0.1, n_ctx=512)


@pytest.mark.parametrize("name", ["decode", "prefill", "turn"])
def test_a_benchmark_of_the_engine_gives_ratios(name: str, tiny_gguf: Path, tmp_path: Path) -> None:
    measured = list(BENCHMARKS[name](Setup(tiny_gguf, {}, tmp_path, TINY)))
    assert measured
    assert all(measurement.value > 0 and measurement.met is not None for measurement in measured)


def test_texts_of_different_numbers_share_no_prefix(tiny_gguf: Path) -> None:
    plain = Plain(tiny_gguf, 1, 512)
    first, second = (plain.tokenize(headless.long_text(plain, 300, number)) for number in (1, 2))
    plain.close()
    assert 200 <= len(first) <= 400
    assert first[: len("Story 12")] != second[: len("Story 12")]


def test_alternating_cancels_a_machine_that_becomes_slower() -> None:
    speed = iter(range(1000, 0, -1))
    ratio, _, _ = alternate(lambda: 2.0 * next(speed), lambda: float(next(speed)), 8)
    assert ratio == pytest.approx(2.0, rel=0.01)


def test_a_goal_is_met_or_missed() -> None:
    assert Measurement("x", 0.98, at_least=0.97).met is True
    assert Measurement("x", 201, "ms", at_most=200).met is False
    assert Measurement("x", 5).met is None
    assert Measurement("x", 201.4, "ms", at_most=200).row() == ("x", "201 ms", "≤ 200", "MISSED", "")


def test_percentile() -> None:
    assert percentile(range(1, 101), 0.95) == 96
    assert percentile([3.0], 0.95) == 3.0


def test_help_tells_every_benchmark(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"{name}:" in shown for name in BENCHMARKS)
