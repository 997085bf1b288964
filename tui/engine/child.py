"""A child process that answers lines with lines, and may die."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_POLL_SECONDS = 0.05
_MOST_STDERR = 64 * 1024
_ROOT = Path(__file__).resolve().parents[2]
# -P: a file in the current folder that is called like a module must not be run.
_START = "import sys; sys.path.append(sys.argv[1]); from {module} import main; main()"


class ChildError(Exception):
    """The child cannot be asked: it could not be started, or took too long."""


class ChildCancelled(Exception):
    """The question was taken back."""


class ChildDied(Exception):
    """The child ended before it answered.

    Args:
        status: its exit status; the negative number of a signal.
        stderr: what it wrote there, the end of it.
    """

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__(f"status {status}")
        self.status = status
        self.stderr = stderr

    @property
    def signal_name(self) -> str:
        """The signal that ended it, such as `SIGABRT`; empty when none did."""
        with contextlib.suppress(ValueError):
            return signal.Signals(-self.status).name if self.status < 0 else ""
        return f"signal {-self.status}"


class Child:
    """A Python module's `main` in a process and session of its own: no terminal, no Ctrl+C, nothing on the screen.

    It ends by itself when this process does, since its stdin ends then.

    Args:
        module: name of the module.

    Raises:
        ChildError: it could not be started.
    """

    def __init__(self, module: str) -> None:
        if not sys.executable or getattr(sys, "frozen", False):
            raise ChildError("there is no Python to run it")
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _START.format(module=module), str(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                # Otherwise ggml starts a debugger on itself when it aborts.
                env={**os.environ, "GGML_NO_BACKTRACE": "1"},
            )
        except OSError as error:
            raise ChildError(str(error)) from error
        self._stderr = b""

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    def ask(self, line: bytes, timeout: float, cancelled: Callable[[], bool]) -> bytes:
        """Send a line and wait for the answer.

        Args:
            line: the question, without line break.
            timeout: most seconds to wait.
            cancelled: asked twenty times a second whether to go on waiting.

        Raises:
            ChildError: no answer came in time. The child is to be closed.
            ChildCancelled: `cancelled` said so. The child is to be closed.
            ChildDied: it ended.
        """
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line + b"\n")
            self._process.stdin.flush()
        return self._answer(time.monotonic() + timeout, cancelled)

    def kill(self) -> None:
        """End it at once, whoever is waiting for it. Any thread."""
        self._process.kill()

    def close(self) -> int:
        """End it, if it has not ended, and free everything. May be called again.

        Returns:
            Its exit status.
        """
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        return self._process.wait()

    def _answer(self, deadline: float, cancelled: Callable[[], bool]) -> bytes:
        assert self._process.stdout and self._process.stderr
        answer = b""
        with selectors.DefaultSelector() as selector:
            for pipe in (self._process.stdout, self._process.stderr):
                selector.register(pipe, selectors.EVENT_READ)
            while not answer.endswith(b"\n"):
                if cancelled():
                    raise ChildCancelled
                if time.monotonic() > deadline:
                    raise ChildError("it took too long")
                for key, _ in selector.select(_POLL_SECONDS):
                    data = os.read(key.fd, 1 << 16)
                    if key.fileobj is self._process.stdout:
                        answer += data
                    else:
                        self._stderr = (self._stderr + data)[-_MOST_STDERR:]
                    if not data:
                        selector.unregister(key.fileobj)
                if not selector.get_map():
                    raise ChildDied(self._process.wait(), self._stderr.decode("utf-8", "replace"))
        return answer
