"""The engine's thread lives through whatever is asked, whenever it is asked."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import PATIENCE, events_of, load, reply
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.context import Context
from tui.engine.engine import Engine


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that give way to each other much more often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_what_is_asked_while_the_thread_tidies_up_is_answered(engine: Engine) -> None:
    """Asking in no step with the thread, so that it is now and then in the middle of forgetting what is over."""
    for number in range(6000):
        ticket = engine.unload()
        assert number % 3 or ticket.wait(PATIENCE)
    assert ticket.wait(PATIENCE)


def test_a_state_that_cannot_be_saved_ends_nothing(
    engine: Engine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    saving = threading.Event()

    def fail(_self: Context, _sequence: int) -> bytes:
        saving.set()
        raise MemoryError

    load(engine, tiny_gguf, n_ctx=256, threads=1)
    monkeypatch.setattr(Context, "save", fail)
    params = GenerationParams(n_predict=4, temp=0.0, ignore_eos=True)
    events_of(engine.generate(RawPrompt("word " * 20), params, durable=True))
    assert saving.wait(PATIENCE)
    monkeypatch.undo()
    assert len(reply(engine, RawPrompt("word " * 20), n_predict=4, temp=0.0, ignore_eos=True).tokens) == 4
    assert "a conversation could not be kept" in caplog.text
