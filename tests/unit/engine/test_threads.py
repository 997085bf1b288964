"""The thread tuner on machines whose speed is known."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import events_of, gather, load
from tests.support.reference import Reference
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine
from tui.engine.threads import ThreadTuner, Tuners

Machine = Callable[[int], float]
"""Seconds of a step with a number of threads."""


def idle_machine(threads: int) -> float:
    """Two cores, as measured: two threads are a little faster than one."""
    return {1: 1 / 140, 2: 1 / 150}[threads]


def busy_machine(threads: int) -> float:
    """The same with one core busy."""
    return {1: 1 / 132, 2: 1 / 31}[threads]


def sixteen_cores(threads: int) -> float:
    """Scales up to ten threads and suffers beyond."""
    return 1 / min(threads, 10) + max(0, threads - 10) * 0.02


def run(tuner: ThreadTuner, machine: Machine, seconds: float, noise: float = 0.03) -> tuple[int, list[int]]:
    """Let time pass; steps done, and the settled count after each."""
    rng, spent, counts = random.Random(1), 0.0, []
    while spent < seconds:
        step = machine(tuner.threads) * rng.uniform(1 - noise, 1 + noise)
        tuner.measured(step)
        spent += step
        counts.append(tuner.threads)
    return len(counts), counts


def changes(counts: list[int]) -> int:
    """How often the count changed."""
    return sum(a != b for a, b in itertools.pairwise(counts))


def test_on_an_idle_machine_it_stays_with_all_cores() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    steps, _ = run(tuner, idle_machine, 30)
    assert tuner.threads == 2
    assert steps >= 0.98 * 30 * 150


def test_on_a_busy_machine_it_goes_down_within_a_second_and_gets_the_speed() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    run(tuner, busy_machine, 1)
    assert tuner.threads == 1
    steps, _ = run(tuner, busy_machine, 20)
    assert steps >= 0.93 * 20 * 132


def test_steps_of_seconds_do_not_make_it_wait_long() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    run(tuner, lambda n: {1: 0.02, 2: 6.0}[n], 20)
    assert tuner.threads == 1


def test_it_follows_a_machine_that_becomes_busy_and_free_again() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    run(tuner, idle_machine, 20)
    assert tuner.threads == 2
    run(tuner, busy_machine, 2)
    assert tuner.threads == 1
    run(tuner, lambda n: {1: 1 / 132, 2: 1 / 200}[n], 30)
    assert tuner.threads == 2


def test_it_does_not_oscillate_between_equal_counts() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    _, counts = run(tuner, lambda _: 1 / 140, 60, noise=0.1)
    assert changes(counts) <= 2 * 14, "a trial there and back, ever rarer"


def test_it_begins_where_it_is_told_and_finds_its_way_up() -> None:
    tuner = ThreadTuner(1, 2, "decode")
    assert tuner.threads == 1
    run(tuner, lambda n: {1: 1 / 100, 2: 1 / 190}[n], 10)
    assert tuner.threads == 2


def test_many_cores_settle_near_the_best_count() -> None:
    tuner = ThreadTuner(16, 16, "decode")
    run(tuner, sixteen_cores, 120)
    assert 8 <= tuner.threads <= 12


@pytest.mark.parametrize("machine", [lambda _: 0.001, lambda _: 10.0])
def test_one_thread_is_never_changed(machine: Machine) -> None:
    tuner = ThreadTuner(1, 1, "decode")
    run(tuner, machine, 40)
    assert tuner.threads == 1


def test_prefill_steps_of_different_sizes_are_compared_by_the_token() -> None:
    tuner = ThreadTuner(2, 2, "prefill", steps=2)
    for at in range(200):
        units = 64 if at % 7 else 5
        tuner.measured(units / {1: 100.0, 2: 190.0}[tuner.threads], units)
    assert tuner.threads == 2


def test_it_begins_with_what_others_leave_free() -> None:
    tuner = ThreadTuner(8, 8, "decode")
    tuner.expect(3)
    assert tuner.threads == 3
    tuner.expect(0)
    assert tuner.threads == 1
    tuner.expect(64)
    assert tuner.threads == 8


def test_a_wrong_expectation_is_corrected_by_measuring() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    tuner.expect(1)
    run(tuner, lambda threads: {1: 1 / 70, 2: 1 / 130}[threads], 1)
    assert tuner.threads == 2
    tuner.expect(1)
    _, counts = run(tuner, busy_machine, 5)
    assert counts[0] == 1 and counts.count(2) < 0.03 * len(counts)


def test_the_same_expectation_again_changes_nothing() -> None:
    tuner = ThreadTuner(2, 2, "decode")
    run(tuner, busy_machine, 2)
    tuner.expect(2)
    tuner.expect(2)
    assert tuner.threads == 1


def test_more_threads_than_others_leave_free_are_seldom_tried() -> None:
    tuner = ThreadTuner(2, 2, "decode", free=lambda: 1)
    tuner.expect(1)
    _, counts = run(tuner, busy_machine, 20)
    tried = sum(b > a for a, b in itertools.pairwise(counts))
    assert 1 <= tried <= 3, "what is known of others may be wrong"


def test_what_others_leave_free_again_is_used_within_two_seconds() -> None:
    free = [1]
    tuner = ThreadTuner(2, 2, "decode", free=lambda: free[0])
    tuner.expect(1)
    run(tuner, busy_machine, 5)
    free[0] = 2
    run(tuner, lambda n: {1: 1 / 70, 2: 1 / 130}[n], 2)
    assert tuner.threads == 2


def test_fewer_threads_are_tried_whatever_others_leave_free() -> None:
    tuner = ThreadTuner(16, 16, "decode", free=lambda: 1)
    run(tuner, sixteen_cores, 120)
    assert tuner.threads <= 12


def test_a_step_of_a_trial_has_a_limit_and_no_other_step() -> None:
    tuner = ThreadTuner(1, 2, "decode")
    assert tuner.patience() is None
    while tuner.threads == 1:
        tuner.measured(0.02)
        assert tuner.threads == 2 or tuner.patience() is None
    assert tuner.patience() == pytest.approx(0.1) and tuner.patience(10) == pytest.approx(0.8)
    tuner.broken_off()
    assert tuner.threads == 1 and tuner.patience() is None
    _, counts = run(tuner, lambda n: {1: 0.02, 2: 6.0}[n], 5)
    assert 2 not in counts, "what was hopeless is not tried again soon"


def test_guesses_have_no_limit(tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take as long as several single tokens, whatever the threads."""
    asked: list[tuple[int, bool]] = []
    monkeypatch.setattr(Tuners, "patience", lambda _, tokens, *, prefill: asked.append((tokens, prefill)))
    engine = Engine()
    try:
        load(engine, tiny_gguf, n_ctx=512, threads=1)
        params = GenerationParams(temp=0.0, n_predict=120, ignore_eos=True)
        done = gather(events_of(engine.generate(RawPrompt("abcd" * 20), params)))
        assert done.finished.timings.drafted_tokens
        assert {tokens for tokens, prefill in asked if not prefill} == {1}
    finally:
        assert engine.close(120)


@pytest.mark.parametrize("side_by_side", [1, 3])
def test_a_step_that_is_broken_off_loses_nothing(
    side_by_side: int, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every other step has no time at all, and is done again."""
    steps, broken = itertools.count(), itertools.count()
    monkeypatch.setattr(Tuners, "patience", lambda *_, **__: None if next(steps) % 2 else 0.0)
    monkeypatch.setattr(Tuners, "broken_off", lambda *_, **__: next(broken))
    params = GenerationParams(temp=0.0, n_predict=150, ignore_eos=True)
    engine, reference = Engine(side_by_side), Reference(tiny_gguf, n_ctx=512, threads=1)
    texts = [f"{number} is a number, and what comes after it is" for number in range(side_by_side)]
    try:
        load(engine, tiny_gguf, n_ctx=1024, threads=1)
        tickets = [engine.generate(RawPrompt(text), params, client=text) for text in texts]
        for text, ticket in zip(texts, tickets, strict=True):
            got, prompt = gather(events_of(ticket)).tokens, reference.tokenize(text)
            assert len(got) == 150
            assert reference.same_up_to_near_ties(prompt, got, reference.greedy(prompt, 150))
        assert next(broken) > 10
    finally:
        reference.close()
        assert engine.close(120)
