"""The threads that compute beside the engine's own end while it has nothing to do."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.engines import load, reply
from tests.support.waiting import TIMEOUT
from tui.core.prompts import RawPrompt
from tui.engine import engine as engine_module
from tui.engine.engine import Engine

TASKS = Path("/proc/self/task")


def has_openmp() -> bool:
    from llama_cpp import llama_cpp

    return hasattr(llama_cpp._lib, "omp_pause_resource_all")


pytestmark = pytest.mark.skipif(not TASKS.exists() or not has_openmp(), reason="threads are counted in Linux's way")


@contextmanager
def rested(model: Path) -> Iterator[Engine]:
    """An engine that computed with three threads and has nothing to do."""
    engine = Engine()
    try:
        load(engine, model, threads=3, threads_batch=3)
        reply(engine, RawPrompt("abc"), n_predict=4)
        yield engine
    finally:
        engine.close(10)


def tasks() -> set[str]:
    return set(os.listdir(TASKS))


def test_an_engine_that_waits_keeps_none_of_them(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(engine_module, "let_go", lambda: asked.append(1))
    deadline, before = time.monotonic() + TIMEOUT, tasks()
    with rested(tiny_gguf):
        while len(asked) < 2 and time.monotonic() < deadline:  # after the load, and after the reply
            time.sleep(0.001)
        kept = len(tasks() - before)
    monkeypatch.undo()
    before = tasks()
    with rested(tiny_gguf) as engine:
        while len(tasks() - before) > kept - 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert len(tasks() - before) <= kept - 2
        assert reply(engine, RawPrompt("abc"), n_predict=4).text
