"""Workers for the tests: the program itself, on loopback ports."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_PORT = re.compile(rb"working at \S+:(\d+)")


def has_rpc() -> bool:
    """Whether llama.cpp was built with RPC here."""
    import llama_cpp.llama_cpp as lib

    return bool(lib.llama_supports_rpc())


needs_rpc = pytest.mark.skipif(
    not has_rpc(), reason="llama-cpp-python was built without RPC (CMAKE_ARGS=-DGGML_RPC=ON)"
)


class WorkerProcess:
    """`localllm-tui worker` under way.

    Args:
        arguments: its options; the port is a free one unless they say otherwise.
        around: a command that it is run with, such as `ip netns exec NAME`.
    """

    def __init__(self, *arguments: str, around: Sequence[str] = ()) -> None:
        self.process = subprocess.Popen(
            [*around, sys.executable, "-m", "tui", "worker", "--port", "0", "-t", "1", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=_ROOT,
            env=dict(os.environ),
        )
        self.lines: list[bytes] = []
        found = self.line_with(_PORT)
        self.port = int(found[1])
        self.address = f"127.0.0.1:{self.port}"

    def line_with(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        """Read what it says until a line has the pattern.

        Raises:
            AssertionError: it ended before.
        """
        assert self.process.stdout
        while line := self.process.stdout.readline():
            self.lines.append(line)
            if found := pattern.search(line):
                return found
        assert self.process.stderr
        raise AssertionError(f"the worker ended: {self.process.stderr.read()!r}")

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait(120)

    def close(self) -> None:
        """End it, and free everything."""
        self.kill()
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


@contextlib.contextmanager
def workers(count: int, *arguments: str) -> Iterator[list[WorkerProcess]]:
    """Some workers, which end with the context."""
    with contextlib.ExitStack() as stack:
        started = []
        for _ in range(count):
            started.append(WorkerProcess(*arguments))
            stack.callback(started[-1].close)
        yield started
