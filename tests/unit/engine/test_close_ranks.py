"""Idle conversations make way for a lone generation, and are not computed again for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import tiny_shapes
from tests.support.engines import Reply, events_of, gather, load
from tests.support.reference import Reference
from tui.core.parameters import GenerationParams
from tui.core.prompts import TokenPrompt
from tui.engine.engine import Engine
from tui.engine.state_cache import StateCache

LENGTH = 150
"""Tokens of each conversation."""


@pytest.fixture
def reference(tiny_gguf: Path) -> Iterator[Reference]:
    """The plain loop."""
    one = Reference(tiny_gguf, n_ctx=512, threads=1)
    yield one
    one.close()


def conversation(number: int) -> tuple[int, ...]:
    """Tokens of letters, another row of them for each number."""
    return tuple(65 + (number * 7 + at * (number + 3)) % 26 for at in range(LENGTH))


def say(engine: Engine, number: int, tokens: tuple[int, ...], n_predict: int, *, durable: bool = False) -> Reply:
    """A greedy generation of a client, to its end."""
    params = GenerationParams(temp=0.0, n_predict=n_predict, ignore_eos=True)
    ticket = engine.generate(TokenPrompt(tokens), params, client=f"client {number}", durable=durable)
    return gather(events_of(ticket))


def moved(engine: Engine, n_predict: int) -> list[bool]:
    """After one long generation beside three idle conversations: which of these have to be brought back."""
    for number in range(3):
        say(engine, number, conversation(number), 2)
    say(engine, 3, conversation(3), n_predict)
    again = [say(engine, number, (*conversation(number), 70), 2) for number in range(3)]
    for reply in again:  # wherever they are, they are not computed again
        assert reply.finished.timings.cached_tokens == LENGTH
    return [any(prefill.restored for prefill in reply.prefills) for reply in again]


def engine_with(path: Path, **options: object) -> Engine:
    """An engine with places for four."""
    engine = Engine(4)
    load(engine, path, **{"n_ctx": 1024, "threads": 1, "cache_disk": 0, **options})
    return engine


def test_a_long_generation_has_them_moved(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf)
    assert moved(engine, 40) == [True, True, True]
    assert engine.close(120)


def test_who_begins_alike_does_not_take_the_other_one_s_place(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf)
    system = conversation(9)[:30]
    texts = [(*system, *conversation(number)) for number in range(4)]
    first = [say(engine, number, text, 2) for number, text in enumerate(texts)]
    again = [say(engine, number, (*text, 70), 2) for number, text in enumerate(texts)]
    assert [reply.finished.timings.cached_tokens for reply in first] == [0, 30, 30, 30]
    assert all(reply.finished.timings.cached_tokens == len(texts[0]) for reply in again)
    assert not any(prefill.restored for reply in again for prefill in reply.prefills)
    assert engine.close(120)


def test_what_was_moved_knows_more_than_one_who_begins_alike(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf)
    system = conversation(9)[:30]
    texts = [(*system, *conversation(number)[:length]) for number, length in enumerate((50, LENGTH, LENGTH, LENGTH))]
    for text, n_predict in zip(texts, (2, 2, 2, 40), strict=True):  # the last one has the others moved to memory
        say(engine, 0, text, n_predict)
    again = say(engine, 0, (*texts[0], 70), 2)
    assert again.finished.timings.cached_tokens == len(texts[0])
    assert engine.close(120)


def test_who_comes_back_has_room_made(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, n_ctx=512)
    for number, n_predict in enumerate((2, 2, 40)):  # the last one has the others moved to memory
        say(engine, number, conversation(number), n_predict)
    say(engine, 3, conversation(3), 2)  # now there is no room for a third one
    for number in (0, 1, 0):
        again = say(engine, number, (*conversation(number), 70), 2)
        assert again.finished.timings.cached_tokens == LENGTH
    assert engine.close(120)


def test_for_a_short_one_they_stay(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf)
    assert moved(engine, 8) == [False, False, False]
    assert engine.close(120)


def test_without_memory_for_them_they_stay(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, cache_ram=0)
    assert moved(engine, 40) == [False, False, False]
    assert engine.close(120)


def test_where_the_copy_takes_the_last_memory_they_stay(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = engine_with(tiny_gguf)
    monkeypatch.setattr(StateCache, "remember", lambda *given: False)
    assert moved(engine, 40) == [False, False, False]
    assert engine.close(120)


def test_in_a_cache_of_parts_nobody_is_in_the_way(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, kv_unified=False)
    assert moved(engine, 40) == [False, False, False]
    assert engine.close(120)


def test_what_waits_for_the_disk_goes_there(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, cache_disk=64)
    for number in range(3):  # without a moment of quiet after them
        say(engine, number, conversation(number), 2, durable=True)
    say(engine, 3, conversation(3), 40)
    assert engine.close(120)
    engine = engine_with(tiny_gguf, cache_disk=64, cache_ram=0)
    for number in range(3):
        again = say(engine, number, (*conversation(number), 70), 2)
        assert again.finished.timings.cached_tokens == LENGTH
    assert engine.close(120)


@pytest.mark.parametrize("write", [tiny_shapes.write_recurrent, tiny_shapes.write_hybrid, tiny_shapes.write_sliding])
def test_other_memories_give_the_same_text(write: Callable[[Path], Path], tmp_path: Path) -> None:
    model = write(tmp_path / "other-F32.gguf")
    engine, alone = engine_with(model), Reference(model, n_ctx=512, threads=1)
    for number in range(3):
        say(engine, number, conversation(number), 2)
    for number in (3, 1):
        tokens = (*conversation(number), 70)
        got = say(engine, number, tokens, 40)
        assert alone.same_up_to_near_ties(tokens, got.tokens, alone.greedy(list(tokens), 40))
    alone.close()
    assert engine.close(120)


def test_the_text_is_as_alone_and_what_was_moved_goes_on_alike(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf)
    for number in range(3):
        say(engine, number, conversation(number), 2)
    for number in (3, 1):  # a new one, and one that was moved
        tokens = (*conversation(number), 70)
        got = say(engine, number, tokens, 40)
        assert reference.same_up_to_near_ties(tokens, got.tokens, reference.greedy(list(tokens), 40))
    assert engine.close(120)
