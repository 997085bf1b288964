"""`/v1/responses`: OpenAI's newer API, without what it keeps between two requests."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Event, Timings
from tui.server.asking import Answering, Asked, begin
from tui.server.body import read_json
from tui.server.errors import ApiError
from tui.server.fields import Fields
from tui.server.following import unless_gone
from tui.server.responses_input import asked_by
from tui.server.responses_output import Output, Told
from tui.server.state import state_of
from tui.server.stream import EventStream, event


async def responses(request: Request) -> Response:
    """Answer, whole or as it is generated."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    streamed, asked = fields.flag("stream"), asked_by(state, fields)
    answering = await unless_gone(request, begin(state, request, asked))
    if answering is None:
        return Response(status_code=499)
    reply, generating = _Reply(answering, asked, fields), answering.generating
    if streamed:
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(reply.stream(events), state.options.timeout, generating.close)
    done = await unless_gone(request, reply.complete())
    return Response(status_code=499) if done is None else JSONResponse(done)


class _Reply:
    """Puts what is generated into the shape of a response.

    Args:
        answering: the generation.
        asked: what was asked.
        fields: of the request; some are told again.
    """

    def __init__(self, answering: Answering, asked: Asked, fields: Fields) -> None:
        self._answering = answering
        self._output = Output()
        self._numbers = 0
        told = {name: fields.body.get(name) for name in ("instructions", "max_output_tokens")}
        self._head: dict[str, Any] = {
            "id": f"resp_{uuid.uuid4().hex}",
            "object": "response",
            "created_at": int(time.time()),
            "model": answering.generating.name,
            **told,
            "metadata": fields.body.get("metadata") or {},
            "parallel_tool_calls": bool(asked.box.parallel),
            "previous_response_id": None,
            "reasoning": {"effort": Fields(fields.table("reasoning")).text("effort") or None, "summary": None},
            "store": False,
            "temperature": asked.params.temp,
            "text": fields.table("text") or {"format": {"type": "text"}},
            "tool_choice": fields.body.get("tool_choice") or "auto",
            "tools": fields.items("tools"),
            "top_p": asked.params.top_p,
            "truncation": "disabled",
            "background": False,
            "error": None,
            "incomplete_details": None,
        }

    async def complete(self) -> dict[str, Any]:
        """Wait for the whole answer.

        Raises:
            ApiError: the generation failed.
        """
        async for _, added, _, ended in self._answering.deltas(self._answering.generating.events()):
            self._output.add(added)
            if ended:
                self._output.close(self._status)
        return self._ended()

    async def stream(self, events: AsyncIterator[tuple[int, Event]]) -> AsyncIterator[bytes]:
        """The answer in pieces."""
        begun = {**self._head, "status": "in_progress", "output": [], "usage": None}
        deltas = self._answering.deltas(events)
        async with aclosing(deltas):  # type: ignore[type-var]
            yield self._events([{"type": f"response.{word}", "response": begun} for word in ("created", "in_progress")])
            try:
                async for _, added, _, ended in deltas:
                    told = self._output.add(added)
                    if ended:
                        told += self._output.close(self._status)
                        told.append({"type": f"response.{self._status}", "response": self._ended()})
                    if told:
                        yield self._events(told)
            except ApiError as error:
                failure = {"code": "server_error", "message": error.message}
                failed = {**begun, "status": "failed", "error": failure, "output": self._output.items}
                yield self._events([{"type": "response.failed", "response": failed}])

    @property
    def _status(self) -> str:
        return "incomplete" if self._answering.finish_reason(0) == "length" else "completed"

    def _ended(self) -> dict[str, Any]:
        why = {"reason": "max_output_tokens"} if self._status == "incomplete" else None
        usage = _usage(self._answering.generating.choices[0].timings)
        known = {"status": self._status, "output": self._output.items, "usage": usage}
        return {**self._head, **known, "incomplete_details": why}

    def _events(self, told: Told) -> bytes:
        data = b""
        for one in told:
            data += event({**one, "sequence_number": self._numbers}, one["type"])
            self._numbers += 1
        return data


def _usage(timings: Timings) -> dict[str, Any]:
    return {
        "input_tokens": timings.prompt_tokens,
        "input_tokens_details": {"cached_tokens": timings.cached_tokens},
        "output_tokens": timings.generated_tokens,
        "output_tokens_details": {"reasoning_tokens": timings.reasoning_tokens},
        "total_tokens": timings.prompt_tokens + timings.generated_tokens,
    }
