"""Loading, refusing, switching and giving back."""

from __future__ import annotations

import threading
from pathlib import Path

import psutil
import pytest

from tests.support import damaged
from tests.support.engines import error_of, events_of, load, reply
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.errors import CancelledError, ModelFileError, ModelLoadError
from tui.core.events import Failed, Finished, Loaded, Loading, StopReason, Token, Unloaded
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine


def test_a_load_tells_its_progress_and_the_model(engine: Engine, tiny_gguf: Path) -> None:
    *rest, last = events_of(engine.load(tiny_gguf, LoadParams(n_ctx=128, threads=1)))
    fractions = [event.fraction for event in rest if isinstance(event, Loading)]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert isinstance(last, Loaded)
    assert last.model == engine.model
    assert (last.model.n_ctx_train, last.model.architecture) == (512, "llama")
    assert last.model.n_ctx >= 128 and last.model.kv_bytes > 0 and last.model.compute_bytes > 0


@pytest.mark.parametrize(
    "damage",
    [
        damaged.write_empty,
        damaged.write_html,
        damaged.write_truncated_header,
        damaged.write_truncated_data,
        damaged.write_unknown_architecture,
    ],
)
def test_a_damaged_file_fails_with_one_line_and_llamas_reason(engine: Engine, tmp_path: Path, damage: object) -> None:
    path = damage(tmp_path / "broken.gguf")  # type: ignore[operator]
    error = error_of(engine.load(path, LoadParams()))
    assert isinstance(error, ModelLoadError)
    assert "broken.gguf" in error.line() and "\n" not in error.line()
    assert "it gave no reason" not in error.line()
    assert engine.model is None


def test_the_unknown_architecture_is_named(engine: Engine, tmp_path: Path) -> None:
    path = damaged.write_unknown_architecture(tmp_path / "unknown.gguf")
    assert "unknown model architecture" in error_of(engine.load(path, LoadParams())).line()


def test_a_failed_check_leaves_the_loaded_model_as_it_is(tiny: Engine, tmp_path: Path) -> None:
    before = tiny.model

    def check(_cancelled: object) -> None:
        raise ModelFileError("no such file")

    assert isinstance(error_of(tiny.load(tmp_path / "none.gguf", LoadParams(), check)), ModelFileError)
    assert tiny.model == before
    assert reply(tiny, RawPrompt("abc"), n_predict=2, temp=0.0, ignore_eos=True).tokens


def test_switching_unloads_the_old_model_first(tiny: Engine, tmp_path: Path) -> None:
    other = write_tiny_gguf(tmp_path / "other.gguf", name="Other")
    events = events_of(tiny.load(other, LoadParams(n_ctx=128)))
    assert isinstance(events[0], Unloaded) and isinstance(events[-1], Loaded)
    assert tiny.model and tiny.model.name == "Other"


def test_unloading_ends_the_generation_under_way(tiny: Engine) -> None:
    generation = tiny.generate(RawPrompt("abc"), GenerationParams(temp=0.0, ignore_eos=True))
    events_of(tiny.unload())
    last = events_of(generation)[-1]
    assert isinstance(last, Finished) and last.reason in (StopReason.CANCELLED, StopReason.CONTEXT_FULL)
    assert tiny.model is None


def test_a_load_cancelled_before_it_began_ends_at_once(engine: Engine, tiny_gguf: Path) -> None:
    gate = threading.Event()
    waiting = engine.load(tiny_gguf, LoadParams(n_ctx=128), lambda _cancelled: _wait(gate))
    cancelled = engine.load(tiny_gguf, LoadParams(n_ctx=128))
    cancelled.cancel()
    gate.set()
    assert isinstance(events_of(waiting)[-1], Loaded)
    assert isinstance(error_of(cancelled), CancelledError)
    assert engine.model is not None


def test_a_load_can_be_stopped_half_way(engine: Engine, smollm2: Path) -> None:
    ticket = engine.load(smollm2, LoadParams(mmap=False))
    for event in ticket.events():
        if isinstance(event, Loading):
            ticket.cancel()
        last = event
    assert isinstance(last, Failed) and isinstance(last.error, CancelledError)
    assert engine.model is None


def test_a_generation_stopped_in_decode_keeps_its_text_and_the_cache(tiny: Engine) -> None:
    ticket = tiny.generate(RawPrompt("abc"), GenerationParams(temp=0.0, ignore_eos=True))
    text = ""
    for event in ticket.events():
        if isinstance(event, Token):
            text += event.text
            if len(text) >= 5:
                ticket.cancel()
        last = event
    assert isinstance(last, Finished)
    assert last.reason in (StopReason.CANCELLED, StopReason.CONTEXT_FULL)
    again = reply(tiny, RawPrompt("abc" + text), n_predict=1, temp=0.0, ignore_eos=True)
    assert again.finished.timings.cached_tokens >= len(text)


def test_a_generation_stopped_in_prefill_keeps_what_was_computed(smollm2: Path) -> None:
    engine = Engine()
    try:
        load(engine, smollm2, n_ctx=4096, threads=2)
        prompt = RawPrompt("The quick brown fox jumps over the lazy dog. " * 300)
        ticket = engine.generate(prompt, GenerationParams(n_predict=1))
        for event in ticket.events():
            if getattr(event, "done", 0) >= 300:
                ticket.cancel()
            last = event
        assert isinstance(last, Finished) and last.reason is StopReason.CANCELLED
        assert 256 <= last.used < last.timings.prompt_tokens, "whole steps of 256 tokens are kept"
        ticket = engine.generate(prompt, GenerationParams(n_predict=1))
        first = next(ticket.events())
        assert getattr(first, "cached", 0) == last.used
        ticket.cancel()
        assert ticket.wait(60)
    finally:
        assert engine.close(120)


def test_unloading_gives_the_memory_back(engine: Engine, smollm2: Path) -> None:
    process = psutil.Process()
    load(engine, smollm2, n_ctx=2048, mmap=False)
    loaded = process.memory_info().rss
    events_of(engine.unload())
    assert loaded - process.memory_info().rss > 90 * 1024 * 1024 + 45 * 1024 * 1024


def test_closing_in_the_middle_of_everything_ends_all_tickets(tiny_gguf: Path, smollm2: Path) -> None:
    engine = Engine()
    load(engine, tiny_gguf, n_ctx=256)
    generations = [engine.generate(RawPrompt("abc"), GenerationParams(ignore_eos=True)) for _ in range(3)]
    assert engine.close(120)
    assert all(ticket.wait(1) for ticket in generations)
    assert engine.close(1), "closing twice is fine"


def _wait(gate: threading.Event) -> None:
    gate.wait(60)
