"""Short ways to ask an engine something and wait for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.core.errors import LocalLLMError
from tui.core.events import Event, Failed, Finished, Loaded, ModelInfo, Prefilling, Token
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import Prompt
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket

PATIENCE = 300.0
"""Most seconds to wait for anything; reached only when something is broken."""


@dataclass(frozen=True)
class Reply:
    """A whole generation."""

    text: str
    tokens: tuple[int, ...]
    pieces: bytes
    finished: Finished
    prefills: tuple[Prefilling, ...]


def events_of(ticket: Ticket) -> list[Event]:
    """All events of a ticket, once it is over."""
    assert ticket.wait(PATIENCE), "the engine did not come to an end"
    return ticket.drain()


def load(engine: Engine, path: Path, **params: object) -> ModelInfo:
    """Load a model; its failure is raised."""
    last = events_of(engine.load(path, LoadParams(**params)))[-1]  # type: ignore[arg-type]
    if isinstance(last, Failed):
        raise last.error
    assert isinstance(last, Loaded)
    return last.model


def reply(engine: Engine, prompt: Prompt, **params: object) -> Reply:
    """Generate to the end; a failure is raised."""
    return gather(events_of(engine.generate(prompt, GenerationParams(**params))))  # type: ignore[arg-type]


def gather(events: Sequence[Event]) -> Reply:
    """The reply that a ticket's events tell."""
    last = events[-1]
    if isinstance(last, Failed):
        raise last.error
    assert isinstance(last, Finished)
    tokens = [event for event in events if isinstance(event, Token)]
    return Reply(
        text="".join(token.text for token in tokens) + last.text,
        tokens=tuple(token.id for token in tokens),
        pieces=b"".join(token.piece for token in tokens),
        finished=last,
        prefills=tuple(event for event in events if isinstance(event, Prefilling)),
    )


def error_of(ticket: Ticket) -> LocalLLMError:
    """The error that ended a ticket."""
    last = events_of(ticket)[-1]
    assert isinstance(last, Failed), last
    return last.error
