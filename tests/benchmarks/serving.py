"""The server with several clients at once, asked with the `openai` package."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import openai
import psutil

from tests.benchmarks import beside_llama
from tests.benchmarks.clients import connect, own_server, question, speed
from tests.benchmarks.measure import Measurement, Setup, alternate, percentile, spread
from tests.support.serving import Served, serving

_CLIENTS = 4
_CROWD = 64


def several_clients(setup: Setup) -> Iterator[Measurement]:
    """Four clients together ÷ one alone, and ÷ four of llama-server; a crowd of 64; how soon a place is free again."""
    with serving(setup.model, n_ctx=setup.sizes.n_ctx, threads=2, parallel=_CLIENTS, max_waiting=16) as served:
        speed(served.base_url, [0], 8)
        ratio, together, alone = alternate(
            lambda: speed(served.base_url, range(_CLIENTS), setup.sizes.decode),
            lambda: speed(served.base_url, [0], setup.sizes.decode),
            setup.sizes.rounds,
        )
        yield Measurement(
            f"{_CLIENTS} clients together ÷ one alone, tok/s", ratio, at_least=1.3,
            detail=f"{together:.1f} ÷ {alone:.1f} tok/s",
        )  # fmt: skip
        yield from _gone(served, setup)
    yield from beside_llama.several_clients(setup)
    yield from _crowd(setup)


def _crowd(setup: Setup) -> Iterator[Measurement]:
    """Many clients who ask a server of its own again and again: none may get anything but an answer, 429 or 503.

    Without a cache of earlier conversations, which would grow up to its limit.
    """
    seconds = 6 * setup.sizes.idle_seconds
    counts = {"answered": 0, "turned away": 0, "wrong": 0}
    options = ["-c", str(setup.sizes.n_ctx), "-t", "2", "-np", str(_CLIENTS), "--cache-ram", "0"]
    with own_server(setup, *options) as server:
        end = time.monotonic() + seconds

        def client(number: int) -> None:
            with connect(server.base_url) as one:
                while time.monotonic() < end:
                    try:
                        one.chat.completions.create(model="x", messages=[question(number)], max_tokens=8)
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
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    yield Measurement(
        f"{_CROWD} clients for {seconds:.0f} s: answers that are wrong", counts["wrong"], at_most=0, detail=told
    )
    yield Measurement("memory of that server at the end ÷ after a third of the time", late / early, at_most=1.05)


def _gone(served: Served, setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from the moment a client goes until its place is free."""
    times: list[float] = []
    for number in range(setup.sizes.samples):
        with connect(served.base_url) as client:
            stream = client.chat.completions.create(
                model="x", messages=[question(number)], stream=True, max_tokens=400, extra_body={"ignore_eos": True}
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
