"""Generations side by side, each with its own part of the KV cache (`--no-kv-unified`)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.support.engines import events_of, gather, load
from tests.support.reference import Reference
from tests.unit.engine.test_batching import prompt
from tests.unit.engine.test_other_memories import WRITERS
from tui.core.errors import PromptTooLongError
from tui.core.events import Failed, Shifted, StopReason, Token
from tui.core.parameters import GenerationParams
from tui.core.prompts import TokenPrompt
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket

PARTS = 4


def parted(path: Path, n_ctx: int = 2048, **more: object) -> Engine:
    """An engine with four places, each with its part of the context."""
    engine = Engine(PARTS)
    load(engine, path, n_ctx=n_ctx, threads=1, kv_unified=False, **more)
    return engine


def ask(engine: Engine, tokens: tuple[int, ...], client: str, count: int = 24, policy: str = "stop") -> Ticket:
    """A greedy generation of a client."""
    params = GenerationParams(temp=0.0, n_predict=count, ignore_eos=True, context_policy=policy)
    return engine.generate(TokenPrompt(tokens), params, client=client, durable=True)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory, tiny_gguf: Path) -> dict[str, Path]:
    """A tiny model of each kind."""
    folder = tmp_path_factory.mktemp("parted")
    return {"plain": tiny_gguf} | {kind: write(folder / f"{kind}-F32.gguf") for kind, write in WRITERS.items()}


@pytest.mark.parametrize("kind", ["plain", *WRITERS])
def test_each_reply_is_as_alone_whoever_comes_and_goes_beside_it(models: dict[str, Path], kind: str) -> None:
    reference = Reference(models[kind], n_ctx=512, threads=1)
    engine = parted(models[kind])
    luck = random.Random(kind)
    bases = [prompt(number, luck.randrange(80, 160)) for number in range(4)]
    asked: list[tuple[tuple[int, ...], int, Ticket]] = []
    for number in range(14):
        tokens = (*luck.choice(bases), *prompt(number + 9, luck.randrange(1, 40)))
        count = luck.randrange(4, 40)
        asked.append((tokens, count, ask(engine, tokens, f"client {number % 5}", count)))
        if luck.random() < 0.3:
            asked.pop()[2].cancel()
    for tokens, count, ticket in asked:
        got = gather(events_of(ticket)).tokens
        assert len(got) == count
        assert reference.same_up_to_near_ties(tokens, got, reference.greedy(tokens, count))
    assert engine.close(120)
    reference.close()


def test_each_has_its_part_of_the_context_and_no_more(tiny_gguf: Path) -> None:
    engine = parted(tiny_gguf, n_ctx=1024)
    model = engine.model
    assert model and model.n_ctx == 256
    beside = ask(engine, prompt(1, 20), "a", 200)
    full = gather(events_of(ask(engine, prompt(2, 200), "b", 200)))
    assert full.finished.reason is StopReason.CONTEXT_FULL and full.finished.used == 256
    assert gather(events_of(beside)).finished.reason is StopReason.LENGTH
    (failed,) = events_of(ask(engine, prompt(3, 300), "c"))
    assert isinstance(failed, Failed) and isinstance(failed.error, PromptTooLongError)
    assert (failed.error.tokens, failed.error.n_ctx) == (300, 256)
    assert "more than 1,200" in failed.error.hint, "a fourth of it is this one's"
    assert engine.close(120)


def test_what_several_begin_with_is_computed_once_and_shifted_by_each_alone(tiny_gguf: Path) -> None:
    engine = parted(tiny_gguf, n_ctx=1024)
    reference = Reference(tiny_gguf, n_ctx=512, threads=1)
    system = prompt(1, 150)
    running = ask(engine, system, "a", 90, "shift")
    next(event for event in running.events() if isinstance(event, Token))
    beside = gather(events_of(ask(engine, (*system, *prompt(2, 10)), "b", 40)))
    assert beside.finished.timings.cached_tokens == 150
    wanted = reference.greedy((*system, *prompt(2, 10)), 40)
    assert reference.same_up_to_near_ties((*system, *prompt(2, 10)), beside.tokens, wanted)
    third = ask(engine, (*system, *prompt(3, 60)), "c", 120, "shift")
    assert any(isinstance(event, Shifted) for event in events_of(third)), "others held the same beginning"
    events_of(running)
    assert engine.close(120)
    reference.close()


def test_a_state_is_found_after_a_restart_by_a_cache_of_as_many_parts_only(
    tiny_gguf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = prompt(1, 120)

    def cached(**more: object) -> int:
        engine = Engine(PARTS)
        load(engine, tiny_gguf, n_ctx=1024, threads=1, **more)
        found = gather(events_of(ask(engine, tokens, ""))).finished.timings.cached_tokens
        assert engine.close(120)
        return found

    assert cached(kv_unified=False) == 0
    assert cached(kv_unified=False) == 119
    assert cached() == 0, "of another form"
    assert cached() == 119
    assert not [record for record in caplog.records if "did not take" in record.message]
