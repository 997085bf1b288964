"""What belongs to one call to the Hub, however deep in other libraries its requests are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from tui.catalogue.hub.cancel import Cancel


@dataclass(slots=True)
class Call:
    """One call to the Hub, and what belongs to it in this thread.

    Attributes:
        endpoint: address of the Hub; a token is sent there and nowhere else. Empty where it is not known.
        repo_id: what it is about, for the sentence of an error; empty for no repository.
        has_token: whether a token goes with it.
        cancel: ends it.
        limit: bytes that all answers together may have; None without a limit.
        deadline: of `time.monotonic`; None without one.
        next_pages: of each answer, the address of the page after it; empty at the end of a list.
    """

    endpoint: str
    repo_id: str = ""
    has_token: bool = False
    cancel: Cancel = field(default_factory=Cancel)
    limit: int | None = None
    deadline: float | None = None
    next_pages: list[str] = field(default_factory=list)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Everything that this thread asks the network for inside belongs to this call."""
        before = _CURRENT.set(self)
        try:
            self.cancel.check()
            yield
        finally:
            _CURRENT.reset(before)


_CURRENT: ContextVar[Call | None] = ContextVar("hub_call", default=None)


def current_call() -> Call:
    """This thread's call; one that nobody can cancel where there is none."""
    return _CURRENT.get() or Call("")
