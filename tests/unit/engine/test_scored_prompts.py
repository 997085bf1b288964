"""How likely the tokens of a prompt itself are: as the plain loop has it, whatever runs beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.support.engines import events_of, gather, load
from tests.support.reference import Reference
from tests.unit.engine.test_batching import prompt
from tests.unit.engine.test_other_memories import WRITERS
from tui.core.events import Event, Prefilling, StopReason, Token
from tui.core.parameters import GenerationParams
from tui.core.probabilities import Scored
from tui.core.prompts import RawPrompt, TokenPrompt
from tui.engine.engine import Engine

NONE = GenerationParams(temp=0.0, n_predict=0)
TWO = GenerationParams(temp=0.0, n_predict=2, ignore_eos=True)


@pytest.fixture
def reference(tiny_gguf: Path) -> Iterator[Reference]:
    """The plain loop."""
    one = Reference(tiny_gguf, n_ctx=512, threads=1)
    yield one
    one.close()


def scores(events: Sequence[Event]) -> list[Scored]:
    """What was told of the prompt; before anything else that was generated."""
    told = [event for event in events if isinstance(event, Scored | Token)]
    scored = [event for event in told if isinstance(event, Scored)]
    assert told[: len(scored)] == scored
    return scored


def check(reference: Reference, tokens: tuple[int, ...], told: list[Scored]) -> None:
    """Each probability is that of the plain loop."""
    assert [one.id for one in told] == list(tokens)
    assert not told[0].candidates
    for at, one in list(enumerate(told))[1:]:
        logits = reference.logits(tokens[:at]).astype(float)
        wanted = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
        own, *likeliest = one.candidates
        assert own.id == tokens[at] and own.logprob == pytest.approx(wanted[tokens[at]], abs=0.02)
        assert len(likeliest) == 2 and likeliest[0].logprob == pytest.approx(wanted.max(), abs=0.02)


@pytest.mark.parametrize("spec_type", ["ngram-simple", "none"])
@pytest.mark.parametrize("length", [1, 2, 16, 17, 40])
def test_each_token_of_a_prompt_is_scored_once(
    spec_type: str, length: int, tiny_gguf: Path, reference: Reference
) -> None:
    engine, tokens = Engine(), prompt(3, length)
    try:
        load(engine, tiny_gguf, n_ctx=256, threads=1, spec_type=spec_type)
        for _ in range(2):  # the second time all of it is computed already
            events = events_of(engine.generate(TokenPrompt(tokens, scored=True), NONE, n_probs=2))
            check(reference, tokens, scores(events))
            done = gather(events)
            assert done.finished.reason is StopReason.LENGTH and not done.tokens
            assert done.finished.timings.cached_tokens == 0
        assert not scores(events_of(engine.generate(TokenPrompt(tokens), TWO, n_probs=2)))
    finally:
        assert engine.close(120)


@pytest.mark.parametrize("kv_unified", [True, False])
def test_beside_others_it_is_the_same_and_so_are_they(kv_unified: bool, tiny_gguf: Path, reference: Reference) -> None:
    engine = Engine(4)
    load(engine, tiny_gguf, n_ctx=1024, threads=1, kv_unified=kv_unified)
    try:
        long = GenerationParams(temp=0.0, n_predict=60, ignore_eos=True)
        others = [engine.generate(TokenPrompt(prompt(n, 20)), long, client=f"c{n}") for n in (1, 2)]
        scored = [
            engine.generate(TokenPrompt(prompt(n, 50), scored=True), TWO, client=f"c{n}", n_probs=2) for n in (5, 6)
        ]
        for n, ticket in zip((5, 6), scored, strict=True):
            events = events_of(ticket)
            check(reference, prompt(n, 50), scores(events))
            assert len(gather(events).tokens) == 2
        for n, ticket in zip((1, 2), others, strict=True):
            got = gather(events_of(ticket)).tokens
            assert reference.same_up_to_near_ties(prompt(n, 20), got, reference.greedy(prompt(n, 20), 60))
    finally:
        assert engine.close(120)


def test_a_neighbour_that_is_stopped_takes_nothing_away(tiny_gguf: Path, reference: Reference) -> None:
    """The end of one generation breaks off the batch of all."""
    engine = Engine(2)
    load(engine, tiny_gguf, n_ctx=1024, threads=1, spec_type="none")
    endless = GenerationParams(temp=0.0, n_predict=-1, ignore_eos=True)
    tokens = prompt(7, 60)
    try:
        for _ in range(5):
            other = engine.generate(TokenPrompt(prompt(1, 20)), endless, client="a")
            told = engine.generate(TokenPrompt(tokens, scored=True), NONE, client="b", n_probs=2)
            events = []
            for event in told.events():
                events.append(event)
                if isinstance(event, Prefilling) and event.done > 5:
                    other.cancel()
            check(reference, tokens, scores(events))
            assert gather(events).finished.reason is StopReason.LENGTH
    finally:
        assert engine.close(120)


@pytest.mark.parametrize("kind", WRITERS)
def test_models_with_other_memories_score_too(kind: str, tmp_path: Path) -> None:
    """Their memory cannot be cut back, or lets go of what it has passed."""
    path = WRITERS[kind](tmp_path / "model.gguf")
    reference, engine = Reference(path, n_ctx=512, threads=1), Engine()
    try:
        load(engine, path, n_ctx=256, threads=1)
        for tokens in (prompt(2, 45), prompt(2, 30)):
            events = events_of(engine.generate(TokenPrompt(tokens, scored=True), TWO, n_probs=2))
            check(reference, tokens, scores(events))
            assert len(gather(events).tokens) == 2
    finally:
        reference.close()
        assert engine.close(120)


def test_a_text_is_scored_as_its_tokens_are(smollm2: Path) -> None:
    engine = Engine()
    try:
        load(engine, smollm2, n_ctx=256, threads=2)
        text = RawPrompt("The capital of France is Paris.", scored=True)
        told = scores(events_of(engine.generate(text, NONE, n_probs=1)))
        assert b"".join(one.piece for one in told).decode() == text.text
        paris = next(one for one in told if one.piece == b" Paris")
        assert paris.candidates[0].logprob > -2 and told[0].candidates == ()
    finally:
        assert engine.close(120)
