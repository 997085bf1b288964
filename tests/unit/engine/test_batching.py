"""Generations that run side by side: each as if it were alone, the person first, nobody lost."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.support.engines import PATIENCE, Reply, events_of, gather, load
from tests.support.reference import Reference
from tui.core.events import Finished, Loaded, StopReason, Token, Unloaded
from tui.core.parameters import GenerationParams
from tui.core.prompts import TokenPrompt
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket

GREEDY = GenerationParams(temp=0.0, n_predict=40, ignore_eos=True)


@pytest.fixture
def reference(tiny_gguf: Path) -> Iterator[Reference]:
    """The plain loop, with room for long texts."""
    one = Reference(tiny_gguf, n_ctx=512, threads=1)
    yield one
    one.close()


def engine_with(tiny_gguf: Path, sequences: int, n_ctx: int) -> Engine:
    """An engine with places for several."""
    engine = Engine(sequences)
    load(engine, tiny_gguf, n_ctx=n_ctx, threads=1)
    return engine


def prompt(number: int, length: int) -> tuple[int, ...]:
    """Tokens of letters, another row of them for each number."""
    return tuple(65 + (number * 7 + at * (number + 3)) % 26 for at in range(length))


def ask(engine: Engine, tokens: tuple[int, ...], client: str, n_probs: int | None = None) -> Ticket:
    """A greedy generation of a client."""
    return engine.generate(TokenPrompt(tokens), GREEDY, client=client, n_probs=n_probs)


def check(reference: Reference, tokens: tuple[int, ...], got: Reply) -> None:
    """What came is what comes alone."""
    assert len(got.tokens) == GREEDY.n_predict
    wanted: list[int] = []
    for _ in range(GREEDY.n_predict):
        wanted.append(int(reference.logits([*tokens, *wanted]).argmax()))
    assert reference.same_up_to_near_ties(tokens, got.tokens, wanted)


def test_each_of_four_is_as_alone(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 4, 512)
    prompts = [prompt(number, 20 + 9 * number) for number in range(4)]
    tickets = [ask(engine, tokens, f"client {number}") for number, tokens in enumerate(prompts)]
    for tokens, ticket in zip(prompts, tickets, strict=True):
        check(reference, tokens, gather(events_of(ticket)))
    assert engine.close(120)


def test_more_than_there_are_places_are_answered_in_turn(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 2, 512)
    prompts = [prompt(number, 15 + number) for number in range(7)]
    tickets = [ask(engine, tokens, "one and the same") for tokens in prompts]
    for tokens, ticket in zip(prompts, tickets, strict=True):
        check(reference, tokens, gather(events_of(ticket)))
    assert engine.close(120)


def test_a_cache_too_small_for_all_loses_nobody(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 4, 256)
    prompts = [prompt(number, 90) for number in range(4)]
    tickets = [ask(engine, tokens, f"client {number}") for number, tokens in enumerate(prompts)]
    for tokens, ticket in zip(prompts, tickets, strict=True):
        got = gather(events_of(ticket))
        assert got.finished.reason is StopReason.LENGTH
        assert got.finished.timings.prompt_tokens == 90
        check(reference, tokens, got)
    assert engine.close(120)


def test_the_person_takes_the_place_of_a_client_who_goes_on_later(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 2, 512)
    long = GenerationParams(temp=0.0, n_predict=180, ignore_eos=True)
    clients = [engine.generate(TokenPrompt(prompt(n, 30)), long, client=f"client {n}") for n in range(2)]
    for ticket in clients:  # both have their places
        while not any(isinstance(event, Token) for event in ticket.drain()):
            assert not ticket.over
    person = ask(engine, prompt(5, 25), "")
    got = gather(events_of(person))
    before = [ticket.over for ticket in clients]
    check(reference, prompt(5, 25), got)
    ends = [events_of(ticket)[-1] for ticket in clients]
    assert not all(before), "the person did not wait for both"
    assert all(getattr(end, "timings").generated_tokens == 180 for end in ends)  # noqa: B009
    assert engine.close(120)


def test_what_several_begin_with_is_computed_once(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 3, 512)
    system = prompt(1, 100)
    first, second = (*system, *prompt(2, 10)), (*system, *prompt(3, 10))
    check(reference, first, gather(events_of(ask(engine, first, "a"))))
    running = engine.generate(
        TokenPrompt((*first, 70)), GenerationParams(temp=0.0, n_predict=60, ignore_eos=True), client="a"
    )
    while not any(isinstance(event, Token) for event in running.drain()):
        assert not running.over
    got = gather(events_of(ask(engine, second, "b")))
    assert got.finished.timings.cached_tokens >= 100
    check(reference, second, got)
    assert running.wait(60)
    assert engine.close(120)


def test_probabilities_are_the_model_s_own(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 1, 256)
    tokens = prompt(1, 20)
    events = [e for e in events_of(ask(engine, tokens, "", n_probs=3)) if isinstance(e, Token)]
    logits = reference.logits(tokens).astype(np.float64)
    wanted = logits - logits.max() - math.log(np.exp(logits - logits.max()).sum())
    chosen, *likeliest = events[0].candidates
    assert chosen.id == events[0].id == likeliest[0].id
    assert [one.id for one in likeliest] == [int(one) for one in np.argsort(-wanted)[:3]]
    assert all(abs(one.logprob - wanted[one.id]) < 0.02 for one in likeliest)
    assert engine.close(120)


def test_nobody_who_does_not_ask_pays_for_probabilities(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, 1, 256)
    events = events_of(ask(engine, prompt(1, 20), ""))
    assert all(not event.candidates for event in events if isinstance(event, Token))
    assert engine.close(120)


def test_places_can_be_added_without_loading_again(tiny_gguf: Path, reference: Reference) -> None:
    engine = engine_with(tiny_gguf, 1, 512)
    check(reference, prompt(1, 30), gather(events_of(ask(engine, prompt(1, 30), ""))))
    (loaded,) = events_of(engine.set_sequences(3))
    assert isinstance(loaded, Loaded) and engine.sequences == 3
    prompts = [prompt(number, 20) for number in range(3)]
    tickets = [ask(engine, tokens, f"client {number}") for number, tokens in enumerate(prompts)]
    for tokens, ticket in zip(prompts, tickets, strict=True):
        check(reference, tokens, gather(events_of(ticket)))
    assert engine.close(120)


def test_places_without_a_model_hold_for_the_next_one(tiny_gguf: Path) -> None:
    engine = Engine()
    assert isinstance(events_of(engine.set_sequences(2))[-1], Unloaded)
    load(engine, tiny_gguf, n_ctx=256, threads=1)
    tickets = [ask(engine, prompt(number, 20), "a") for number in range(2)]
    assert all(gather(events_of(ticket)).tokens for ticket in tickets)
    assert engine.close(120)


@pytest.mark.parametrize("asking", [True, False])
def test_clients_leave_the_person_s_place_alone(tiny_gguf: Path, asking: bool) -> None:
    engine = engine_with(tiny_gguf, 1, 4096)
    events_of(engine.set_sequences(3, own=1))
    long = GenerationParams(temp=0.0, n_predict=300, ignore_eos=True)
    together = threading.Event()
    told: list[tuple[str, type]] = []
    engine.ask(lambda _questions: together.wait(PATIENCE))  # so that all of them come at once
    tickets = {f"c{n}": engine.generate(TokenPrompt(prompt(n, 20)), long, client=f"client {n}") for n in range(3)}
    if asking:
        tickets["person"] = ask(engine, prompt(9, 20), "")

    def note(name: str, ticket: Ticket) -> None:
        told.extend((name, type(event)) for event in ticket.drain())

    for name, ticket in tickets.items():
        ticket.listen(partial(note, name, ticket))
    together.set()
    assert all(ticket.wait(PATIENCE) for ticket in tickets.values())
    assert engine.close(120)
    began, ended = ({name: told.index((name, kind)) for name in tickets} for kind in (Token, Finished))
    assert began["c2"] > min(ended["c0"], ended["c1"]), "the person's place was given to a client"
    assert not asking or ended["person"] < min(ended["c0"], ended["c1"])


def test_those_who_come_together_are_read_together(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, 4, 512)
    together = threading.Event()
    told: list[tuple[int, type]] = []
    engine.ask(lambda _questions: together.wait(PATIENCE))
    tickets = [ask(engine, prompt(number, 20), f"client {number}") for number in range(4)]

    def note(number: int, ticket: Ticket) -> None:
        told.extend((number, type(event)) for event in ticket.drain())

    for number, ticket in enumerate(tickets):
        ticket.listen(partial(note, number, ticket))
    together.set()
    assert all(ticket.wait(PATIENCE) for ticket in tickets)
    assert engine.close(120)
    tokens = [number for number, kind in told if kind is Token]
    assert sorted(tokens[:4]) == [0, 1, 2, 3], "somebody had a second token before another had the first"


def test_the_person_s_place_keeps_what_was_computed_for_them(tiny_gguf: Path) -> None:
    engine = engine_with(tiny_gguf, 1, 2048)
    events_of(engine.set_sequences(2, own=1))
    mine = prompt(1, 200)
    gather(events_of(ask(engine, mine, "")))
    for number in range(2, 6):
        gather(events_of(ask(engine, prompt(number, 200), "client")))
    again = gather(events_of(ask(engine, (*mine, 65), "")))
    assert again.finished.timings.cached_tokens >= 200
    assert engine.close(120)
