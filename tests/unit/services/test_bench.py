"""The measurement of a model: what it measures, what it keeps, how it is stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import events_of
from tui.core.errors import LocalLLMError
from tui.core.events import Loaded, ModelInfo
from tui.core.parameters import LoadParams
from tui.monitor.cpu import usable_cores
from tui.services.bench import Bench
from tui.services.bench_results import fastest_threads, keep
from tui.services.measurements import BenchPlan, Costs, Speed
from tui.services.model_host import ModelHost

SMALL = BenchPlan(n_prompt=16, n_gen=8, depths=(0, 32), threads=(1, 2), repetitions=2)


def test_every_test_is_measured_at_every_depth_and_thread_count(host: ModelHost, tiny_gguf: Path) -> None:
    told: list[str] = []
    model, *speeds, costs = Bench(host, tiny_gguf, LoadParams(), SMALL).run(told.append)
    assert isinstance(model, ModelInfo) and isinstance(costs, Costs)
    tests = [(s.test, s.tokens, s.depth, s.threads) for s in speeds if isinstance(s, Speed)]
    assert tests == [
        (test, tokens, depth, threads)
        for threads in (1, 2)
        for depth in (0, 32)
        for test, tokens in (("pp", 16), ("tg", 8))
    ]
    assert all(isinstance(s, Speed) and s.mean > 0 for s in speeds)
    assert 0 <= costs.overhead < 1 and costs.state.size > 0 and costs.state.tokens > 32
    assert told


def test_a_test_of_no_tokens_is_left_out(host: ModelHost, tiny_gguf: Path) -> None:
    plan = BenchPlan(n_prompt=0, n_gen=4, depths=(0,), threads=(1,), repetitions=1)
    results = list(Bench(host, tiny_gguf, LoadParams(), plan).run(lambda _: None))
    assert [r.test for r in results if isinstance(r, Speed)] == ["tg"]


def test_it_can_be_stopped(host: ModelHost, tiny_gguf: Path) -> None:
    bench = Bench(host, tiny_gguf, LoadParams(), SMALL)
    with pytest.raises(LocalLLMError):
        for result in bench.run(lambda _: None):
            if isinstance(result, Speed):
                bench.stop()


def test_the_fastest_thread_count_is_kept_for_the_model(tiny_gguf: Path, smollm2: Path, tmp_path: Path) -> None:
    assert fastest_threads(tiny_gguf) is None
    keep(tiny_gguf, [Speed("tg", 8, 0, 1, 90.0, 1.0), Speed("tg", 8, 0, 2, 110.0, 1.0), Speed("pp", 8, 0, 4, 900.0, 1)])
    assert fastest_threads(tiny_gguf) == 2
    assert fastest_threads(smollm2) is None
    assert fastest_threads(tmp_path / "none.gguf") is None


def test_automatic_threads_begin_with_what_was_fastest(host: ModelHost, tiny_gguf: Path) -> None:
    keep(tiny_gguf, [Speed("tg", 8, 0, 1, 90.0, 1.0), Speed("tg", 8, 0, 2, 70.0, 1.0)])
    last = events_of(host.load(tiny_gguf, LoadParams(n_ctx=256)))[-1]
    assert isinstance(last, Loaded) and last.model.threads == 1
    assert last.model.threads_batch == usable_cores()
