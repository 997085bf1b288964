"""Conversations that stay warm: beside each other, and over a restart. Whatever happens, greedy replies stay right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.conversations import FIRST, SECOND, ask, live_through, running
from tests.support.engines import load, reply
from tests.support.reference import Reference
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine
from tui.settings.paths import kv_cache_dir

GREEDY = {"temp": 0.0, "ignore_eos": True}


def test_two_conversations_stay_warm_beside_each_other(tiny: Engine, tiny_reference: Reference) -> None:
    ask(tiny, FIRST)
    assert ask(tiny, SECOND).finished.timings.cached_tokens < 5
    back = ask(tiny, FIRST + "foam")
    tokens = tiny_reference.tokenize(FIRST + "foam")
    assert back.finished.timings.evaluated_tokens <= 6
    assert back.prefills[0].restored
    assert tiny_reference.same_up_to_near_ties(tokens, back.tokens, tiny_reference.greedy(tokens, 8))


def test_without_memory_for_it_the_conversation_is_evaluated_again(engine: Engine, tiny_gguf: Path) -> None:
    load(engine, tiny_gguf, n_ctx=256, threads=1, cache_ram=0, cache_disk=0)
    ask(engine, FIRST)
    ask(engine, SECOND)
    assert ask(engine, FIRST + "foam").finished.timings.cached_tokens < 5
    assert not kv_cache_dir().exists()


def test_a_conversation_resumes_after_a_restart(tiny_gguf: Path, tiny_reference: Reference) -> None:
    with running(tiny_gguf) as first:
        told = ask(first, FIRST).text
    with running(tiny_gguf) as second:
        back = ask(second, FIRST + told + " and then")
    tokens = tiny_reference.tokenize(FIRST + told + " and then")
    assert back.finished.timings.evaluated_tokens <= 11
    assert tiny_reference.same_up_to_near_ties(tokens, back.tokens, tiny_reference.greedy(tokens, 8))


def test_what_is_not_durable_leaves_nothing_on_disk(tiny_gguf: Path) -> None:
    with running(tiny_gguf) as engine:
        reply(engine, RawPrompt(FIRST), n_predict=4, **GREEDY)
    assert not kv_cache_dir().exists()


@pytest.mark.parametrize("change", [{"cache_type_k": "f32"}, {"flash_attn": "off"}])
def test_other_parameters_do_not_meet_the_saved_state(tiny_gguf: Path, change: dict[str, str]) -> None:
    with running(tiny_gguf) as engine:
        ask(engine, FIRST)
    with running(tiny_gguf, **change) as engine:
        assert ask(engine, FIRST).finished.timings.cached_tokens == 0


def test_a_larger_context_takes_the_saved_state(tiny_gguf: Path) -> None:
    with running(tiny_gguf) as engine:
        ask(engine, FIRST)
    with running(tiny_gguf, n_ctx=512) as engine:
        assert ask(engine, FIRST).finished.timings.evaluated_tokens == 1


def test_a_damaged_state_is_ignored(tiny_gguf: Path, tiny_reference: Reference) -> None:
    with running(tiny_gguf) as engine:
        wanted = ask(engine, FIRST).tokens
    (path,) = kv_cache_dir().iterdir()
    data = bytearray(path.read_bytes())
    data[-100] ^= 0xFF
    path.write_bytes(data)
    with running(tiny_gguf) as engine:
        got = ask(engine, FIRST)
    assert got.finished.timings.cached_tokens == 0 and got.tokens == wanted


@pytest.mark.parametrize("seed", range(6))
def test_after_any_history_a_reply_is_what_a_fresh_context_gives(
    tiny_gguf: Path, tiny_reference: Reference, seed: int
) -> None:
    live_through(tiny_gguf, tiny_reference, seed)
