"""Speed over the last seconds."""

from __future__ import annotations

import pytest

from tui.catalogue.hub.values import Request
from tui.services.downloads_progress import Live, Meter
from tui.services.downloads_queue import Entry

REQUEST = Request("owner/name", "0" * 40, "", ())


class Clock:
    """Time that a test makes pass."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """At some moment."""
    return Clock()


def test_the_speed_is_that_of_the_last_seconds(clock: Clock) -> None:
    meter = Meter(clock)
    done = 0
    for second in range(100):
        meter.at(done)
        clock.now += 0.1
        done += 100 if second < 40 else 1000
    assert meter.speed() == pytest.approx(10_000, rel=0.05)


def test_there_is_none_before_the_second_sample_nor_after_a_silence(clock: Clock) -> None:
    meter = Meter(clock)
    meter.at(5)
    assert meter.speed() is None
    clock.now += 1
    meter.at(1005)
    assert meter.speed() == 1000
    clock.now += 6
    assert meter.speed() is None


def test_the_speed_falls_while_nothing_comes(clock: Clock) -> None:
    meter = Meter(clock)
    meter.at(0)
    clock.now += 1
    meter.at(1000)
    clock.now += 3
    assert meter.speed() == 250


def test_a_new_beginning_is_no_negative_speed(clock: Clock) -> None:
    meter = Meter(clock)
    meter.at(1000)
    clock.now += 1
    meter.at(0)
    assert meter.speed() is None


def test_a_silence_is_told_until_something_comes(clock: Clock) -> None:
    live = Live(Entry(1, REQUEST), _meter=Meter(clock))
    live.tell("downloading", 0)
    clock.now += 2
    assert live.look()[3] == ""
    clock.now += 4
    live.tell("downloading", 0)
    assert live.look()[3] == "nothing has arrived for 6 s"
    live.tell("downloading", 10)
    assert live.look()[3] == ""
    clock.now += 6
    live.tell("downloading", 10, "the network broke; trying again in 8 s")
    assert live.look()[3].startswith("the network broke")
    live.tell("verifying", 10)
    clock.now += 60
    assert live.look()[3] == ""
