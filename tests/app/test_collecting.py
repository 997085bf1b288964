"""When garbage is looked for: only where nobody waits."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tui.app.collecting import Collector


class Circle:
    """Something that only a full collection finds."""

    def __init__(self) -> None:
        self.me = self


class Clock:
    """A time that is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def collector() -> Iterator[tuple[Collector, Clock]]:
    before, clock = gc.get_threshold(), Clock()
    yield Collector(clock), clock
    gc.set_threshold(*before)
    gc.unfreeze()


def test_a_quiet_moment_ends_what_refers_to_itself(collector: tuple[Collector, Clock]) -> None:
    one, clock = collector
    gone = weakref.ref(Circle())
    assert not one.tick(busy=False) and gone() is not None  # a person was just there
    clock.now += 10
    assert not one.tick(busy=True) and gone() is not None  # a reply goes on
    assert not one.tick(busy=False)  # it only just ended
    clock.now += 10
    assert one.tick(busy=False) and gone() is None


def test_an_idle_program_does_it_once(collector: tuple[Collector, Clock]) -> None:
    one, clock = collector
    clock.now += 10
    assert one.tick(busy=False)
    gc.disable()  # no pass by itself between the two
    try:
        clock.now += 10
        assert not one.tick(busy=False)
    finally:
        gc.enable()


def test_what_was_here_before_is_looked_at_again(collector: tuple[Collector, Clock]) -> None:
    one, clock = collector
    circle = Circle()
    gone = weakref.ref(circle)
    clock.now += 10
    assert one.tick(busy=False) and gone() is not None
    del circle
    gc.collect(0)  # a pass over the young ones, as Python makes it by itself
    one.touched()
    clock.now += 10
    assert one.tick(busy=False) and gone() is None
