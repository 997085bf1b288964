"""The requests of a server as somebody who watches sees them, wherever the server is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from tui.core.prompts import ChatPrompt, Prompt, RawPrompt
from tui.services.requests import RequestInfo, Requests, Totals


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known at a moment.

    Attributes:
        requests: those under way, the oldest first, then those that are over, the newest first.
        totals: what all that ended came to.
        places: generations that run side by side; 0 for not known.
        models: names of the models that can be asked for.
        transcripts: whether prompts and answers can be read.
        cancels: whether requests can be ended from here.
        server: what kind of server it is; empty for not known yet.
        problem: why there is nothing newer; empty for nothing.
    """

    requests: tuple[RequestInfo, ...] = ()
    totals: Totals = field(default_factory=Totals)
    places: int = 0
    models: tuple[str, ...] = ()
    transcripts: bool = False
    cancels: bool = True
    server: str = ""
    problem: str = ""

    @property
    def running(self) -> tuple[RequestInfo, ...]:
        """Those that are not over."""
        return tuple(info for info in self.requests if info.running)


class Watched(Protocol):
    """Where requests are watched."""

    def look(self) -> Snapshot:
        """What is known now; returns at once."""

    def cancel(self, number: int) -> bool:
        """End a request; False when it is over already. May take a while; raises LocalLLMError."""

    def transcript(self, number: int) -> tuple[str, str] | None:
        """Prompt and answer of a request; None where there is none. May take a while; raises LocalLLMError."""


class Here:
    """The requests of a server in this process.

    Args:
        requests: all of them.
    """

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def look(self) -> Snapshot:
        """What is known now."""
        requests = self._requests
        return Snapshot(
            (*requests.running, *requests.ended), requests.totals, transcripts=requests.transcripts, server="here"
        )

    def cancel(self, number: int) -> bool:
        """End a request."""
        return self._requests.cancel(number)

    def transcript(self, number: int) -> tuple[str, str] | None:
        """Prompt and answer of a request."""
        return self._requests.transcript(number)


def words_of(prompt: Prompt) -> str:
    """A prompt as a transcript shows it."""
    if isinstance(prompt, ChatPrompt):
        return "\n\n".join(f"{message.role}: {message.content}" for message in prompt.messages)
    return prompt.text if isinstance(prompt, RawPrompt) else f"{len(prompt.tokens)} tokens"
