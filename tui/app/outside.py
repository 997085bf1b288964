"""Another program in the terminal for a while: the person's editor, or a pager."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from typing import IO, Any

from textual.app import App, SuspendNotSupported

from tui.core.errors import LocalLLMError

_KEYS = (signal.SIGINT, signal.SIGQUIT)
"""What the terminal sends to every program in it when the person means the one in front."""


async def run_outside(app: App[Any], argv: Sequence[str], stdin: IO[bytes] | None = None) -> int:
    """Give the terminal to another program until it ends. The application goes on meanwhile and draws nothing.

    Args:
        app: whose terminal it is.
        argv: the program and its arguments.
        stdin: what it reads in the place of the keyboard.

    Returns:
        Its exit status; negative is the number of the signal that ended it.

    Raises:
        LocalLLMError: this terminal cannot be shared, or the program does not start.
    """
    outcome: int | OSError = 0
    try:
        # Drawn things would wait in a queue that nobody empties; all of it is drawn once at the end.
        with app.batch_update(), app.suspend(), _keys_ignored(), _terminal(stdin) as files:
            try:
                outcome = await _end_of(subprocess.Popen(list(argv), **files))
            except OSError as error:  # told later: the terminal must come back first
                outcome = error
    except SuspendNotSupported:
        raise LocalLLMError("This terminal cannot be lent to another program") from None
    finally:
        app.refresh(layout=True)
    if isinstance(outcome, OSError):
        raise LocalLLMError(f"{argv[0]} does not start", why=outcome.strerror or str(outcome))
    return outcome


async def _end_of(program: subprocess.Popen[bytes]) -> int:
    try:
        return await asyncio.to_thread(program.wait)
    except asyncio.CancelledError:  # the application ends: the terminal is not to be left to two programs
        program.terminate()
        raise


@contextlib.contextmanager
def _keys_ignored() -> Iterator[None]:
    """Let the other program have ctrl+c: a handler that does nothing, which the program does not inherit."""
    before = {number: signal.signal(number, lambda *_: None) for number in _KEYS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _terminal(stdin: IO[bytes] | None) -> Iterator[dict[str, Any]]:
    """The files of the other program: the terminal, also where our own are a pipe or a file."""
    names = ("stdin", "stdout", "stderr")
    files: dict[str, Any] = {} if stdin is None else {"stdin": stdin}
    with contextlib.ExitStack() as stack:
        for number, name in enumerate(names):
            if name not in files and not os.isatty(number):
                with contextlib.suppress(OSError):
                    mode = "rb" if number == 0 else "wb"
                    files[name] = stack.enter_context(open("/dev/tty", mode, buffering=0))
        yield files


def ended_badly(argv: Sequence[str], status: int) -> str:
    """Why a program that ran did not end as it should; empty when it did."""
    if status == 0:
        return ""
    name = os.path.basename(argv[0])
    return f"{name} ended with status {status}" if status > 0 else f"{name} was ended by signal {-status}"
