"""`/completion`: llama-server's own way to ask for a completion."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tui.core.events import Event, Finished, StopReason, Token
from tui.server.body import read_json
from tui.server.completions import prompts_of
from tui.server.errors import ApiError
from tui.server.fields import Fields
from tui.server.following import unless_gone
from tui.server.generating import Choice, Generating, timings_of
from tui.server.grammars import read_grammar
from tui.server.logprobs import native_probabilities
from tui.server.parameters import parameters_of
from tui.server.state import State, state_of
from tui.server.stream import EventStream, event

_STOP_TYPES = {StopReason.END: "eos", StopReason.STOP_STRING: "word"}


async def completion(request: Request) -> Response:
    """Complete a prompt."""
    state = state_of(request)
    fields = Fields(await read_json(request, state.options.max_body))
    prompts = prompts_of(fields)
    params = parameters_of(fields, state.generation)
    n_probs = probabilities_of(fields)
    streamed = fields.flag("stream")
    lease = await unless_gone(request, state.use(fields.text("model")))
    if lease is None:
        return Response(status_code=499)
    try:
        await read_grammar(params)
    except BaseException:
        lease.close()
        raise
    generating = Generating(state, lease, request, prompts, [params] * len(prompts), n_probs)
    return await respond(request, state, generating, streamed=streamed)


def probabilities_of(fields: Fields) -> int | None:
    """How many likeliest tokens are to be told with each token; None for none.

    Raises:
        ApiError: it is no such number.
    """
    return fields.whole("n_probs", 0, least=0, most=1000) or None


async def respond(request: Request, state: State, generating: Generating, *, streamed: bool) -> Response:
    """What is generated, in llama-server's shape, whole or as it comes.

    Raises:
        ApiError: a generation failed.
    """
    if streamed:
        events = await unless_gone(request, generating.started())
        if events is None:
            return Response(status_code=499)
        return EventStream(_stream(generating, events), state.options.timeout, generating.close)
    choices = await unless_gone(request, generating.complete())
    if choices is None:
        return Response(status_code=499)
    answers = [_whole(generating.name, number, choice) for number, choice in enumerate(choices)]
    return JSONResponse(answers[0] if len(answers) == 1 else answers)


async def _stream(generating: Generating, events: AsyncIterator[tuple[int, Event]]) -> AsyncIterator[bytes]:
    async with aclosing(events):  # type: ignore[type-var]
        try:
            async for number, what in events:
                if isinstance(what, Token) and (what.text or what.candidates):
                    piece = {"index": number, "content": what.text, "tokens": [what.id], "stop": False}
                    probabilities = native_probabilities([what])
                    yield event({**piece, "completion_probabilities": probabilities} if probabilities else piece)
                elif isinstance(what, Finished) and what.text:
                    yield event({"index": number, "content": what.text, "tokens": [], "stop": False})
                if isinstance(what, Finished):
                    yield event(
                        {**_whole(generating.name, number, generating.choices[number]), "content": "", "tokens": []}
                    )
        except ApiError as error:
            yield event(error.body())


def _whole(model: str, number: int, choice: Choice) -> dict[str, Any]:
    finished, timings = choice.finished, choice.timings
    probabilities = native_probabilities(choice.tokens)
    return {
        **({"completion_probabilities": probabilities} if probabilities else {}),
        "index": number,
        "content": choice.text,
        "tokens": [token.id for token in choice.tokens],
        "stop": True,
        "model": model,
        "tokens_predicted": timings.generated_tokens,
        "tokens_evaluated": timings.prompt_tokens,
        "tokens_cached": timings.prompt_tokens + timings.generated_tokens,
        "stop_type": _STOP_TYPES.get(finished.reason, "limit") if finished else "none",
        "stopping_word": finished.stop if finished else "",
        "truncated": False,
        "timings": timings_of(timings),
    }
