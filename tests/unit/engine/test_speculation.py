"""Guessing what repeats: the text stays the same, and where it cannot help it costs next to nothing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.engines import Reply, load, reply
from tests.support.reference import Reference
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine
from tui.engine.speculation import MOST, NgramIndex, Speculation

LINES = "".join(f"item {n}: the quick brown fox jumps over the lazy dog number {n * 7 % 10}\n" for n in range(12))
COPY = f"A list:\n{LINES}\nThe same list again:\n{LINES[:60]}"


def follow(speculation: Speculation, text: Sequence[int]) -> tuple[int, float]:
    """Let a text be generated; steps taken and their cost in single steps, a guess of k costing k / 2 more."""
    at, steps, cost = 0, 0, 0.0
    while at < len(text):
        guess = speculation.guess(len(text) - at - 1)
        right = next((i for i, token in enumerate(guess) if text[at + i] != token), len(guess))
        for token in text[at : at + right + 1]:
            speculation.append(token)
        if guess:
            speculation.judged(len(guess), right)
        at += right + 1
        steps += 1
        cost += 1 + 0.5 * len(guess)
    return steps, cost


def test_what_followed_the_same_words_is_guessed() -> None:
    index = NgramIndex([1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4])
    assert index.guess(3) == [5, 6, 9]
    index.append(8)
    assert index.guess(3) == []


def test_the_place_that_matches_longest_counts_not_the_latest() -> None:
    before = list(range(100, 112))
    index = NgramIndex([*before, 1, 2, 3, 7, 0, 1, 2, 3, 8, 0, *before, 1, 2, 3])
    assert index.guess(1) == [7]


def test_where_two_places_that_match_alike_go_on_otherwise_nothing_is_guessed() -> None:
    index = NgramIndex([1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 6, 0, 1, 2, 3, 4])
    assert index.guess(1) == []


def test_a_guess_ends_before_a_choice() -> None:
    """The names differ from line to line, and what stands around them does not."""
    lines = [[50, 51, 52, 53, name, 60, 61, 62, 63] for name in (1, 2, 3)]
    index = NgramIndex([token for line in lines for token in line] + [50, 51])
    index.append(52)
    assert index.guess(8) == [53]
    for token in (53, 4, 60, 61, 62):
        index.append(token)
    assert index.guess(8) == [63, 50, 51, 52, 53]


def test_the_longest_guess_fills_rows_of_four() -> None:
    assert (MOST + 1) % 4 == 0
    text = list(range(100))
    speculation, lengths = Speculation([*text, *text[:3]]), []
    for _ in range(4):
        guess = speculation.guess(50)
        lengths.append(len(guess))
        for token in guess:
            speculation.append(token)
        speculation.judged(len(guess), len(guess))
    assert lengths[:2] == [3, 7] and lengths[-1] == MOST


def test_a_copy_takes_far_fewer_steps() -> None:
    rng = random.Random(0)
    text = [rng.randrange(1000) for _ in range(400)]
    changed = [*text[:200], -1, *text[201:]]
    steps, cost = follow(Speculation(text), changed)
    assert steps < 70 and cost < 300


@pytest.mark.parametrize("words", [2, 3, 5, 50])
def test_where_it_cannot_help_it_costs_little(words: int) -> None:
    """Texts of few words meet the same four tokens again and again, and are never followed by the same."""
    rng = random.Random(1)
    for length in (100, 400, 2000):
        text = [rng.randrange(words) for _ in range(length)]
        speculation = Speculation([rng.randrange(words) for _ in range(500)])
        _, cost = follow(speculation, text)
        assert cost <= length * 1.01 + 2 + MOST / 2


def test_greedy_with_guesses_equals_the_plain_loop(smollm2: Path) -> None:
    reference = Reference(smollm2, n_ctx=2048)
    guessing, plain = Engine(), Engine()
    try:
        load(guessing, smollm2, n_ctx=2048, threads=1, threads_batch=2)
        load(plain, smollm2, n_ctx=2048, threads=1, threads_batch=2, spec_type="none")
        got, wanted = (reply(engine, RawPrompt(COPY), temp=0.0, n_predict=160) for engine in (guessing, plain))
        assert reference.same_up_to_near_ties(reference.tokenize(COPY), got.tokens, wanted.tokens)
        timings = got.finished.timings
        assert timings.drafted_tokens and (timings.acceptance or 0) > 0.5
        assert wanted.finished.timings.acceptance is None
    finally:
        reference.close()
        assert guessing.close(120) and plain.close(120)


def test_sampled_text_is_the_same_with_and_without_guesses(tiny_gguf: Path) -> None:
    """The same draws in the same order: the seed's text, for as long as rounding allows, which here is throughout."""
    texts: list[list[Reply]] = []
    for spec_type in ("ngram-simple", "none"):
        engine = Engine()
        load(engine, tiny_gguf, n_ctx=512, threads=1, threads_batch=2, spec_type=spec_type)
        texts.append([sampled(engine, seed) for seed in range(5)])
        assert engine.close(120)
    assert [r.tokens for r in texts[0]] == [r.tokens for r in texts[1]]
    assert sum(r.finished.timings.drafted_tokens for r in texts[0]) > 0


def sampled(engine: Engine, seed: int) -> Reply:
    """A text that repeats itself, since few tokens are left to choose from."""
    return reply(engine, RawPrompt("abcabcabc" * 5), n_predict=120, seed=seed, temp=0.7, top_k=2, ignore_eos=True)


def test_guesses_stay_within_the_context_and_the_limit(tiny_gguf: Path) -> None:
    engine = Engine()
    try:
        load(engine, tiny_gguf, n_ctx=256, threads=1, threads_batch=2)
        for count in (1, 2, 5, 17):
            got = reply(engine, RawPrompt("abcd" * 20), n_predict=count, temp=0.0, ignore_eos=True)
            assert len(got.tokens) == count
        full = reply(engine, RawPrompt("abcd" * 20), temp=0.0, ignore_eos=True)
        assert full.finished.used == 256
        again = reply(engine, RawPrompt("abcd" * 20), n_predict=5, temp=0.0, ignore_eos=True)
        assert again.tokens == full.tokens[:5]
    finally:
        assert engine.close(120)
