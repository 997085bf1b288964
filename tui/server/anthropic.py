"""Anthropic's `/v1/messages` and `/v1/messages/count_tokens`."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Event, StopReason
from tui.server.anthropic_input import asked_by
from tui.server.anthropic_output import Blocks
from tui.server.asking import Answering, begin, plan_of
from tui.server.body import read_json
from tui.server.errors import ApiError
from tui.server.fields import Fields
from tui.server.following import unless_gone
from tui.server.state import state_of
from tui.server.stream import EventStream, event

_REASONS = {"length": "max_tokens", "tool_calls": "tool_use"}


async def messages(request: Request) -> Response:
    """Answer a conversation, whole or as it is generated."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    streamed, asked = fields.flag("stream"), asked_by(state, fields)
    answering = await unless_gone(request, begin(state, request, asked))
    if answering is None:
        return Response(status_code=499)
    reply, generating = _Reply(answering), answering.generating
    if streamed:
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(reply.stream(events), state.options.timeout, generating.close)
    done = await unless_gone(request, reply.complete())
    return Response(status_code=499) if done is None else JSONResponse(done)


async def count_tokens(request: Request) -> Response:
    """How many tokens a conversation has, tools and all."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    asked = asked_by(state, fields, counting=True)
    async with state.using(asked.model) as lease:
        plan = await plan_of(state, lease, asked)
        tokens = await state.ask(lease, lambda questions: questions.prompt_tokens(plan.prompt, plan.params))
    return JSONResponse({"input_tokens": len(tokens)})


class _Reply:
    """Puts what is generated into the shape of a message.

    Args:
        answering: the generation.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._blocks = Blocks()
        self._head: dict[str, Any] = {
            "id": f"msg_{uuid.uuid4().hex}",
            "type": "message",
            "role": "assistant",
            "model": answering.generating.name,
        }

    async def complete(self) -> dict[str, Any]:
        """Wait for the whole answer.

        Raises:
            ApiError: the generation failed.
        """
        async for _, added, _, _ in self._answering.deltas(self._answering.generating.events()):
            self._blocks.add(added)
        self._blocks.close()
        return {**self._head, "content": self._blocks.blocks, **self._end(), "usage": self._usage()}

    async def stream(self, events: AsyncIterator[tuple[int, Event]]) -> AsyncIterator[bytes]:
        """The answer in pieces."""
        deltas = self._answering.deltas(events)
        async with aclosing(deltas):  # type: ignore[type-var]
            begun = False
            try:
                async for _, added, _, ended in deltas:
                    told = [*([] if begun else [self._start()]), *self._blocks.add(added)]
                    begun = True
                    if ended:
                        told += self._blocks.close()
                        told.append({"type": "message_delta", "delta": self._end(), "usage": self._usage()})
                        told.append({"type": "message_stop"})
                    if told:
                        yield _events(told)
            except ApiError as error:
                yield _events([error.anthropic_body()])

    def _start(self) -> dict[str, Any]:
        """The first event; with the prompt's tokens, so it comes when they are known."""
        prompt = self._answering.prompt
        usage = {**_read(prompt.total, prompt.cached), "output_tokens": 0}
        message = {**self._head, "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        return {"type": "message_start", "message": message}

    def _end(self) -> dict[str, Any]:
        finished = self._answering.generating.choices[0].finished
        if finished is not None and finished.reason is StopReason.STOP_STRING:
            return {"stop_reason": "stop_sequence", "stop_sequence": finished.stop}
        reason = _REASONS.get(self._answering.finish_reason(0), "end_turn")
        return {"stop_reason": reason, "stop_sequence": None}

    def _usage(self) -> dict[str, int]:
        timings = self._answering.generating.choices[0].timings
        read = _read(timings.prompt_tokens, timings.cached_tokens)
        return {**read, "output_tokens": timings.generated_tokens}


def _read(tokens: int, cached: int) -> dict[str, int]:
    return {
        "input_tokens": tokens - cached,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": 0,
    }


def _events(told: list[dict[str, Any]]) -> bytes:
    return b"".join(event(one, one["type"]) for one in told)
