"""Running `localllm-tui run` as a person's shell does."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

TIMEOUT = 600.0
COMMAND = (sys.executable, "-m", "tui")
ROOT = Path(__file__).resolve().parents[2]


def localllm(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program to its end, with pipes on all sides."""
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        capture_output=True,
        timeout=TIMEOUT,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


@contextlib.contextmanager
def started(*arguments: str, stderr: int = subprocess.PIPE) -> Iterator[subprocess.Popen[bytes]]:
    """The program under way, its output in pipes; killed at the end if it still runs."""
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, cwd=ROOT, bufsize=0
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait(TIMEOUT)


def on_terminal(*arguments: str, **environment: str) -> tuple[int, bytes, bytes]:
    """Run the program with a terminal for standard output.

    Returns:
        The exit status, the bytes the terminal received, and standard error.
    """
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=slave,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    os.close(slave)
    received = read_until(master, None)
    _, errors = process.communicate(timeout=TIMEOUT)
    os.close(master)
    return process.returncode, received, errors


def read_until(master: int, wanted: bytes | None) -> bytes:
    """What a terminal receives until `wanted` is in it, or until nobody holds its other side any more."""
    received = b""
    while wanted is None or wanted not in received:
        try:
            piece = os.read(master, 65536)
        except OSError:  # Linux says EIO where others say end of file
            break
        if not piece:
            break
        received += piece
    return received
