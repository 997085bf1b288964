"""An endpoint and its client: how it is reached, how long it may take, when it is asked again."""

from __future__ import annotations

import asyncio
import importlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tui.core.endpoints import Endpoint, is_loopback, place_of
from tui.core.errors import RemoteError
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.core.reasoning import spoken
from tui.services.remote.errors import is_broken, is_timeout, wait_asked
from tui.services.remote.keys import read_key
from tui.services.remote.line import hooks
from tui.services.remote.server import Server

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_BUSY = (429, 502, 503, 504)
"""Statuses after which the same request may be answered a little later."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long is waited, in seconds.

    Attributes:
        connect: for a connection.
        first: for the first piece of a reply: a long prompt on a slow machine takes minutes.
        next: for each further piece.
        silence: for any byte of a server that announces signs of life in its streams.
        wait: most that an endpoint may ask to wait (Retry-After) for it to be done without the person.
        tries: how often a request is made at most, before its first piece.
        pause: before the second try, without being asked to wait; twice as long before the third one.
    """

    connect: float = 10.0
    first: float = 600.0
    next: float = 120.0
    silence: float = 5.0
    wait: float = 10.0
    tries: int = 3
    pause: float = 0.5


def check_allowed(base_url: str, offline: bool) -> None:
    """Refuse to go out where that is switched off.

    Raises:
        RemoteError: the endpoint is not on this machine, and the program is offline.
    """
    if offline and not is_loopback(base_url):
        raise RemoteError(
            f"{place_of(base_url)} is not on this machine", why="--offline is set", hint="start without it to go there"
        )


async def connect(endpoint: Endpoint, limits: Limits) -> AsyncOpenAI:
    """The client for an endpoint; nothing is sent yet.

    Raises:
        RemoteError: the `openai` package or the key is missing.
    """
    try:
        # It takes about a second: in a thread, so that the wait can be ended.
        openai: Any = await asyncio.to_thread(importlib.import_module, "openai")
    except ImportError as error:
        raise RemoteError(
            "Endpoints need the openai package", why=str(error), hint="pip install 'localllm-tui[remote]'"
        ) from error
    key = await asyncio.to_thread(read_key, endpoint.key)
    timeout = openai.Timeout(limits.first, connect=limits.connect)
    # What is on this machine is never asked by way of a proxy.
    http = openai.DefaultAsyncHttpxClient(
        trust_env=not is_loopback(endpoint.base_url), timeout=timeout, event_hooks=hooks()
    )
    client: AsyncOpenAI = openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=key, timeout=timeout, max_retries=0, http_client=http
    )
    # These come from the environment, and are OpenAI's business alone.
    if place_of(endpoint.base_url) != "api.openai.com":
        client.organization = client.project = None
    return client


async def open_stream(
    client: AsyncOpenAI, server: Server, prompt: ChatPrompt | RawPrompt, fields: dict[str, Any]
) -> AsyncIterator[Any]:
    """Ask for a reply in pieces."""
    create: Any = client.completions.create if isinstance(prompt, RawPrompt) else client.chat.completions.create
    wanted: dict[str, Any] = {
        "model": server.model,
        "stream": True,
        "stream_options": {"include_usage": True},
        **fields,
    }
    if isinstance(prompt, RawPrompt):
        wanted["prompt"] = prompt.text
    else:
        wanted["messages"] = messages_of(prompt)
        if prompt.begun and server.kind == "vllm":
            more = {"continue_final_message": True, "add_generation_prompt": False}
            wanted["extra_body"] = wanted.get("extra_body", {}) | more
    stream: AsyncIterator[Any] = await create(**wanted)
    return stream


def messages_of(prompt: ChatPrompt) -> list[dict[str, str]]:
    """A conversation as it is sent: of earlier replies only the answers, as the makers of thinking models advise."""
    said = [
        {"role": message.role, "content": spoken(message.content) if message.role == "assistant" else message.content}
        for message in prompt.messages
    ]
    return [*said, {"role": "assistant", "content": prompt.begun}] if prompt.begun else said


def pause_before_again(error: BaseException, tries: int, limits: Limits) -> float | None:
    """Seconds after which a request that failed is made again; None where that is of no use.

    Args:
        error: what the client raised.
        tries: how often it was made.
        limits: what is allowed.
    """
    if tries >= limits.tries or is_timeout(error):
        return None
    pause: float = limits.pause * 2 ** (tries - 1) * random.uniform(1.0, 1.25)
    status = getattr(error, "status_code", None)
    if status is None:
        return pause if is_broken(error) else None
    if status not in _BUSY or getattr(error, "code", None) == "insufficient_quota":
        return None
    asked = wait_asked(error)
    if asked is None:
        return pause
    return asked if asked <= limits.wait else None
