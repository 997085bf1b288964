"""The generations of one request, from its prompts to their events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from starlette.requests import Request

from tui.core.events import Event, Failed, Finished, StopReason, Timings, Token
from tui.core.parameters import GenerationParams
from tui.core.probabilities import Scored
from tui.core.prompts import Prompt
from tui.engine.ticket import Ticket
from tui.server.errors import ApiError, api_error
from tui.server.following import events_of
from tui.server.state import State, client_of
from tui.server.time_limit import TimeLimit
from tui.services.model_pool import Lease
from tui.services.watching import words_of

MOST_CHOICES = 16
HEAD_SECONDS = 10.0
"""How long a stream waits for the engine before it begins without knowing whether it is refused."""
_STREAM_PAUSE = 0.04
"""Seconds between two pieces of a streamed answer at least: the eye sees no difference, and the engine has more of the
processor."""
_WHOLE_PAUSE = 0.25
"""Likewise, of an answer that is sent when it is whole: as often as a list of requests is looked at."""
_REASONS = {StopReason.LENGTH: "length", StopReason.CONTEXT_FULL: "length"}


@dataclass(slots=True)
class Choice:
    """What came of one generation so far.

    Attributes:
        text: all of it.
        tokens: its tokens.
        scored: those of its prompt, where it was asked how likely they are.
        finished: its end; None while it goes on.
    """

    text: str = ""
    tokens: list[Token] = field(default_factory=list)
    scored: list[Scored] = field(default_factory=list)
    finished: Finished | None = None

    @property
    def finish_reason(self) -> str:
        """OpenAI's word for why it ended."""
        return _REASONS.get(self.finished.reason, "stop") if self.finished else "stop"

    @property
    def timings(self) -> Timings:
        """How long it took; zeros while it goes on."""
        return self.finished.timings if self.finished else Timings()


class Generating:
    """Runs the generations of a request side by side, as far as the engine has places for them.

    Args:
        state: what the handlers share.
        lease: the model, given back when all are over.
        request: whose they are.
        prompts: what each starts from.
        params: how each chooses its tokens; as many as prompts.
        n_probs: how many likeliest tokens are told with each token; None for none.

    Raises:
        ApiError: too many requests wait already.
    """

    def __init__(
        self,
        state: State,
        lease: Lease,
        request: Request,
        prompts: Sequence[Prompt],
        params: Sequence[GenerationParams],
        n_probs: int | None = None,
    ) -> None:
        self._state = state
        self._lease = lease
        self.name = lease.name
        """Of the model."""
        try:
            state.check_room(len(prompts))
            self.model = lease.model
        except BaseException:
            lease.close()
            raise
        engine, client = lease.host.engine, client_of(request)
        self._tickets: list[Ticket] = [
            engine.generate(prompt, one, client=client, n_probs=n_probs)
            for prompt, one in zip(prompts, params, strict=True)
        ]
        self._limits = [TimeLimit.of(one) for one in params]
        for ticket, limit in zip(self._tickets, self._limits, strict=True):
            if limit:
                ticket.until(limit.enough)
        self._numbers = [state.begin(request, lease, ticket.cancel) for ticket in self._tickets]
        if state.requests.transcripts:
            for number, prompt in zip(self._numbers, prompts, strict=True):
                state.requests.prompt(number, words_of(prompt))
        self.choices = [Choice() for _ in self._tickets]

    async def events(self, pause: float = _WHOLE_PAUSE) -> AsyncIterator[tuple[int, Event]]:
        """What happens, each with the number of the choice it happens to. Ends all when it is closed early.

        Args:
            pause: seconds between two looks.

        Raises:
            ApiError: one of them failed.
        """
        try:
            async with aclosing(events_of(*self._tickets, pause=pause)) as events:  # type: ignore[type-var]
                async for number, told in events:
                    limit = self._limits[number]
                    event = limit.held(told) if limit else told
                    if event is None:
                        continue
                    self._state.requests.absorb(self._numbers[number], event)
                    if isinstance(event, Failed):
                        raise api_error(event.error)
                    if isinstance(event, Finished) and event.reason is StopReason.CANCELLED:
                        raise _ended_here()  # where the client goes, nobody follows the events any more
                    self._keep(self.choices[number], event)
                    yield number, event
        finally:
            self.close()

    def close(self) -> None:
        """End what still runs. May be called again."""
        for ticket, number in zip(self._tickets, self._numbers, strict=True):
            if not ticket.over:
                ticket.cancel()
            self._state.requests.end(number)
        self._lease.close()

    async def started(self) -> AsyncIterator[tuple[int, Event]]:
        """As `events`, for streaming, once the engine has taken up the first of them: what it refuses is known by then.

        Who waits long for a place gets the head of the answer meanwhile, and with it signs that the line stands.

        Raises:
            ApiError: the engine refuses the request.
        """
        events = self.events(_STREAM_PAUSE)
        first = asyncio.ensure_future(_first(events))
        try:
            await asyncio.wait({first}, timeout=HEAD_SECONDS)
        except asyncio.CancelledError:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)
            raise
        if first.done():
            first.result()
        first.add_done_callback(lambda one: one.cancelled() or one.exception())  # nobody may be there to learn of it

        async def rest() -> AsyncIterator[tuple[int, Event]]:
            async with aclosing(events):  # type: ignore[type-var]
                try:
                    yield await first
                    async for item in events:
                        yield item
                finally:
                    first.cancel()
                    await asyncio.gather(first, return_exceptions=True)

        return rest()

    async def complete(self) -> list[Choice]:
        """Wait for all of them.

        Raises:
            ApiError: one of them failed.
        """
        async for _ in self.events():
            pass
        return self.choices

    @staticmethod
    def _keep(choice: Choice, event: Event) -> None:
        if isinstance(event, Token):
            choice.text += event.text
            choice.tokens.append(event)
        elif isinstance(event, Scored):
            choice.scored.append(event)
        elif isinstance(event, Finished):
            choice.text += event.text
            choice.finished = event

    def usage(self) -> dict[str, object]:
        """OpenAI's count of tokens. The choices of one prompt share it."""
        timings = [choice.timings for choice in self.choices]
        prompt = max((one.prompt_tokens for one in timings), default=0)
        generated = sum(one.generated_tokens for one in timings)
        return usage(prompt, generated, max((one.cached_tokens for one in timings), default=0))


async def _first(events: AsyncIterator[tuple[int, Event]]) -> tuple[int, Event]:
    return await anext(events)


def _ended_here() -> ApiError:
    """For a request that the server's side ended; the client is asked not to try again by itself."""
    headers = {"x-should-retry": "false"}
    return ApiError(503, "The request was ended by the server.", code="request_ended", headers=headers)


def usage(prompt: int, generated: int, cached: int) -> dict[str, object]:
    """OpenAI's count of tokens."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "total_tokens": prompt + generated,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def timings_of(timings: Timings) -> dict[str, float | int]:
    """llama-server's account of how long it took."""

    def each(seconds: float, count: int) -> float:
        return 1000 * seconds / count if count else 0.0

    prompt, generated = timings.evaluated_tokens, timings.generated_tokens
    return {
        "cache_n": timings.cached_tokens,
        "prompt_n": prompt,
        "prompt_ms": 1000 * timings.prompt_seconds,
        "prompt_per_token_ms": each(timings.prompt_seconds, prompt),
        "prompt_per_second": timings.prompt_speed,
        "predicted_n": generated,
        "predicted_ms": 1000 * timings.decode_seconds,
        "predicted_per_token_ms": each(timings.decode_seconds, generated),
        "predicted_per_second": timings.decode_speed,
    }


def several(params: GenerationParams, count: int) -> list[GenerationParams]:
    """Parameters for `count` choices: with a seed of their own where one was asked for, so that they differ."""
    if params.seed < 0:
        return [params] * count
    return [replace(params, seed=(params.seed + number) % (2**32 - 1)) for number in range(count)]


def check_choices(count: int) -> int:
    """`count` itself.

    Raises:
        ApiError: it is too many.
    """
    if count > MOST_CHOICES:
        raise ApiError(400, f"n cannot be {count}: {MOST_CHOICES} choices are the most.", param="n")
    return count
