"""Models whose memory is no plain KV cache: a running state, half of one, a sliding window."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import tiny_shapes
from tests.support.conversations import FIRST, SECOND, ask, live_through, running, stop_after
from tests.support.engines import events_of, gather, reply
from tests.support.reference import Reference
from tui.core.events import Shifted, StopReason
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt, TokenPrompt

WRITERS: dict[str, Callable[[Path], Path]] = {
    "recurrent": tiny_shapes.write_recurrent,
    "hybrid": tiny_shapes.write_hybrid,
    "sliding": tiny_shapes.write_sliding,
}
STATEFUL = ("recurrent", "hybrid")
"""Kinds whose memory cannot be cut back."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One tiny model of each kind."""
    folder = tmp_path_factory.mktemp("other-memories")
    return {kind: write(folder / f"{kind}-F32.gguf") for kind, write in WRITERS.items()}


@pytest.fixture
def model(models: dict[str, Path], kind: str) -> Path:
    """The model of this test's kind."""
    return models[kind]


@pytest.fixture
def reference(model: Path) -> Iterator[Reference]:
    """The plain loop on it."""
    reference = Reference(model, n_ctx=256, threads=1)
    yield reference
    reference.close()


@pytest.mark.parametrize("kind", WRITERS)
def test_greedy_equals_the_plain_loop(model: Path, reference: Reference) -> None:
    with running(model) as engine:
        got = ask(engine, FIRST, 60)
    tokens = reference.tokenize(FIRST)
    assert reference.same_up_to_near_ties(tokens, got.tokens, reference.greedy(tokens, 60))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", WRITERS)
def test_after_any_history_a_reply_is_what_a_fresh_context_gives(model: Path, reference: Reference, seed: int) -> None:
    live_through(model, reference, seed)


@pytest.mark.parametrize("kind", WRITERS)
def test_going_on_evaluates_only_what_is_new(model: Path) -> None:
    with running(model) as engine:
        told = ask(engine, FIRST)
        more = ask(engine, FIRST + told.text + "and then")
    assert more.finished.timings.cached_tokens == told.finished.used


@pytest.mark.parametrize("kind", WRITERS)
def test_an_edit_is_evaluated_from_where_the_memory_can_begin(
    model: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "localllm.kv")
    with running(model) as engine:
        ask(engine, FIRST)
        cached = ask(engine, FIRST[:-10]).finished.timings.cached_tokens
    told = any("cannot be cut back" in record.getMessage() for record in caplog.records)
    if kind in STATEFUL:
        assert cached == 0 and told
    else:
        assert cached == len(FIRST) - 10 and not told


@pytest.mark.parametrize("kind", WRITERS)
def test_another_conversation_and_a_restart_bring_the_state_back(model: Path, reference: Reference) -> None:
    with running(model) as engine:
        told = ask(engine, FIRST).text
        ask(engine, SECOND)
        back = ask(engine, FIRST + told + "foam")
        assert back.prefills[0].restored and back.finished.timings.evaluated_tokens <= 6
    with running(model) as engine:
        again = ask(engine, FIRST + told + "foam" + back.text + "!")
    assert again.prefills[0].restored and again.finished.timings.evaluated_tokens <= 3
    tokens = reference.tokenize(FIRST + told + "foam" + back.text + "!")
    assert reference.same_up_to_near_ties(tokens, again.tokens, reference.greedy(tokens, 8))


@pytest.mark.parametrize("kind", WRITERS)
def test_a_stop_keeps_what_was_computed(model: Path, reference: Reference) -> None:
    with running(model) as engine:
        stopped = stop_after(engine, FIRST, 3)
        assert stopped.finished.reason is StopReason.CANCELLED
        tokens = (*reference.tokenize(FIRST), *stopped.tokens, *reference.tokenize("?"))
        more = reply(engine, TokenPrompt(tokens), n_predict=8, temp=0.0)
    assert more.finished.timings.cached_tokens == stopped.finished.used == len(FIRST) + len(stopped.tokens)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_reply_is_generated_again_without_evaluating_its_prompt(model: Path, reference: Reference) -> None:
    """Long replies push a sliding window past the prompt's end, and no running state goes backwards."""
    with running(model) as engine:
        first, again = (ask(engine, FIRST, 120) for _ in range(2))
        ask(engine, SECOND, 120)
        back = ask(engine, FIRST, 120)
    for reply_ in (again, back):
        assert reply_.finished.timings.evaluated_tokens == 1
        assert reference.same_up_to_near_ties(reference.tokenize(FIRST), reply_.tokens, first.tokens)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_reply_that_comes_back_in_other_words_costs_only_itself(model: Path, reference: Reference) -> None:
    with running(model) as engine:
        told = ask(engine, FIRST, 120).text
        changed = FIRST + "~" + told[1:] + "and?"
        more = ask(engine, changed)
    assert more.finished.timings.evaluated_tokens <= len(changed) - len(FIRST) + 1
    tokens = reference.tokenize(changed)
    assert reference.same_up_to_near_ties(tokens, more.tokens, reference.greedy(tokens, 8))


@pytest.mark.parametrize("kind", STATEFUL)
def test_nothing_is_guessed_where_guesses_cannot_be_taken_back(model: Path) -> None:
    with running(model, threads=2, spec_type="ngram-simple") as engine:
        assert ask(engine, "abcabcabc" * 8, 40).finished.timings.drafted_tokens == 0


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("policy", ["stop", "shift"])
def test_a_full_context_ends_or_shifts_as_was_chosen(model: Path, policy: str) -> None:
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=300, context_policy=policy)
    with running(model) as engine:
        events = events_of(engine.generate(RawPrompt(FIRST), params))
    finished, shifts = gather(events).finished, [event for event in events if isinstance(event, Shifted)]
    if policy == "stop":
        assert finished.reason is StopReason.CONTEXT_FULL and not shifts
    else:
        assert finished.reason is StopReason.LENGTH and shifts


@pytest.mark.parametrize("kind", WRITERS)
def test_what_was_shifted_is_not_taken_for_a_prefix(model: Path, reference: Reference) -> None:
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=300, context_policy="shift", keep=1)
    with running(model) as engine:
        shifted = gather(events_of(engine.generate(RawPrompt("abc"), params)))
        # What the sequence holds now, but computed after tokens that are gone.
        text = shifted.text[-shifted.finished.used : -1] + "?"
        got = ask(engine, text)
    tokens = reference.tokenize(text)
    assert got.finished.timings.cached_tokens == 0
    assert reference.same_up_to_near_ties(tokens, got.tokens, reference.greedy(tokens, 8))


@pytest.mark.parametrize("swa_full", [False, True])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["sliding"])
def test_after_the_window_has_moved_on_a_reply_is_right_too(model: Path, seed: int, swa_full: bool) -> None:
    """With micro-batches of 32 the windowed cache holds 256 tokens of 1,024; two threads, so that guesses are made."""
    reference = Reference(model, n_ctx=1024, threads=1)
    try:
        live_through(
            model, reference, seed, longest=800, n_ctx=1024, n_ubatch=32, n_batch=64, threads=1, swa_full=swa_full
        )
    finally:
        reference.close()
