"""The application with Serve on while 64 clients ask all the time from another process: does a key still answer?"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator

from tests.benchmarks.measure import Measurement, Setup, percentile, spread
from tests.support.crowd import crowd
from tests.support.program import open_program
from tests.support.terminal import Terminal

_CLIENTS = 64
_MOST = 100
_MARKS = "§¶¤ÞÐ"


def echo_in_a_crowd(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from a key press to its echo while 64 clients ask the application's server, 95th percentile."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = str(one.getsockname()[1])
    options = ["-m", str(setup.model), "-c", str(setup.sizes.n_ctx)]
    with open_program(setup.scratch, *options, env={"LOCALLLM_SERVE_PORT": port}) as terminal:
        terminal.wait_for(r"\bready\b")
        before = [_echo(terminal, number) for number in range(setup.sizes.samples)]
        with crowd(_serve(terminal), _CLIENTS) as asking:
            terminal.wait_for(r"(?s)\d\d waiting.*[1-9]\d* ended", 300)
            terminal.press("escape")
            terminal.wait_for(r"serving \d\d")
            typing = [_echo(terminal, number) for number in range(4 * setup.sizes.samples)]
            opening = [_open_list(terminal) for _ in range(setup.sizes.samples)]
            counts = asking.end()
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    yield Measurement("key press to echo before anybody asks, p95", percentile(before, 0.95), "ms")
    yield Measurement(
        f"key press to echo while {_CLIENTS} clients ask, p95", percentile(typing, 0.95), "ms", at_most=_MOST,
        detail=f"{spread(typing, 'ms')}; {told}",
    )  # fmt: skip
    yield Measurement(
        f"F11 to the list of {_CLIENTS} requests, p95", percentile(opening, 0.95), "ms", detail=spread(opening, "ms")
    )


def _serve(terminal: Terminal) -> str:
    terminal.press("f11")
    terminal.wait_for("not serving")
    terminal.press("s")
    terminal.wait_for(r"serving at http://\S+/v1")
    found = re.search(r"serving at (http://\S+/v1)", terminal.text)
    assert found
    return found[1]


def _echo(terminal: Terminal, number: int) -> float:
    """Milliseconds until a typed character comes back."""
    mark = _MARKS[number % len(_MARKS)]
    written, started = terminal.bytes_out, time.perf_counter()
    terminal.write(mark)
    terminal.wait_for_bytes(mark.encode(), since=written)
    passed = (time.perf_counter() - started) * 1000
    time.sleep(0.05 + 0.013 * (number % 7))  # not in step with the application's own clock
    return passed


def _open_list(terminal: Terminal) -> float:
    """Milliseconds until the list of requests is there; it is left again."""
    written, started = terminal.bytes_out, time.perf_counter()
    terminal.press("f11")
    terminal.wait_for_bytes(b"TOTAL", since=written)
    passed = (time.perf_counter() - started) * 1000
    terminal.press("escape")
    terminal.wait_for(r"serving \d\d")
    return passed
