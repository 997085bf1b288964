"""From the bytes of tokens to text that can be shown at once."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Decodes token by token, holding back what is not certain yet.

    A character may span several tokens, and so may a stop string: bytes of an unfinished character and text that
    may be the start of a stop string wait until the next tokens decide.

    Args:
        stops: texts that end the generation; the text ends before the first of them.
    """

    def __init__(self, stops: Sequence[str] = ()) -> None:
        self.watch_for(stops)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped_by = ""
        """The stop string that was met; empty until then."""

    @property
    def whole(self) -> bool:
        """Whether the bytes so far end with a whole character."""
        return not self._decoder.getstate()[0]

    def watch_for(self, stops: Sequence[str]) -> None:
        """Look for other stop strings from now on."""
        self._stops = tuple(stop for stop in stops if stop)

    def push(self, piece: bytes) -> str:
        """Add one token's bytes.

        Returns:
            The text that is now certain; may be empty. After a stop string was met: the text before it.
        """
        self._held += self._decoder.decode(piece)
        if not self._stops:
            return self._release(len(self._held))
        found = min(
            ((at, -len(stop), stop) for stop in self._stops if (at := self._held.find(stop)) >= 0),
            default=None,
        )
        if found is not None:
            self.stopped_by = found[2]
            text = self._held[: found[0]]
            self._held = ""
            return text
        return self._release(len(self._held) - self._longest_start())

    def finish(self) -> str:
        """The text still held back, now that no token follows. An unfinished character is dropped."""
        return self._release(len(self._held))

    def _release(self, count: int) -> str:
        text, self._held = self._held[:count], self._held[count:]
        return text

    def _longest_start(self) -> int:
        """Characters at the end of the held text that may be the start of a stop string."""
        longest = max(len(stop) for stop in self._stops) - 1
        for size in range(min(longest, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-size:]) for stop in self._stops):
                return size
        return 0
