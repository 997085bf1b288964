"""Progress inside an evaluation, and the flag that ends it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tui.core.parameters import LoadParams
from tui.engine import llama_log
from tui.engine.abort import AbortFlag, CountingFlag
from tui.engine.context import Context, Outcome
from tui.engine.model import Model
from tui.engine.prefill_watch import PrefillWatch
from tui.engine.threads import Threads


@pytest.mark.parametrize("make", [AbortFlag, CountingFlag])
def test_a_flag_is_up_until_it_is_lowered(make: type[AbortFlag]) -> None:
    flag = make()

    def answer() -> bool:
        return bool(flag.callback(flag.data))

    assert [answer() for _ in range(3)] == [False] * 3
    flag.raise_()
    assert [answer() for _ in range(3)] == [True] * 3
    flag.lower()
    assert not answer()


def test_calls_are_counted_since_the_flag_was_lowered() -> None:
    flag = CountingFlag()
    for _ in range(5):
        flag.callback(flag.data)
    assert flag.nodes() == 5
    flag.raise_()
    assert flag.nodes() == 0
    flag.lower()
    flag.callback(flag.data)
    assert flag.nodes() == 1


def test_an_evaluation_tells_how_far_it_is_and_nothing_after_its_end() -> None:
    nodes = 0
    told: list[int] = []
    some = threading.Event()

    def tell(done: int) -> None:
        told.append(done)
        some.set()

    watch = PrefillWatch(lambda: nodes, per_graph=100)
    nodes = 50
    watch.begin(64, 1, tell)
    assert some.wait(60)
    nodes = 100
    watch.end(whole=True)
    count = len(told)
    assert told == [32] and count == 1
    watch.close()


def test_the_nodes_of_a_real_evaluation_are_counted(tiny_gguf: Path) -> None:
    flag = CountingFlag()
    llama_log.install()
    params = LoadParams(n_ctx=256)
    model = Model(tiny_gguf, params, lambda _: True)
    context = Context(model, params, threads=Threads(1, 1), sequences=1, outputs=1, abort=flag)
    try:
        context.clear_batch()
        context.add(model.vocabulary.tokenize("abc"), 0, 0, logits=1)
        assert context.evaluate() is Outcome.DONE
        assert 0 < (flag.nodes() or 0) <= context.graph_nodes
    finally:
        context.free()
        model.free()
