"""A growing text that tells whether something new is below what one reads."""

from __future__ import annotations

from textual.message import Message
from textual.scroll_view import ScrollView


class FollowsEnd(ScrollView):
    """Stays at its end while it is there; subclasses lay the text out and draw it."""

    class Behind(Message):
        """Whether there is something new below, which the person has not seen since scrolling back.

        Attributes:
            newer: whether there is.
        """

        def __init__(self, newer: bool) -> None:
            super().__init__()
            self.newer = newer

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._newer = False

    def _tell(self, newer: bool) -> None:
        if newer != self._newer:
            self._newer = newer
            self.post_message(self.Behind(newer))
