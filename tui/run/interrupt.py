"""Ctrl+C and SIGTERM: first the work is asked to end, then, if it does not, the program ends without it."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE = 1.0
"""Seconds that the work has to end by itself."""


class Interrupted(BaseException):
    """Raised in the main thread: the program is to end now.

    Attributes:
        status: the exit status that tells which signal it was: 130 for Ctrl+C, 143 for SIGTERM.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.status = 128 + number


class Interruption:
    """A context in which signals are handled; afterwards they do what they did before.

    With work under way the first signal asks it to end, so that no text that was generated is lost. A second signal,
    work that does not end in time, and a signal while there is no work raise `Interrupted`.
    """

    def __init__(self) -> None:
        self._number = 0
        self._cancel: Callable[[], None] | None = None
        self._before: dict[int, Any] = {}

    @property
    def status(self) -> int:
        """The exit status that the signal asks for; 0 when there was none."""
        return 128 + self._number if self._number else 0

    def watch(self, cancel: Callable[[], None]) -> None:
        """Name the work under way.

        Args:
            cancel: asks for its end; must return at once.
        """
        self._cancel = cancel
        if self._number:
            cancel()

    def __enter__(self) -> Interruption:
        # What was ignored from the start, as by nohup or by a shell's `&`, stays ignored.
        heard = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._receive) for number in heard}
        self._before[signal.SIGALRM] = signal.signal(signal.SIGALRM, self._give_up)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        repeated, self._number = self._number, number
        if repeated or self._cancel is None:
            raise Interrupted(number)
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        self._cancel()

    def _give_up(self, _number: int, _frame: FrameType | None) -> None:
        raise Interrupted(self._number)
