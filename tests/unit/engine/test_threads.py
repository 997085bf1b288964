"""The thread tuner on machines whose speed is known."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from tui.engine.threads import ThreadTuner

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
