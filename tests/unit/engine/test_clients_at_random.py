"""Conversations of several clients, at random: whatever is moved, shared or kept for one, each reply is as alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import tiny_shapes
from tests.support.engines import events_of, gather, load
from tests.support.reference import Reference
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.parameters import GenerationParams
from tui.core.prompts import TokenPrompt
from tui.engine.engine import Engine

N_CTX = 1024
"""Cells: those of six conversations do not fit, so that some are always in memory, on disk, or gone."""
WRITERS: dict[str, Callable[[Path], Path]] = {
    "plain": write_tiny_gguf,
    "recurrent": tiny_shapes.write_recurrent,
    "hybrid": tiny_shapes.write_hybrid,
    "sliding": tiny_shapes.write_sliding,
}


class Clients:
    """Six conversations; the first is the person's, and it and the second are kept on disk.

    Args:
        seed: of what they do.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.said = [self._letters(5, 200) for _ in range(6)]

    def ask(self, engine: Engine, reference: Reference) -> None:
        """One to three of them ask at once; some break off."""
        jobs = []
        for number in self._random.sample(range(6), self._random.choice((1, 1, 1, 2, 3))):
            self._go_on(number)
            ticket = engine.generate(
                TokenPrompt(tuple(self.said[number])),
                GenerationParams(temp=0.0, n_predict=self._random.choice((1, 3, 20, 40)), ignore_eos=True),
                client=f"client {number}" if number else "",
                durable=number < 2,
            )
            if self._random.random() < 0.1:
                ticket.cancel()
            jobs.append((number, ticket))
        for number, ticket in jobs:
            got, before = gather(events_of(ticket)).tokens, self.said[number]
            assert reference.same_up_to_near_ties(before, got, reference.greedy(before, len(got)))
            self.said[number] = [*before, *got]

    def _go_on(self, number: int) -> None:
        """Say more, or begin anew as some other one did."""
        if len(self.said[number]) > 420 or self._random.random() < 0.1:
            other = self._random.choice(self.said)
            self.said[number] = [*other[: self._random.randrange(60)], *self._letters(5, 150)]
        else:
            self.said[number] = [*self.said[number], *self._letters(1, 30)]

    def _letters(self, least: int, most: int) -> list[int]:
        return [65 + self._random.randrange(26) for _ in range(self._random.randrange(least, most))]


@pytest.mark.parametrize(("ram", "disk", "seed"), [(512, 64, 1), (1, 0, 2), (0, 64, 3)])
@pytest.mark.parametrize("kind", WRITERS)
def test_each_reply_is_as_alone(kind: str, ram: int, disk: int, seed: int, tmp_path: Path) -> None:
    model = WRITERS[kind](tmp_path / f"{kind}-F32.gguf")
    engine, reference, clients = Engine(4), Reference(model, n_ctx=N_CTX, threads=1), Clients(seed)
    load(engine, model, n_ctx=N_CTX, threads=1, cache_ram=ram, cache_disk=disk)
    try:
        for _ in range(60):
            clients.ask(engine, reference)
    finally:
        reference.close()
        assert engine.close(120)
