"""When Python looks for garbage: while nobody waits.

What refers to itself in a circle, such as a closed screen and its widgets, is found only by a collection that looks at
every object. With thousands of models or messages in memory that takes a tenth of a second or more, in which no key is
answered and no token drawn. So a full one is made in quiet moments, and by itself only after millions of new objects.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

_THRESHOLDS = (20_000, 20, 10)
"""New objects, and passes over the younger ones, after which Python looks for garbage by itself."""
_QUIET_SECONDS = 3.0


class Collector:
    """Makes full collections in quiet moments, for as long as the process lives.

    Args:
        clock: the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._touched = clock()
        self._passes = -1
        gc.set_threshold(*_THRESHOLDS)

    def touched(self) -> None:
        """Something happens: this is no quiet moment."""
        self._touched = self._clock()

    def tick(self, busy: bool) -> bool:
        """Collect if it is quiet and there may be garbage; called about once a second.

        Args:
            busy: whether work goes on that a pause would hold up.

        Returns:
            Whether it did.
        """
        if busy:
            self.touched()
        passes = gc.get_stats()[0]["collections"]
        if self._clock() - self._touched < _QUIET_SECONDS or passes == self._passes:
            return False
        gc.unfreeze()
        gc.collect()
        # What is here now need not be looked through again by the passes that Python makes meanwhile.
        gc.freeze()
        self._passes = passes
        return True
