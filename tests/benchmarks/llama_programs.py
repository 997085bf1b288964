"""llama.cpp's own programs, where they are at hand: what this program is measured against.

They are found on PATH, or where `LOCALLLM_LLAMA_SERVER`, `LOCALLLM_LLAMA_BENCH` and `LOCALLLM_LLAMA_COMPLETION` say.
For a fair ratio they are built from the sources that llama-cpp-python brings, with the same switches.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_PATIENCE = 120.0


def find(name: str) -> str | None:
    """Where a program of llama.cpp is; None, and a line that says so, where it is not at hand.

    Args:
        name: such as `llama-server`.
    """
    variable = f"LOCALLLM_{name.upper().replace('-', '_')}"
    found = shutil.which(os.environ.get(variable) or name)
    if found is None:
        print(f"{name} is not at hand, so it is not compared with: {variable} names it", file=sys.stderr)
    return found


@contextmanager
def server(binary: str, model: Path, options: Sequence[str]) -> Iterator[str]:
    """llama-server with a model, until the block ends.

    Args:
        binary: the program.
        model: the GGUF file.
        options: further options.

    Yields:
        The base URL for OpenAI's clients.
    """
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    command = [binary, "-m", str(model), "--host", "127.0.0.1", "--port", str(port), *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", running)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            running.terminate()


def decode_speed(binary: str, model: Path, threads: int, tokens: int) -> float:
    """tok/s of llama-bench's decode from an empty context, which chooses no tokens."""
    command = [binary, "-m", str(model), "-t", str(threads), "-p", "0", "-n", str(tokens), "-r", "2", "-o", "json"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return float(json.loads(done.stdout)[0]["avg_ts"])


def _wait_for(url: str, running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and running.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:  # not listening yet, or still loading
            time.sleep(0.1)
    raise RuntimeError(f"llama-server did not start: {running.poll()}")
