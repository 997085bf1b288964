"""How many threads: measured while generating, changed between two steps."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from tui.engine.machine import unknown

_LOGGER = logging.getLogger("localllm.threads")

_WINDOW_SECONDS = 0.1
_WINDOW_STEPS = 8
_LONG_SECONDS = 1.0
_GAIN = 0.95
_HOPELESS = 1.3
_HOPELESS_STEPS = 3
_SHORTEST, _LONGEST = 4, 64
_CHANGED = 1.5
_PUT_OFF_WINDOWS, _PUT_OFF = 8, 8
_PATIENCE, _PATIENCE_SECONDS = 4.0, 0.1


@dataclass(frozen=True, slots=True)
class Threads:
    """The thread counts of one context.

    Attributes:
        decode: for generation.
        prefill: for the prompt.
    """

    decode: int
    prefill: int


@dataclass(slots=True)
class _Window:
    """Steps measured with one thread count."""

    seconds: float = 0.0
    units: int = 0
    steps: int = 0

    def add(self, seconds: float, units: int) -> None:
        self.seconds += seconds
        self.units += units
        self.steps += 1

    @property
    def mean(self) -> float:
        """Seconds for each unit of work."""
        return self.seconds / self.units


class ThreadTuner:
    """Finds the thread count that is fastest now, and stays with it.

    On a machine with other work to do, llama.cpp's threads wait for the one that shares its core, at every node of the
    graph: with one of two cores busy, two threads reach a fifth of the speed of one. Which count is best can only be
    measured.

    The rule: time is cut into windows of 8 steps and 0.1 s at least, or of 1 s. Every few windows one window tries
    another count, a quarter of the count fewer and a quarter more in turn. The other count is taken when it was 5%
    faster than the window before; a trial that is 30% slower after 3 steps ends there. After each trial the
    distance to the next doubles, from 4 up to 64 windows, so that trials cost little and the count cannot
    oscillate: it changes at most once in a trial's distance. When the speed at the settled count falls or rises by
    half, the machine has changed: the distance goes back to 4 and a trial comes at once.

    More threads than other programs leave processors free can make one step last seconds. A trial of so many is put off
    by 8 windows, 8 times at most, since what is known of other programs may be wrong; and a step of a trial may take 4
    times as long as one before it, and 0.1 s at least: it is broken off then, and the trial ends.

    Before work begins nothing is measured yet. There `expect` says how many processors other programs leave free: no
    more threads are used at first, until a trial of more has paid.

    Args:
        start: threads to begin with.
        most: the most it will use.
        name: what the threads do, for the log.
        steps: fewest steps in a window.
        free: how many processors other programs leave free now; None where that is not known.
    """

    def __init__(
        self,
        start: int,
        most: int,
        name: str,
        *,
        steps: int = _WINDOW_STEPS,
        free: Callable[[], int | None] = unknown,
    ) -> None:
        self._free = free
        self._put_off = 0
        self._most = max(1, most)
        self._settled = min(max(1, start), self._most)
        self._name = name
        self._steps = steps
        self._window = _Window()
        self._trial: int | None = None
        self._limit = self._most
        self._before = 0.0
        self._usual = 0.0
        self._distance = _SHORTEST
        self._until_trial = 1
        self._down = True

    @property
    def threads(self) -> int:
        """The count to use for the next step."""
        return self._trial or min(self._settled, self._limit)

    def measured(self, seconds: float, units: int = 1) -> None:
        """Take the time of a step that ran with `threads`.

        Args:
            seconds: how long it took.
            units: how much work it was, such as the tokens of a prefill step.
        """
        if self._most == 1:
            return
        self._window.add(seconds, units)
        if self._trial is not None and self._is_hopeless():
            self._end_trial()
        elif self._is_over():
            if self._trial is None:
                self._end_window()
            else:
                self._end_trial()

    def patience(self, units: int = 1) -> float | None:
        """Seconds that the next step may take before it is broken off; None for as long as it likes.

        Args:
            units: how much work it is.
        """
        if self._trial is None:
            return None
        return max(_PATIENCE_SECONDS, _PATIENCE * self._before * units)

    def broken_off(self) -> None:
        """A step took longer than `patience`."""
        if self._trial is not None:
            self._distance = _LONGEST
            self._end_trial(hopeless=True)

    def expect(self, free: int) -> None:
        """Begin carefully.

        Args:
            free: processors that other programs leave free now.
        """
        limit = max(1, min(free, self._most))
        if limit == self._limit:
            return
        before, self._limit = self.threads, limit
        if self.threads != before:
            self._window, self._trial, self._usual = _Window(), None, 0.0
            self._distance, self._until_trial, self._down = _SHORTEST, 1, False

    def _is_over(self) -> bool:
        window = self._window
        return window.seconds >= _LONG_SECONDS or (window.steps >= self._steps and window.seconds >= _WINDOW_SECONDS)

    def _is_hopeless(self) -> bool:
        window = self._window
        return window.steps >= min(_HOPELESS_STEPS, self._steps) and window.mean > _HOPELESS * self._before

    def _end_window(self) -> None:
        mean = self._window.mean
        self._window = _Window()
        if self._usual and not self._usual / _CHANGED < mean < self._usual * _CHANGED:
            self._down = mean > self._usual
            self._distance, self._until_trial, self._usual = _SHORTEST, 1, mean
        self._usual = mean if not self._usual else 0.8 * self._usual + 0.2 * mean
        self._before = mean
        self._until_trial -= 1
        if self._until_trial <= 0:
            self._begin_trial(self._candidate())

    def _begin_trial(self, threads: int) -> None:
        if threads > self.threads and self._put_off < _PUT_OFF:
            free = self._free()
            if free is not None and free < threads:
                self._put_off += 1
                self._until_trial = _PUT_OFF_WINDOWS
                self._down = True  # fewer are tried meanwhile, where there are fewer
                return
        self._put_off, self._trial = 0, threads

    def _end_trial(self, *, hopeless: bool = False) -> None:
        tried = self.threads
        mean = float("inf") if hopeless else self._window.mean
        self._window, self._trial = _Window(), None
        if mean < _GAIN * self._before:
            _LOGGER.info(
                "%s: %d threads instead of %d: %.1f instead of %.1f ms",
                self._name, tried, self.threads, mean * 1000, self._before * 1000,
            )  # fmt: skip
            self._settled, self._limit, self._usual = tried, max(self._limit, tried), mean
        else:
            self._down = not self._down
        self._distance = min(2 * self._distance, _LONGEST)
        self._until_trial = self._distance

    def _candidate(self) -> int:
        """The count to try next: the other direction at an end of the range."""
        now = self.threads
        quarter = max(1, now // 4)
        lower, higher = max(1, now - quarter), min(self._most, now + quarter)
        if self._down and lower == now:
            self._down = False
        elif not self._down and higher == now:
            self._down = True
        return lower if self._down else higher


class Tuners:
    """The two tuners of one context; a count that the person fixed is left alone.

    Args:
        start: counts to begin with, and to keep where they are fixed.
        most: the most threads where they are not.
        tune_decode: whether the first may change.
        tune_prefill: whether the second may change.
        free: how many processors other programs leave free now; None where that is not known.
    """

    def __init__(
        self,
        start: Threads,
        most: int,
        *,
        tune_decode: bool,
        tune_prefill: bool,
        free: Callable[[], int | None] = unknown,
    ) -> None:
        self._start = start
        self._decode = ThreadTuner(start.decode, most, "decode", free=free) if tune_decode else None
        self._prefill = ThreadTuner(start.prefill, most, "prefill", steps=2, free=free) if tune_prefill else None

    @property
    def threads(self) -> Threads:
        """The counts to use for the next step."""
        return Threads(
            self._decode.threads if self._decode else self._start.decode,
            self._prefill.threads if self._prefill else self._start.prefill,
        )

    @property
    def tunes(self) -> bool:
        """Whether any count may change."""
        return self._decode is not None or self._prefill is not None

    def expect(self, free: int | None) -> None:
        """Begin with no more threads than there are processors that other programs leave free, where that is known."""
        for tuner in (self._decode, self._prefill):
            if tuner and free is not None:
                tuner.expect(free)

    def measured(self, seconds: float, tokens: int, *, prefill: bool) -> None:
        """Take the time of a step.

        Args:
            seconds: how long it took.
            tokens: how many tokens were evaluated.
            prefill: whether there were prompt tokens among them.
        """
        if prefill and self._prefill:
            self._prefill.measured(seconds, tokens)
        elif not prefill and self._decode:
            self._decode.measured(seconds)

    def patience(self, tokens: int, *, prefill: bool) -> float | None:
        """Seconds that a step may take before it is broken off; None for as long as it likes."""
        tuner = self._prefill if prefill else self._decode
        return tuner.patience(tokens if prefill else 1) if tuner else None

    def broken_off(self, *, prefill: bool) -> None:
        """A step took longer than `patience`."""
        if tuner := self._prefill if prefill else self._decode:
            tuner.broken_off()
