"""A server beside a front end: what the front end wants of it, and what it sees of it.

Front ends do not know each other: the command line hands the application what makes a server.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tui.core.addresses import is_loopback
from tui.core.parameters import GenerationParams
from tui.services.model_host import ModelHost
from tui.services.requests import Requests


@dataclass(frozen=True, slots=True)
class ServeWish:
    """How a server beside the person is to serve.

    Attributes:
        host: address to listen at.
        port: port to listen at; 0 takes a free one.
        parallel: generations of clients that run side by side.
        key: what clients have to show; empty for nothing.
        cors_origins: origins whose pages may ask; `*` for all.
        generation: how tokens are chosen where a request does not say.
        requests: where requests are kept.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    parallel: int = 4
    key: str = field(default="", repr=False)
    cors_origins: tuple[str, ...] = ()
    generation: GenerationParams = field(default_factory=GenerationParams)
    requests: Requests = field(default_factory=Requests)

    @property
    def is_open(self) -> bool:
        """Whether other machines can reach it, so that it needs a key."""
        return not is_loopback(self.host)


class Served(Protocol):
    """A server that runs in threads of its own."""

    @property
    def address(self) -> str:
        """Where clients find it, such as `http://127.0.0.1:8080`."""

    def stop(self) -> None:
        """Take no more requests, and end as soon as those under way are done, or their time is up."""

    def kill(self) -> None:
        """End those under way too."""

    def join(self, timeout: float) -> bool:
        """Wait for its end; whether it came in time."""


MakeServed = Callable[[ModelHost, ServeWish], Served]
"""Starts a server of what a host has loaded; raises LocalLLMError where it cannot."""


def new_key() -> str:
    """A key that nobody guesses."""
    return f"sk-local-{secrets.token_urlsafe(24)}"


def sampling_only(generation: GenerationParams) -> GenerationParams:
    """How a person's settings choose tokens, without what belongs to the person's own chat."""
    usual = GenerationParams()
    return replace(
        generation,
        n_predict=usual.n_predict,
        system_prompt=usual.system_prompt,
        stop=usual.stop,
        grammar=usual.grammar,
        json_schema=usual.json_schema,
        ignore_eos=usual.ignore_eos,
    )
