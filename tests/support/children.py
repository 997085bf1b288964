"""A child process for tests: does what each line says."""

from __future__ import annotations

import os
import signal
import sys
import threading


def main() -> None:
    """Answer lines, or misbehave."""
    for line in sys.stdin:
        word = line.strip()
        if word == "hang":
            threading.Event().wait()
        elif word == "abort":
            print("/build/model.cpp:12: GGML_ASSERT(n > 0) failed", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGABRT)
        elif word == "noise":
            sys.stderr.write("x" * 1_000_000)
            sys.stderr.flush()
        elif word == "session":
            word = str(os.getsid(0) == os.getpid())
        print(word, flush=True)
