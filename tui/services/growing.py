"""Text that a generation adds to, for the sessions that keep it."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, Prefilling, Shifted, Token


class Growing:
    """The text of the generation under way, and the tokens in the KV cache.

    Args:
        what: what is being generated, for the refusal of a second one: `reply`.
        settle: called with the whole text when the generation is over.
    """

    def __init__(self, what: str, settle: Callable[[str], None]) -> None:
        self._what = what
        self._settle = settle
        self._parts: list[str] | None = None
        self.used = 0
        """Tokens in the KV cache."""

    @property
    def busy(self) -> bool:
        """Whether a generation is under way."""
        return self._parts is not None

    @property
    def text(self) -> str:
        """What was generated so far."""
        return "".join(self._parts or ())

    def check_idle(self) -> None:
        """Refuse a second generation beside the first.

        Raises:
            LocalLLMError: one is under way.
        """
        if self.busy:
            raise LocalLLMError(f"A {self._what} is still being generated", hint="Esc stops it")

    def begin(self) -> None:
        """A generation was asked for."""
        self._parts = []

    def absorb(self, event: Event) -> None:
        """Take an event of the generation's ticket."""
        match event:
            case Prefilling(done=used) | Shifted(used=used):
                self.used = used
            case Token(text=text, position=used) | Finished(text=text, used=used):
                self.used = used
                if self._parts is not None and text:
                    self._parts.append(text)
            case _:
                pass
        if isinstance(event, Finished | Failed):
            text, self._parts = self.text, None
            self._settle(text)
