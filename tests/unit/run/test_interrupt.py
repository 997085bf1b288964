"""Signals: first the work is asked to end, then the program ends without it."""

from __future__ import annotations

import signal

import pytest

from tui.run.interrupt import Interrupted, Interruption


def test_without_work_the_program_ends_at_once() -> None:
    with pytest.raises(Interrupted) as caught, Interruption():
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.status == 143


def test_work_is_asked_first_and_left_the_second_time() -> None:
    asked: list[str] = []
    with Interruption() as interruption:
        interruption.watch(lambda: asked.append("first"))
        assert interruption.status == 0
        signal.raise_signal(signal.SIGINT)
        assert asked == ["first"]
        assert interruption.status == 130
        interruption.watch(lambda: asked.append("next"))
        assert asked == ["first", "next"]
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGINT)


def test_work_that_does_not_end_is_left() -> None:
    with pytest.raises(Interrupted) as caught, Interruption() as interruption:
        interruption.watch(lambda: None)
        signal.raise_signal(signal.SIGINT)
        while True:
            signal.pause()
    assert caught.value.status == 130


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)]
    with Interruption():
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)] == before
