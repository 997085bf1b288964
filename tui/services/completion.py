"""A text that the model continues: no template, no roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tui.core.errors import LocalLLMError
from tui.core.events import Event
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.ticket import Ticket
from tui.services.growing import Growing
from tui.services.model_host import ModelHost

Kind = Literal["prompt", "completion"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text.

    Attributes:
        text: what it says.
        kind: whether the person or the model wrote it.
    """

    text: str
    kind: Kind


class CompletionSession:
    """A text of prompt and completion, and the completion under way.

    The front end drains the ticket and hands every event to `absorb`; nothing here waits or runs by itself.

    Args:
        host: where the model is.
    """

    def __init__(self, host: ModelHost) -> None:
        self._host = host
        self._segments: list[Segment] = []
        self._growing = Growing("completion", lambda text: self._append(text, "completion"))
        self._past: list[tuple[list[Segment], str]] = []
        self.undone_text = ""
        """What the person had added with the completion that `undo` took back last."""

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The text in order, a growing completion last."""
        text = self._growing.text
        return (*self._segments, Segment(text, "completion")) if text else tuple(self._segments)

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(segment.text for segment in self.segments)

    @property
    def busy(self) -> bool:
        """Whether a completion is under way."""
        return self._growing.busy

    @property
    def used(self) -> int:
        """Tokens in the KV cache."""
        return self._growing.used

    @property
    def can_undo(self) -> bool:
        """Whether `undo` has something to take back."""
        return bool(self._past) and not self.busy

    def run(self, added: str, params: GenerationParams) -> Ticket:
        """Add to the text and let the model continue it.

        Args:
            added: text to append first, escapes already processed; empty to go on from where the text ends.
            params: how to generate.

        Returns:
            The completion's ticket.

        Raises:
            LocalLLMError: a completion is under way, or there is no text to continue.
        """
        self._growing.check_idle()
        if not added and not self._segments:
            raise LocalLLMError("There is no text to continue", hint="type a prompt")
        self._remember(added)
        self._append(added, "prompt")
        ticket = self._host.engine.generate(RawPrompt(self.text), params)
        self._growing.begin()
        return ticket

    def undo(self) -> bool:
        """Take back the last completion, edit or clearing; `undone_text` then has what the person had added with it.

        Returns:
            Whether there was one.
        """
        if not self.can_undo:
            return False
        self._segments, self.undone_text = self._past.pop()
        self._growing.used = 0
        return True

    def replace(self, text: str) -> None:
        """Put an edited text in place of the old one; what is unchanged from the start keeps its author.

        Raises:
            LocalLLMError: a completion is under way.
        """
        self._growing.check_idle()
        self._remember("")
        kept: list[Segment] = []
        rest = text
        for segment in self._segments:
            same = _common_length(segment.text, rest)
            if same:
                kept.append(Segment(segment.text[:same], segment.kind))
            rest = rest[same:]
            if same < len(segment.text):
                break
        self._segments = kept
        self._append(rest, "prompt")

    def clear(self) -> None:
        """Begin with an empty text; `undo` brings the old one back.

        Raises:
            LocalLLMError: a completion is under way.
        """
        self._growing.check_idle()
        if self._segments:
            self._remember("")
        self._segments = []
        self._growing.used = 0

    def absorb(self, event: Event) -> None:
        """Take an event of the completion's ticket."""
        self._growing.absorb(event)

    def _remember(self, added: str) -> None:
        self._past.append((list(self._segments), added))

    def _append(self, text: str, kind: Kind) -> None:
        if not text:
            return
        if self._segments and self._segments[-1].kind == kind:
            text = self._segments.pop().text + text
        self._segments.append(Segment(text, kind))


def _common_length(left: str, right: str) -> int:
    count = min(len(left), len(right))
    if left[:count] == right[:count]:
        return count
    return next(i for i in range(count) if left[i] != right[i])
