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
from tui.server.logprobs import chat_logprobs, wanted_by_chat
from tui.server.messages import messages_of
from tui.server.parameters import parameters_of
from tui.server.state import State, state_of
from tui.server.stream import DONE, EventStream, event


async def chat_completions(request: Request) -> Response:
    """Answer a conversation, whole or as it is generated."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    streamed, with_usage = wants_stream(fields)
    generating = await unless_gone(request, start(state, request, fields))
    if generating is None:
        return Response(status_code=499)
    reply = Reply(generating)
    if streamed:
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(reply.stream(events, with_usage=with_usage), state.options.timeout, generating.close)
    choices = await unless_gone(request, generating.complete())
    return Response(status_code=499) if choices is None else JSONResponse(reply.whole())


def wants_stream(fields: Fields) -> tuple[bool, bool]:
    """Whether the answer is to come in pieces, and the count of tokens with it. Asked before anything is started.

    Raises:
        ApiError: the request does not say so in a way that can be read.
    """
    return fields.flag("stream"), Fields(fields.table("stream_options")).flag("include_usage")


async def start(state: State, request: Request, fields: Fields) -> Generating:
    """Begin the generations that a request asks for.

    Raises:
        ApiError: it asks for what cannot be.
    """
    messages = messages_of(fields)
    if state.generation.system_prompt and messages[0].role != "system":
        messages = (Message("system", state.generation.system_prompt), *messages)
    params = parameters_of(fields, state.generation)
    count = check_choices(fields.whole("n", 1, least=1))
    n_probs = wanted_by_chat(fields)
    lease = await state.use(fields.text("model"))
    return Generating(state, lease, request, [ChatPrompt(messages)] * count, several(params, count), n_probs)


class Reply:
    """Puts what is generated into OpenAI's shape.

    Args:
        generating: the generations.
    """

    def __init__(self, generating: Generating) -> None:
        self._generating = generating
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": generating.name,
            "system_fingerprint": generating.model.build,
        }

    def whole(self) -> dict[str, Any]:
        """The whole answer."""
        choices = [
            {
                "index": number,
                "message": {"role": "assistant", "content": choice.text},
                "finish_reason": choice.finish_reason,
                "logprobs": chat_logprobs(choice.tokens),
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
                    if isinstance(what, Token) and (what.text or what.candidates):
                        yield self._chunk(number, {"content": what.text}, token=what)
                    elif isinstance(what, Finished) and what.text:
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

    def _chunk(
        self, number: int, delta: dict[str, Any], reason: str | None = None, token: Token | None = None
    ) -> bytes:
        logprobs = chat_logprobs([token]) if token else None
        choice = {"index": number, "delta": delta, "finish_reason": reason, "logprobs": logprobs}
        return event({**self._head, "object": "chat.completion.chunk", "choices": [choice]})
