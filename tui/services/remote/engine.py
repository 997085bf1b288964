"""An endpoint in the place of the engine: the same tickets and events, computed by another server."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.core.endpoints import Endpoint, address_of, place_of, remote_name
from tui.core.errors import CancelledError, LocalLLMError, NoModelError, RemoteError
from tui.core.events import (
    Answered,
    AskedAgain,
    Event,
    Failed,
    Loaded,
    Loading,
    ModelInfo,
    Prefilling,
    StopReason,
    Unloaded,
)
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt, Prompt, TokenPrompt
from tui.engine.engine import Check, Engine
from tui.engine.ticket import Ticket
from tui.services.remote.about import REASONING_MARKERS, endpoint_at, model_info
from tui.services.remote.connection import Limits, check_allowed, connect, open_stream, pause_before_again
from tui.services.remote.errors import dropped, explain, is_broken, said
from tui.services.remote.line import next_of, pulse_of
from tui.services.remote.look import PORTS, look_here
from tui.services.remote.loop import RemoteLoop
from tui.services.remote.parameters import request_fields
from tui.services.remote.reply import RemoteReply
from tui.services.remote.server import Server, ask_server, list_models

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from tui.engine.questions import Questions

_LOGGER = logging.getLogger("localllm.remote")
_SIDE_BY_SIDE = 4
"""Requests that may run at a time; how many really do is the server's affair."""
_MAY_GO = ("stream_options", "logit_bias", "seed", "presence_penalty", "frequency_penalty", "temperature", "top_p")
"""Fields without which a reply is still one, where a server refuses them by name."""


@dataclass(frozen=True, slots=True)
class _Connected:
    endpoint: Endpoint
    client: AsyncOpenAI
    server: Server
    info: ModelInfo


class RemoteEngine(Engine):
    """Has replies written by an OpenAI-compatible server. Every method returns at once.

    What needs a model in this program (token counts, saved states, adapters, embeddings) fails with one line.

    Args:
        offline: tells whether only servers on this machine may be asked.
        limits: how long is waited.
    """

    def __init__(self, offline: Callable[[], bool] = lambda: False, limits: Limits | None = None) -> None:
        super().__init__(_SIDE_BY_SIDE)
        self._offline = offline
        self._limits = limits or Limits()
        self._remote = RemoteLoop()
        self._connected: _Connected | None = None

    @property
    def model(self) -> ModelInfo | None:
        """The model that is asked; None while there is none."""
        connected = self._connected
        return connected.info if connected else None

    @property
    def kept(self) -> Mapping[str, Path | None]:
        """Nothing: what a server has computed is its own affair."""
        return {}

    def prepare(self) -> None:
        """Nothing is to be loaded before it is needed."""

    def load(
        self,
        path: Path,
        params: LoadParams,
        check: Check | None = None,
        begin_with: Callable[[], int | None] | None = None,
    ) -> Ticket:
        """Get to know an endpoint: whether it answers, and what its model is.

        Args:
            path: what `endpoint_path` made of it.
            params: kept with the model; a server has settings of its own.
            check: called in the engine's thread once it answers, before it takes the place of the model before.
            begin_with: of no use here.
        """
        name = remote_name(path) or path.name

        async def work(ticket: Ticket) -> Event:
            ticket.post(Loading(str(path), 0.0))
            client: AsyncOpenAI | None = None
            base_url, model = address_of(path) or ("", "")
            endpoint = Endpoint(name, base_url, model)
            try:
                endpoint = await asyncio.to_thread(endpoint_at, path)
                check_allowed(base_url, self._offline())
                begun = time.perf_counter()
                client = await connect(endpoint, self._limits)
                async with asyncio.timeout(self._limits.connect):
                    server = await ask_server(client, base_url, model)
                info = model_info(path, endpoint, server, params, time.perf_counter() - begun)
                if check is not None:
                    await asyncio.to_thread(check, lambda: ticket.cancelled)
                if ticket.over:
                    raise asyncio.CancelledError
            except BaseException as error:
                if client is not None:
                    await _close(client)
                if isinstance(error, Exception):
                    return self._failed(error, endpoint)
                raise
            await self._leave()
            self._connected = _Connected(replace(endpoint, model=server.model), client, server, info)
            return Loaded(info)

        return self._remote.start(work, lambda _: Failed(CancelledError(f"Asking {name} was stopped")))

    def models_of(self, endpoint: Endpoint) -> Ticket:
        """Which models a server has.

        Returns:
            A ticket that ends with Answered, whose value is a list of names, or with Failed.
        """

        async def work(_: Ticket) -> Event:
            try:
                check_allowed(endpoint.base_url, self._offline())
                client = await connect(endpoint, self._limits)
                try:
                    async with asyncio.timeout(self._limits.connect):
                        return Answered([entry["id"] for entry in await list_models(client)])
                finally:
                    await _close(client)
            except Exception as error:
                return self._failed(error, endpoint)

        return self._remote.start(work, lambda _: Failed(CancelledError("Asking was stopped")))

    def look_here(self, ports: Sequence[int] = PORTS) -> Ticket:
        """Which servers answer on this machine.

        Returns:
            A ticket that ends with Answered, whose value is a tuple of `FoundServer`.
        """

        async def work(_: Ticket) -> Event:
            return Answered(await look_here(ports))

        return self._remote.start(work, lambda _: Failed(CancelledError("Looking was stopped")))

    def unload(self) -> Ticket:
        """Forget the endpoint."""

        async def work(_: Ticket) -> Event:
            await self._leave()
            return Unloaded()

        return self._remote.start(work, lambda _: Unloaded())

    def generate(
        self,
        prompt: Prompt,
        params: GenerationParams,
        *,
        durable: bool = False,
        reusable: int | None = None,
        client: str = "",
        n_probs: int | None = None,
    ) -> Ticket:
        """Have a reply written. Only what the endpoint knows of the parameters is sent.

        Returns:
            A ticket: Prefilling and Token (with number -1, since only the text is known), at last Finished or Failed.
        """
        connected = self._connected
        info = connected.info if connected else None
        reply = RemoteReply(info.n_ctx if info else 0, params.seed, REASONING_MARKERS)

        async def work(ticket: Ticket) -> Event:
            if connected is None:
                return Failed(NoModelError("No model is loaded", hint="F2 chooses one"))
            try:
                await self._write(connected, ticket, prompt, params, reply)
            except Exception as error:
                if reply.begun and is_broken(error):
                    _LOGGER.info("the reply broke off: %s", error)
                    return Failed(dropped(connected.endpoint.base_url))
                return self._failed(error, connected.endpoint)
            return reply.finished()

        return self._remote.start(work, lambda _: reply.finished(StopReason.CANCELLED))

    def count(self, prompt: Prompt, params: GenerationParams, before: ChatPrompt | None = None) -> Ticket:
        """Fails: only a model that is loaded here can be asked."""
        return self._cannot("Tokens of a remote model are not counted")

    def set_sequences(self, count: int, own: int = 0, check: Check | None = None) -> Ticket:
        """Fails: how many requests run side by side is the server's affair."""
        return self._cannot("How much a remote model does side by side is its server's affair")

    def embed(self, texts: Sequence[str | Sequence[int]]) -> Ticket:
        """Fails: remote models are asked for text only."""
        return self._cannot("Remote models are asked for text only")

    def ask(self, question: Callable[[Questions], object]) -> Ticket:
        """Fails: nothing of the model is here."""
        return self._cannot("This needs a model that is loaded here")

    def adjust(self, generation: Ticket, params: GenerationParams) -> Ticket:
        """Fails: what was sent holds until the end."""
        return self._cannot("A remote reply goes on with the settings it began with")

    def force(self, generation: Ticket, text: str = "") -> Ticket:
        """Fails: nothing can be put into a reply that a server writes."""
        return self._cannot("A remote model cannot be told to answer at once", "Esc stops it")

    def time_state(self) -> Ticket:
        """Fails: there is no KV cache here."""
        return self._cannot("A remote model has its KV cache elsewhere")

    def set_adapters(self, lora: Sequence[str], check: Check | None = None) -> Ticket:
        """Fails: adapters lie over models that are loaded here."""
        return self._cannot("LoRA adapters need a model that is loaded here")

    def close(self, timeout: float = 1.0) -> bool:
        """End everything."""
        return self._remote.close(timeout)

    # In the thread

    async def _write(
        self, connected: _Connected, ticket: Ticket, prompt: Prompt, params: GenerationParams, reply: RemoteReply
    ) -> None:
        """Ask, again where that may help and nothing came yet, and hand on what comes."""
        server, endpoint = connected.server, connected.endpoint
        check_allowed(endpoint.base_url, self._offline())
        if isinstance(prompt, TokenPrompt):
            raise RemoteError("This needs a model that is loaded here", why="a server takes text, no tokens")
        chat = isinstance(prompt, ChatPrompt)
        if isinstance(prompt, ChatPrompt) and prompt.begun and not server.continues:
            raise RemoteError(f"{place_of(endpoint.base_url)} cannot go on with a reply", hint="ask anew (ctrl+r)")
        fields = request_fields(params, server.kind, chat=chat)
        ticket.post(Prefilling(0, 0, 0))
        tries = 0
        while True:
            tries += 1
            try:
                await self._follow(connected, ticket, prompt, fields, reply)
                return
            except Exception as error:
                if reply.begun:
                    raise
                if _without_refused(error, fields):
                    tries -= 1  # each field can be refused once
                    continue
                if (pause := pause_before_again(error, tries, self._limits)) is None:
                    raise
                why = explain(error, endpoint.base_url, server.model).line()
                _LOGGER.info("asked again in %.1f s: %s", pause, why)
                ticket.post(AskedAgain(tries, why))
                await asyncio.sleep(pause)

    async def _follow(
        self, connected: _Connected, ticket: Ticket, prompt: Any, fields: dict[str, Any], reply: RemoteReply
    ) -> None:
        async with asyncio.timeout(self._limits.first):
            stream = await open_stream(connected.client, connected.server, prompt, fields)
        pulse = pulse_of(stream)
        try:
            while True:
                try:
                    patience = self._limits.next if reply.begun else self._limits.first
                    chunk = await next_of(stream, pulse, patience, self._limits.silence)
                except StopAsyncIteration:
                    break
                for event in reply.take(chunk):
                    if not ticket.over:
                        ticket.post(event)
        finally:
            with suppress(Exception):
                await stream.close()  # type: ignore[attr-defined]
        if not reply.complete:
            raise ConnectionError("the reply ended without a word of why")

    async def _leave(self) -> None:
        connected, self._connected = self._connected, None
        if connected is not None:
            await _close(connected.client)

    def _failed(self, error: Exception, endpoint: Endpoint) -> Failed:
        if not isinstance(error, LocalLLMError):
            _LOGGER.info("%s: %s: %s", endpoint.base_url, type(error).__name__, said(error))
        return Failed(explain(error, endpoint.base_url, endpoint.model, endpoint.key))

    def _cannot(self, what: str, hint: str = "") -> Ticket:
        ticket = Ticket()
        ticket.close(Failed(RemoteError(what, hint=hint)))
        return ticket


async def _close(client: AsyncOpenAI) -> None:
    with suppress(Exception):
        await client.close()


def _without_refused(error: Exception, fields: dict[str, Any]) -> bool:
    """Leave out what the server refuses by name; whether there was such a field."""
    if getattr(error, "status_code", None) not in (400, 422):
        return False
    text = f"{said(error)} {getattr(error, 'param', '') or ''}"
    if "max_tokens" in text and "max_completion_tokens" in text and "max_tokens" in fields:
        fields["max_completion_tokens"] = fields.pop("max_tokens")
        return True
    for name in _MAY_GO:
        if name in text and fields.get(name, ...) is not None and (name in fields or name == "stream_options"):
            _LOGGER.warning("the endpoint does not take %s: it is left out", name)
            if name == "stream_options":
                fields[name] = None
            else:
                del fields[name]
            return True
    return False
