"""The requests of clients as they run: who asks, how far it is, how fast; and what all of them came to."""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

from tui.core.events import Event, Failed, Finished, Prefilling, StopReason, Token

State = Literal["waiting", "prefill", "decode", "done", "stopped", "failed"]
KEPT = 100
"""Requests that are remembered after their end."""
LONGEST_PROMPT = 100_000
"""Characters of a prompt that are kept for its transcript; of a longer one, the last ones."""


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """One request, as it is at a moment.

    Attributes:
        id: its number in this process, from 1.
        name: the request id that the client sees.
        client: address it came from, without a port.
        endpoint: path of the request.
        model: name of the model that answers.
        state: how far it is.
        prompt_tokens: tokens of its prompt; 0 until known.
        cached_tokens: of these, how many were computed before.
        done_tokens: prompt tokens in the KV cache so far.
        generated_tokens: tokens generated so far.
        started: seconds since 1970, UTC.
        seconds: how long it has been running, or ran.
        speed: decode speed in tok/s; 0 while not known.
        first_token_seconds: TTFT; None before there is a token.
        prompt_seconds: seconds of prefill; 0 until it ended.
        decode_seconds: seconds of decode; 0 until it ended.
        error: what went wrong, as one line; empty for nothing.
    """

    id: int
    name: str
    client: str
    endpoint: str
    model: str
    state: State = "waiting"
    prompt_tokens: int = 0
    cached_tokens: int = 0
    done_tokens: int = 0
    generated_tokens: int = 0
    started: float = 0.0
    seconds: float = 0.0
    speed: float = 0.0
    first_token_seconds: float | None = None
    prompt_seconds: float = 0.0
    decode_seconds: float = 0.0
    error: str = ""

    @property
    def running(self) -> bool:
        """Whether it is not over."""
        return self.state in ("waiting", "prefill", "decode")


@dataclass(slots=True)
class Totals:
    """What all requests since the start came to.

    Attributes:
        requests: requests that ended.
        failed: of these, those that failed.
        refused: requests that were turned away, such as for a missing key or a full queue.
        prompt_tokens: prompt tokens that were evaluated.
        cached_tokens: prompt tokens that did not need to be.
        generated_tokens: tokens generated.
        prompt_seconds: seconds of prefill.
        decode_seconds: seconds of decode.
        most_prompt_tokens: tokens of the longest context so far.
    """

    requests: int = 0
    failed: int = 0
    refused: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    prompt_seconds: float = 0.0
    decode_seconds: float = 0.0
    most_prompt_tokens: int = 0


@dataclass(slots=True)
class _Live:
    info: RequestInfo
    began: float
    cancel: Callable[[], None]
    prompt: str = ""
    pieces: list[str] = field(default_factory=list)
    tokens: int = 0
    first: float = 0.0
    last: float = 0.0

    def now(self) -> RequestInfo:
        """What is known of it, with its tokens."""
        if not self.tokens:
            return self.info
        seconds = self.last - self.first
        return replace(
            self.info,
            generated_tokens=self.tokens,
            speed=self.info.speed or ((self.tokens - 1) / seconds if seconds > 0 else 0.0),
            first_token_seconds=self.first - self.began,
        )


class Requests:
    """Keeps them. Any thread may call.

    Args:
        transcripts: whether prompts and answers are kept for the person who runs the server to read.
    """

    def __init__(self, *, transcripts: bool = False) -> None:
        self.transcripts = transcripts
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._running: dict[int, _Live] = {}
        self._ended: deque[_Live] = deque(maxlen=KEPT)
        self._totals = Totals()

    def begin(self, name: str, client: str, endpoint: str, model: str, cancel: Callable[[], None]) -> int:
        """A request starts.

        Args:
            name: the request id that the client sees.
            client: where it comes from.
            endpoint: path of the request.
            model: name of the model.
            cancel: ends it; called from any thread.

        Returns:
            Its number.
        """
        number = next(self._numbers)
        info = RequestInfo(number, name, client, endpoint, model, started=time.time())
        with self._lock:
            self._running[number] = _Live(info, time.monotonic(), cancel)
        return number

    def prompt(self, number: int, text: str) -> None:
        """What is asked, for the transcript; kept only where transcripts are."""
        with self._lock:
            live = self._running.get(number)
            if live is not None and self.transcripts:
                left_out = len(text) - LONGEST_PROMPT
                live.prompt = f"[{left_out} characters]\n{text[-LONGEST_PROMPT:]}" if left_out > 0 else text

    def keep_transcripts(self, on: bool) -> None:
        """Keep prompts and answers of what comes from now on; or no more, and forget those that were kept."""
        with self._lock:
            self.transcripts = on
            if not on:
                for live in (*self._running.values(), *self._ended):
                    live.prompt = ""
                    live.pieces.clear()

    def absorb(self, number: int, event: Event) -> None:
        """An event of the request's generation."""
        with self._lock:
            live = self._running.get(number)
            if live is not None:
                self._absorb(live, event)

    def end(self, number: int, error: str = "") -> None:
        """A request is over, whatever happened; a second call does nothing.

        Args:
            number: its number.
            error: what went wrong.
        """
        with self._lock:
            live = self._running.pop(number, None)
            if live is None:
                return
            info = replace(live.now(), seconds=time.monotonic() - live.began, error=error or live.info.error)
            if error:
                info = replace(info, state="failed")
            elif info.running:
                info = replace(info, state="stopped")
            if live.info.running:
                self._count_unfinished(live)
            live.info, live.cancel = info, _nothing  # what it held on to is not needed any more
            self._ended.append(live)
            self._totals.requests += 1
            self._totals.failed += info.state == "failed"

    def refused(self) -> None:
        """A request was turned away."""
        with self._lock:
            self._totals.refused += 1

    def cancel(self, number: int) -> bool:
        """End a request; False when it is over already."""
        with self._lock:
            live = self._running.get(number)
        if live is not None:
            live.cancel()
        return live is not None

    @property
    def count(self) -> int:
        """How many are under way."""
        return len(self._running)

    @property
    def running(self) -> tuple[RequestInfo, ...]:
        """Those under way, the oldest first."""
        now = time.monotonic()
        with self._lock:
            return tuple(_now(live, now) for live in self._running.values())

    @property
    def ended(self) -> tuple[RequestInfo, ...]:
        """The last ones that are over, the newest first."""
        with self._lock:
            return tuple(live.info for live in reversed(self._ended))

    @property
    def totals(self) -> Totals:
        """What they came to, as it is now."""
        with self._lock:
            return replace(self._totals)

    def transcript(self, number: int) -> tuple[str, str] | None:
        """Prompt and answer of a request; None where they are not kept, or it was forgotten."""
        with self._lock:
            found = self._running.get(number) or next((one for one in self._ended if one.info.id == number), None)
            if found is None or not self.transcripts:
                return None
            return found.prompt, "".join(found.pieces)

    def _absorb(self, live: _Live, event: Event) -> None:
        info = live.info
        match event:
            case Prefilling(done, total, cached):
                live.info = replace(info, state="prefill", prompt_tokens=total, cached_tokens=cached, done_tokens=done)
            case Token(text=text):
                # Tens of thousands a minute: only counted here, and told by `_Live.now` when somebody looks.
                live.last = time.monotonic()
                live.first = live.first or live.last
                live.tokens += 1
                if info.state != "decode":
                    live.info = replace(info, state="decode")
                self._write(live, text)
            case Finished(reason, text, timings):
                state: State = "stopped" if reason is StopReason.CANCELLED else "done"
                self._write(live, text)
                live.info = replace(
                    info,
                    state=state,
                    speed=timings.decode_speed,
                    prompt_seconds=timings.prompt_seconds,
                    decode_seconds=timings.decode_seconds,
                )
                totals = self._totals
                totals.prompt_tokens += timings.evaluated_tokens
                totals.cached_tokens += timings.cached_tokens
                totals.generated_tokens += timings.generated_tokens
                totals.prompt_seconds += timings.prompt_seconds
                totals.decode_seconds += timings.decode_seconds
                totals.most_prompt_tokens = max(
                    totals.most_prompt_tokens, timings.prompt_tokens + timings.generated_tokens
                )
            case Failed(error):
                live.info = replace(info, state="failed", error=error.line())

    def _count_unfinished(self, live: _Live) -> None:
        """What was computed for a request whose end was not told."""
        info, totals = live.info, self._totals
        totals.prompt_tokens += max(0, info.done_tokens - info.cached_tokens)
        totals.cached_tokens += min(info.cached_tokens, info.done_tokens)
        totals.generated_tokens += live.tokens
        totals.decode_seconds += time.monotonic() - live.first if live.first else 0.0
        totals.most_prompt_tokens = max(totals.most_prompt_tokens, info.done_tokens + live.tokens)

    def _write(self, live: _Live, text: str) -> None:
        if self.transcripts and text:
            live.pieces.append(text)


def _nothing() -> None:
    """There is nothing to end."""


def _now(live: _Live, now: float) -> RequestInfo:
    return replace(live.now(), seconds=now - live.began)
