"""Clients of a server: the `openai` package in several threads, and the server they ask, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from time import perf_counter

import openai

from tests.benchmarks.measure import Setup
from tests.support.program import environment, program


@dataclass(frozen=True)
class OwnServer:
    """`serve` as a process.

    Attributes:
        base_url: what an OpenAI client is given.
        pid: the process.
    """

    base_url: str
    pid: int


@contextmanager
def own_server(setup: Setup, *options: str) -> Iterator[OwnServer]:
    """Serve the small model until the block ends.

    Args:
        setup: the model, and where the home is.
        options: of `serve`.
    """
    command = [*program(), "serve", "-m", str(setup.model), "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environment(setup)) as server:
        assert server.stderr
        base_url = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+/v1", line)))
        Thread(target=server.stderr.read, daemon=True).start()
        try:
            yield OwnServer(base_url, server.pid)
        finally:
            server.terminate()


def connect(base_url: str) -> openai.OpenAI:
    """A client that gives up at the first error."""
    return openai.OpenAI(base_url=base_url, api_key="no-required", max_retries=0)


def question(number: int) -> openai.types.chat.ChatCompletionUserMessageParam:
    """A short prompt, another one for each number."""
    return {"role": "user", "content": f"Tell me a long story, number {number}."}


def speed(base_url: str, numbers: Sequence[int], tokens: int, *, stream: bool = False) -> float:
    """Tokens a second of clients together, prompts included.

    Args:
        base_url: whom they ask.
        numbers: of their questions; as many clients as numbers.
        tokens: how many each wants.
        stream: whether they read the answers as they come.
    """
    ask = _ask_streaming if stream else _ask
    started = perf_counter()
    with ThreadPoolExecutor(len(numbers)) as pool, connect(base_url) as client:
        generated = sum(pool.map(lambda number: ask(client, number, tokens), numbers))
    return generated / (perf_counter() - started)


def _ask(client: openai.OpenAI, number: int, tokens: int) -> int:
    """Tokens that one request gave."""
    answer = client.chat.completions.create(
        model="x", messages=[question(number)], max_tokens=tokens, seed=number, extra_body={"ignore_eos": True}
    )
    return answer.usage.completion_tokens if answer.usage else 0


def _ask_streaming(client: openai.OpenAI, number: int, tokens: int) -> int:
    stream = client.chat.completions.create(
        model="x", messages=[question(number)], max_tokens=tokens, seed=number, stream=True,
        stream_options={"include_usage": True}, extra_body={"ignore_eos": True},
    )  # fmt: skip
    return sum(chunk.usage.completion_tokens for chunk in stream if chunk.usage)


def _environment(setup: Setup) -> dict[str, str]:
    """Nothing of the person's settings, and a home of its own."""
    return {name: value for name, value in (os.environ | environment(setup.scratch)).items() if value is not None}
