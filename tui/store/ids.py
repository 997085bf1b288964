"""Numbers for what is stored: they grow with time, and two programs do not give the same one."""

from __future__ import annotations

import secrets
import threading
import time

_EPOCH = 1_577_836_800  # 2020-01-01: 41 bits of milliseconds last until 2089
_RANDOM_BITS = 22


class Ids:
    """Numbers below 2^63: milliseconds, then random bits. Any thread may ask.

    Args:
        after: a number that all must exceed; a clock that was set back does not bring messages out of order.
    """

    def __init__(self, after: int = 0) -> None:
        self._last = after
        self._lock = threading.Lock()

    def next(self) -> int:
        """A new one, greater than all before."""
        milliseconds = max(0, int((time.time() - _EPOCH) * 1000))
        number = milliseconds << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        with self._lock:
            if number <= self._last:
                number = self._last + 1 + secrets.randbelow(1024)
            self._last = number
            return number
