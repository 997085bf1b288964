"""Conversations driven at random: whatever happens to them, greedy replies equal those of a fresh context."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.engines import Reply, events_of, gather, load
from tests.support.reference import Reference
from tui.core.events import Token
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine

FIRST = "the first conversation is about the sea, and goes on for a while, wave after wave, until the tide turns: "
SECOND = "another one is about mountains; it is just as long, and shares no word at its beginning with the first: "


def ask(engine: Engine, text: str, count: int = 8) -> Reply:
    """A few greedy tokens, kept on disk."""
    ticket = engine.generate(
        RawPrompt(text), GenerationParams(temp=0.0, ignore_eos=True, n_predict=count), durable=True
    )
    return gather(events_of(ticket))


def said(engine: Engine, reference: Reference, text: str, count: int) -> str:
    """`text` with a reply that equals the one of a fresh context."""
    got = ask(engine, text, count)
    tokens = reference.tokenize(text)
    assert reference.same_up_to_near_ties(tokens, got.tokens, reference.greedy(tokens, count))
    return text + got.text


def stop_after(engine: Engine, text: str, count: int) -> Reply:
    """A generation that is stopped after a few tokens."""
    ticket = engine.generate(RawPrompt(text), GenerationParams(temp=0.0, ignore_eos=True), durable=True)
    seen = []
    for event in ticket.events():
        seen.append(event)
        count -= isinstance(event, Token)
        if count <= 0:
            ticket.cancel()
    return gather(seen)


def started(path: Path, **params: object) -> Engine:
    """An engine with the model."""
    engine = Engine()
    load(engine, path, **{"n_ctx": 256, "threads": 1, **params})
    return engine


@contextmanager
def running(path: Path, **params: object) -> Iterator[Engine]:
    """An engine with the model, closed at the end."""
    engine = started(path, **params)
    try:
        yield engine
    finally:
        assert engine.close(120)


def live_through(
    path: Path, reference: Reference, seed: int, actions: int = 25, longest: int = 200, **params: object
) -> None:
    """Say, say again, stop, edit, switch and restart at random, and hold every reply against a fresh context.

    Args:
        path: a model that speaks ASCII only.
        reference: the plain loop on the same file, with as much context.
        seed: of the choices.
        actions: how many.
        longest: characters that a text grows to before it is cut.
        **params: of the load.
    """
    rng = random.Random(seed)
    texts = [FIRST, SECOND, FIRST[:40] + "a third one begins like the first. "]
    engine = started(path, **params)
    try:
        for _ in range(actions):
            which = rng.randrange(len(texts))
            action = rng.choice(["say", "say", "say", "again", "stop", "edit", "restart"])
            if action == "restart":
                assert engine.close(120)
                engine = started(path, **params)
            elif action == "edit":
                texts[which] = texts[which][: rng.randrange(10, len(texts[which]))]
            elif action == "stop":
                stop_after(engine, texts[which], rng.randrange(1, 6))
            elif action == "again":
                said(engine, reference, texts[which], rng.randrange(1, 9))
            else:
                more = rng.choice("abc ") * rng.randrange(1, max(2, longest // 20))
                texts[which] = said(engine, reference, texts[which] + more, rng.randrange(1, 9))
            if len(texts[which]) > longest:
                texts[which] = texts[which][: longest // 3]
    finally:
        assert engine.close(120)
