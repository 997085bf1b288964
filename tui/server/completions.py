"""`/v1/completions`: text in, text out, no chat template."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Event, Finished, Prefilling, Token
from tui.core.probabilities import Scored
from tui.core.prompts import Prompt, RawPrompt, TokenPrompt
from tui.server.body import read_json
from tui.server.chat import wants_stream
from tui.server.errors import ApiError
from tui.server.fields import Fields, wrong
from tui.server.following import unless_gone
from tui.server.generating import Generating, check_choices, several, timings_of, usage
from tui.server.grammars import read_grammar
from tui.server.infill_prompt import infill_prompt
from tui.server.logprobs import completion_logprobs, wanted_by_completion, with_echo
from tui.server.parameters import parameters_of
from tui.server.state import State, state_of
from tui.server.stream import DONE, EventStream, event
from tui.services.model_pool import Lease

DEFAULT_TOKENS = 16
"""OpenAI's default for a completion's length."""
_MOST_PROMPTS = 64


async def completions(request: Request) -> Response:
    """Complete one or more prompts."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    prompts, suffix = prompts_of(fields), fields.text("suffix")
    if suffix and not all(isinstance(prompt, RawPrompt) for prompt in prompts):
        raise ApiError(400, "suffix goes with a prompt that is a text.", param="suffix")
    params = parameters_of(Fields({"max_tokens": DEFAULT_TOKENS, **fields.body}), state.generation)
    count = check_choices(fields.whole("n", 1, least=1))
    streamed, with_usage = wants_stream(fields)
    n_probs, echo = wanted_by_completion(fields), fields.flag("echo")
    scored = echo and n_probs is not None
    if scored:
        if suffix:
            raise ApiError(400, "echo with logprobs does not go with suffix.", param="echo")
        prompts = [replace(prompt, scored=True) for prompt in prompts]
    lease = await unless_gone(request, state.use(fields.text("model")))
    if lease is None:
        return Response(status_code=499)
    try:
        await read_grammar(params)
        given: Sequence[Prompt] = await _filling(state, lease, prompts, suffix) if suffix else prompts
    except BaseException:
        lease.close()
        raise
    each = [prompt for prompt in given for _ in range(count)]
    generating = Generating(state, lease, request, each, several(params, count) * len(prompts), n_probs)
    try:
        echoed = await _echoed(state, lease, prompts) if echo else [""] * len(prompts)
    except BaseException:
        generating.close()
        raise
    reply = _Reply(generating, [text for text in echoed for _ in range(count)], count, scored=scored)
    if streamed:
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(reply.stream(events, with_usage=with_usage), state.options.timeout, generating.close)
    choices = await unless_gone(request, generating.complete())
    return Response(status_code=499) if choices is None else JSONResponse(reply.whole())


def prompts_of(fields: Fields) -> list[RawPrompt | TokenPrompt]:
    """One text, an array of texts, one array of tokens, or an array of those.

    Raises:
        ApiError: it is something else.
    """
    value = fields.body.get("prompt")
    if isinstance(value, str) or (isinstance(value, list) and value and all(_is_token(one) for one in value)):
        value = [value]
    if not isinstance(value, list) or not value or len(value) > _MOST_PROMPTS:
        raise wrong("prompt", f"a text, an array of tokens, or an array of up to {_MOST_PROMPTS} of these", value)
    return [_prompt(one) for one in value]


def _prompt(value: Any) -> RawPrompt | TokenPrompt:
    if isinstance(value, str):
        return RawPrompt(value)
    if isinstance(value, list) and value and all(_is_token(one) for one in value):
        return TokenPrompt(tuple(value))
    raise wrong("prompt", "a text or an array of tokens", value)


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


async def _filling(state: State, lease: Lease, prompts: Sequence[Prompt], suffix: str) -> Sequence[Prompt]:
    """Prompts after which the model writes what lies before a text."""
    texts = [prompt.text for prompt in prompts if isinstance(prompt, RawPrompt)]
    return [await infill_prompt(state, lease, text, suffix) for text in texts]


async def _echoed(state: State, lease: Lease, prompts: Sequence[Prompt]) -> list[str]:
    texts = []
    for prompt in prompts:
        if isinstance(prompt, TokenPrompt):
            tokens = prompt.tokens
            pieces = await state.ask(lease, lambda questions, tokens=tokens: questions.pieces(tokens))  # type: ignore[misc]
            texts.append(b"".join(pieces).decode("utf-8", "replace"))
        else:
            texts.append(prompt.text if isinstance(prompt, RawPrompt) else "")
    return texts


class _Reply:
    """Puts what is generated into OpenAI's shape."""

    def __init__(self, generating: Generating, echoed: list[str], count: int, *, scored: bool) -> None:
        self._generating = generating
        self._scored = scored
        self._echoed = echoed
        self._count = count
        self._head = {
            "id": f"cmpl-{uuid.uuid4().hex}",
            "object": "text_completion",
            "created": int(time.time()),
            "model": generating.name,
            "system_fingerprint": generating.model.build,
        }

    def whole(self) -> dict[str, Any]:
        choices = [
            self._choice(
                number,
                self._echoed[number] + choice.text,
                choice.finish_reason,
                self._logprobs(number, completion_logprobs(choice.tokens, len(self._echoed[number]))),
            )
            for number, choice in enumerate(self._generating.choices)
        ]
        timings = timings_of(self._generating.choices[0].timings)
        return {**self._head, "choices": choices, "usage": self._usage(), "timings": timings}

    async def stream(self, events: AsyncIterator[tuple[int, Event]], *, with_usage: bool) -> AsyncIterator[bytes]:
        async with aclosing(events):  # type: ignore[type-var]
            held = dict(enumerate(self._echoed))
            if not self._scored:
                for number, text in enumerate(self._echoed):
                    if text:
                        yield self._chunk(self._choice(number, text, None))
                held.clear()
            written = [len(text) for text in self._echoed]
            try:
                async for number, what in events:
                    # How likely the prompt is is known when it is read.
                    if not isinstance(what, Prefilling | Scored) and (text := held.pop(number, "")):
                        yield self._chunk(self._choice(number, text, None, self._logprobs(number)))
                    if isinstance(what, Token) and (what.text or what.candidates):
                        logprobs = completion_logprobs([what], written[number])
                        written[number] += len(what.text)
                        yield self._chunk(self._choice(number, what.text, None, logprobs))
                    elif isinstance(what, Finished) and what.text:
                        yield self._chunk(self._choice(number, what.text, None))
                    if isinstance(what, Finished):
                        reason = self._generating.choices[number].finish_reason
                        yield self._chunk(self._choice(number, "", reason))
            except ApiError as error:
                yield event(error.body())
                return
        if with_usage:
            yield event({**self._head, "choices": [], "usage": self._usage()})
        yield DONE

    def _logprobs(self, number: int, generated: dict[str, Any] | None = None) -> dict[str, Any] | None:
        scored = self._generating.choices[number].scored
        return with_echo(scored, self._echoed[number], generated) if scored else generated

    def _usage(self) -> dict[str, object]:
        timings = [choice.timings for choice in self._generating.choices]
        firsts = timings[:: self._count]
        return usage(
            sum(one.prompt_tokens for one in firsts),
            sum(one.generated_tokens for one in timings),
            sum(one.cached_tokens for one in firsts),
        )

    def _chunk(self, choice: dict[str, Any]) -> bytes:
        return event({**self._head, "choices": [choice]})

    @staticmethod
    def _choice(number: int, text: str, reason: str | None, logprobs: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"index": number, "text": text, "logprobs": logprobs, "finish_reason": reason}
