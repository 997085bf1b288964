"""The server with several clients at once, asked with the `openai` package."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import openai
import psutil

from tests.benchmarks.measure import Measurement, Setup, alternate, percentile, spread
from tests.support.program import environment, program
from tests.support.serving import Served, serving

_CLIENTS = 4
_CROWD = 64


def several_clients(setup: Setup) -> Iterator[Measurement]:
    """Tokens a second of four clients together ÷ of one alone; a crowd of 64; how soon a place is free again."""
    with serving(setup.model, n_ctx=setup.sizes.n_ctx, threads=2, parallel=_CLIENTS, max_waiting=16) as served:
        _speed(served, 1, 8)
        ratio, together, alone = alternate(
            lambda: _speed(served, _CLIENTS, setup.sizes.decode),
            lambda: _speed(served, 1, setup.sizes.decode),
            setup.sizes.rounds,
        )
        yield Measurement(
            f"{_CLIENTS} clients together ÷ one alone, tok/s", ratio, at_least=1.3,
            detail=f"{together:.1f} ÷ {alone:.1f} tok/s",
        )  # fmt: skip
        yield from _gone(served, setup)
    yield from _crowd(setup)


def _crowd(setup: Setup) -> Iterator[Measurement]:
    """Many clients who ask a server of its own again and again: none may get anything but an answer, 429 or 503.

    Without a cache of earlier conversations, which would grow up to its limit.
    """
    seconds = 6 * setup.sizes.idle_seconds
    counts = {"answered": 0, "turned away": 0, "wrong": 0}
    options = ["-c", str(setup.sizes.n_ctx), "-t", "2", "-np", str(_CLIENTS), "--cache-ram", "0"]
    command = [*program(), "serve", "-m", str(setup.model), "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=_environment(setup)) as server:
        assert server.stderr
        base_url = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+/v1", line)))
        Thread(target=server.stderr.read, daemon=True).start()
        end = time.monotonic() + seconds

        def client(number: int) -> None:
            with openai.OpenAI(base_url=base_url, api_key="no-required", max_retries=0) as one:
                while time.monotonic() < end:
                    try:
                        one.chat.completions.create(model="x", messages=[_question(number)], max_tokens=8)
                        counts["answered"] += 1
                    except (openai.RateLimitError, openai.InternalServerError) as error:
                        honest = isinstance(error, openai.RateLimitError) or error.status_code == 503
                        counts["turned away" if honest else "wrong"] += 1
                        time.sleep(0.5)
                    except openai.OpenAIError:
                        counts["wrong"] += 1

        with ThreadPoolExecutor(_CROWD) as pool:
            for number in range(_CROWD):
                pool.submit(client, number)
            time.sleep(seconds / 3)
            early = psutil.Process(server.pid).memory_info().rss
        late = psutil.Process(server.pid).memory_info().rss
        server.terminate()
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    yield Measurement(
        f"{_CROWD} clients for {seconds:.0f} s: answers that are wrong", counts["wrong"], at_most=0, detail=told
    )
    yield Measurement("memory of that server at the end ÷ after a third of the time", late / early, at_most=1.05)


def _gone(served: Served, setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from the moment a client goes until its place is free."""
    times: list[float] = []
    for number in range(setup.sizes.samples):
        with _client(served) as client:
            stream = client.chat.completions.create(
                model="x", messages=[_question(number)], stream=True, max_tokens=400, extra_body={"ignore_eos": True}
            )
            for count, _ in enumerate(stream):
                if count > 4:
                    break
            started = time.perf_counter()
            stream.close()
            while served.state.requests.running:
                time.sleep(0.001)
            times.append((time.perf_counter() - started) * 1000)
    yield Measurement(
        "a client goes, until its place is free, p95", percentile(times, 0.95), "ms", at_most=200,
        detail=spread(times, "ms"),
    )  # fmt: skip


def _environment(setup: Setup) -> dict[str, str]:
    """Nothing of the person's settings, and a home of its own."""
    return {name: value for name, value in (os.environ | environment(setup.scratch)).items() if value is not None}


def _speed(served: Served, clients: int, tokens: int) -> float:
    """Tokens a second of all clients together, prompts included."""
    started = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool, _client(served) as client:
        generated = sum(pool.map(lambda number: _ask(client, number, tokens), range(clients)))
    return generated / (time.perf_counter() - started)


def _ask(client: openai.OpenAI, number: int, tokens: int) -> int:
    """Tokens that one request gave."""
    answer = client.chat.completions.create(
        model="x", messages=[_question(number)], max_tokens=tokens, seed=number, extra_body={"ignore_eos": True}
    )
    return answer.usage.completion_tokens if answer.usage else 0


def _client(served: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=served.base_url, api_key="no-required", max_retries=0)


def _question(number: int) -> openai.types.chat.ChatCompletionUserMessageParam:
    return {"role": "user", "content": f"Tell me a long story, number {number}."}
