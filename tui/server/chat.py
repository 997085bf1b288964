"""`/v1/chat/completions`."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Event, Finished, Token
from tui.core.messages import Message
from tui.core.prompts import ChatPrompt
from tui.server.body import read_json
from tui.server.errors import ApiError
from tui.server.fields import Fields
from tui.server.following import unless_gone
from tui.server.generating import Generating, check_choices, several, timings_of
from tui.server.messages import messages_of
from tui.server.parameters import parameters_of
from tui.server.state import State, state_of
from tui.server.stream import DONE, EventStream, event


async def chat_completions(request: Request) -> Response:
    """Answer a conversation, whole or as it is generated."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    generating = start(state, request, fields)
    reply = Reply(state, generating)
    if fields.flag("stream"):
        with_usage = Fields(fields.table("stream_options")).flag("include_usage")
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(reply.stream(events, with_usage=with_usage), state.options.timeout, generating.close)
    choices = await unless_gone(request, generating.complete())
    return Response(status_code=499) if choices is None else JSONResponse(reply.whole())


def start(state: State, request: Request, fields: Fields) -> Generating:
    """Begin the generations that a request asks for.

    Raises:
        ApiError: it asks for what cannot be.
    """
    messages = messages_of(fields)
    if state.generation.system_prompt and messages[0].role != "system":
        messages = (Message("system", state.generation.system_prompt), *messages)
    params = parameters_of(fields, state.generation)
    count = check_choices(fields.whole("n", 1, least=1))
    return Generating(state, request, [ChatPrompt(messages)] * count, several(params, count))


class Reply:
    """Puts what is generated into OpenAI's shape.

    Args:
        state: what the handlers share.
        generating: the generations.
    """

    def __init__(self, state: State, generating: Generating) -> None:
        self._generating = generating
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": state.model_name,
            "system_fingerprint": generating.model.build,
        }

    def whole(self) -> dict[str, Any]:
        """The whole answer."""
        choices = [
            {
                "index": number,
                "message": {"role": "assistant", "content": choice.text},
                "finish_reason": choice.finish_reason,
                "logprobs": None,
            }
            for number, choice in enumerate(self._generating.choices)
        ]
        timings = timings_of(self._generating.choices[0].timings)
        usage = self._generating.usage()
        return {**self._head, "object": "chat.completion", "choices": choices, "usage": usage, "timings": timings}

    async def stream(self, events: AsyncIterator[tuple[int, Event]], *, with_usage: bool) -> AsyncIterator[bytes]:
        """The answer in pieces.

        Args:
            events: of the generations.
            with_usage: whether the count of tokens comes at the end.
        """
        async with aclosing(events):  # type: ignore[type-var]
            for number in range(len(self._generating.choices)):
                yield self._chunk(number, {"role": "assistant", "content": ""})
            try:
                async for number, what in events:
                    if isinstance(what, Token | Finished) and what.text:
                        yield self._chunk(number, {"content": what.text})
                    if isinstance(what, Finished):
                        yield self._chunk(number, {}, self._generating.choices[number].finish_reason)
            except ApiError as error:
                yield event(error.body())
                return
        if with_usage:
            timings = timings_of(self._generating.choices[0].timings)
            last = {**self._head, "object": "chat.completion.chunk", "choices": []}
            yield event({**last, "usage": self._generating.usage(), "timings": timings})
        yield DONE

    def _chunk(self, number: int, delta: dict[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": number, "delta": delta, "finish_reason": reason, "logprobs": None}
        return event({**self._head, "object": "chat.completion.chunk", "choices": [choice]})
