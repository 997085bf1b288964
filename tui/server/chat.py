"""`/v1/chat/completions`."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Event, Token
from tui.core.messages import Message
from tui.server.asking import Answering, Asked, begin
from tui.server.body import read_json
from tui.server.errors import ApiError
from tui.server.fields import Fields
from tui.server.following import unless_gone
from tui.server.generating import check_choices, timings_of
from tui.server.logprobs import chat_logprobs, wanted_by_chat
from tui.server.messages import begins_reply, messages_of
from tui.server.parameters import parameters_of, splits_reasoning
from tui.server.reading import Call, Delta, Reading
from tui.server.state import State, state_of
from tui.server.stream import DONE, EventStream, event
from tui.server.tools import toolbox_of


async def chat_completions(request: Request) -> Response:
    """Answer a conversation, whole or as it is generated."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    streamed, with_usage = wants_stream(fields)
    asked = asked_by(state, fields)
    answering = await unless_gone(request, begin(state, request, asked))
    if answering is None:
        return Response(status_code=499)
    reply, generating = Reply(answering), answering.generating
    if streamed:
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(reply.stream(events, with_usage=with_usage), state.options.timeout, generating.close)
    done = await unless_gone(request, reply.complete())
    return Response(status_code=499) if done is None else JSONResponse(done)


def wants_stream(fields: Fields) -> tuple[bool, bool]:
    """Whether the answer is to come in pieces, and the count of tokens with it. Asked before anything is started.

    Raises:
        ApiError: the request does not say so in a way that can be read.
    """
    return fields.flag("stream"), Fields(fields.table("stream_options")).flag("include_usage")


def asked_by(state: State, fields: Fields) -> Asked:
    """What a request asks.

    Raises:
        ApiError: it asks for what cannot be.
    """
    messages = messages_of(fields)
    if not begins_reply(fields, messages):
        words = "add_generation_prompt cannot be false here: the model would go on with the last message. "
        words += "/apply-template tells a conversation without it, and /v1/completions completes any text."
        raise ApiError(400, words, param="add_generation_prompt")
    return Asked(
        fields.text("model"),
        with_system(state, messages),
        parameters_of(fields, state.generation),
        toolbox_of(fields),
        check_choices(fields.whole("n", 1, least=1)),
        wanted_by_chat(fields),
        splits_reasoning(fields),
    )


def with_system(state: State, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """A conversation with the server's own system message, where it has none."""
    if state.generation.system_prompt and messages[0].role != "system":
        return (Message("system", state.generation.system_prompt), *messages)
    return messages


class Reply:
    """Puts what is generated into OpenAI's shape.

    Args:
        answering: the generations.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._generating = answering.generating
        self._head = {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "created": int(time.time()),
            "model": self._generating.name,
            "system_fingerprint": self._generating.model.build,
        }

    async def complete(self) -> dict[str, Any]:
        """Wait for the whole answer.

        Raises:
            ApiError: a generation failed.
        """
        await self._answering.complete()
        choices = [
            {
                "index": number,
                "message": _message(reading),
                "finish_reason": self._answering.finish_reason(number),
                "logprobs": chat_logprobs(self._generating.choices[number].tokens),
            }
            for number, reading in enumerate(self._answering.readings)
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
        deltas = self._answering.deltas(events)
        async with aclosing(deltas):  # type: ignore[type-var]
            for number in range(len(self._generating.choices)):
                yield self._chunk(number, {"role": "assistant", "content": ""})
            try:
                async for number, added, token, ended in deltas:
                    for chunk in self._chunks(number, added, token):
                        yield chunk
                    if ended:
                        yield self._chunk(number, {}, self._answering.finish_reason(number))
            except ApiError as error:
                yield event(error.body())
                return
        if with_usage:
            timings = timings_of(self._generating.choices[0].timings)
            last = {**self._head, "object": "chat.completion.chunk", "choices": []}
            yield event({**last, "usage": self._generating.usage(), "timings": timings})
        yield DONE

    def _chunks(self, number: int, added: list[Delta], token: Token | None) -> list[bytes]:
        """What one token adds; its probabilities go with the first of it."""
        shown = [_delta(delta) for delta in added]
        if token and token.candidates and not shown:
            shown = [{"content": ""}]
        return [self._chunk(number, delta, token=None if place else token) for place, delta in enumerate(shown)]

    def _chunk(
        self, number: int, delta: dict[str, Any], reason: str | None = None, token: Token | None = None
    ) -> bytes:
        logprobs = chat_logprobs([token]) if token else None
        choice = {"index": number, "delta": delta, "finish_reason": reason, "logprobs": logprobs}
        return event({**self._head, "object": "chat.completion.chunk", "choices": [choice]})


def _message(reading: Reading) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reading.text}
    if reading.reasoning:
        message["reasoning_content"] = reading.reasoning
    if reading.calls:
        message["content"] = reading.text or None
        message["tool_calls"] = [_call(call) for call in reading.calls]
    return message


def _call(call: Call) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _delta(delta: Delta) -> dict[str, Any]:
    if delta.kind == "text":
        return {"content": delta.text}
    if delta.kind == "reasoning":
        return {"reasoning_content": delta.text}
    call: dict[str, Any] = {"index": delta.call, "function": {"arguments": delta.text}}
    if delta.kind == "name":
        call = {"index": delta.call, **_call(Call(delta.id, delta.text))}
    return {"tool_calls": [call]}
