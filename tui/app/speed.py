"""How fast tokens come in, while they come in."""

from __future__ import annotations

from collections import deque

WINDOW = 1.5
"""Seconds that the live speed looks back: short enough to follow a change, long enough to be read."""


class LiveSpeed:
    """Decode speed over the last moments, from token counts and the times they were seen."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._count = 0

    def add(self, tokens: int, now: float) -> None:
        """Note that `tokens` more were there at `now` (seconds of any steady clock)."""
        self._count += tokens
        self._seen.append((now, self._count))
        while len(self._seen) > 2 and now - self._seen[1][0] >= WINDOW:
            self._seen.popleft()

    @property
    def value(self) -> float:
        """tok/s; 0 while there is not enough to tell."""
        if len(self._seen) < 2:
            return 0.0
        (start, before), (end, after) = self._seen[0], self._seen[-1]
        return (after - before) / (end - start) if end > start else 0.0
