"""What is piped into the full-screen application; the keyboard is the terminal's all the same."""

from __future__ import annotations

import os
import select
import stat
import sys
import time

from tui.core.errors import LocalLLMError
from tui.core.units import format_bytes
from tui.services.attachments_limits import MOST_PIPED

_BLOCK = 1 << 20
_QUIET_SECONDS = 1.0
"""How long a slow pipe is read without a word."""

_NO_TERMINAL = LocalLLMError("the application needs a terminal", hint="in scripts, use localllm-tui run")


def take_piped() -> bytes | None:
    """All of what is piped in; standard input is the terminal afterwards.

    Must be called before anything else reads from standard input, and before the screen is taken.

    Returns:
        What came; None where standard input is the terminal already, or nothing such as `/dev/null`.

    Raises:
        LocalLLMError: there is no terminal to draw on or no keyboard, or too much came.
    """
    if sys.stdin is not None and sys.stdin.isatty():
        return None
    try:
        piped = sys.stdin.fileno()
        drawn = sys.__stderr__.fileno() if sys.__stderr__ is not None else -1
    except (AttributeError, OSError, ValueError):  # there is none, or something stands in for it
        raise _NO_TERMINAL from None
    if not os.isatty(drawn):
        raise _NO_TERMINAL
    keyboard = _keyboard(drawn)  # asked first: a script must not wait for its input in vain
    try:
        nothing = stat.S_ISCHR(os.fstat(piped).st_mode)
        data = _read(piped)
        # Textual reads the keyboard from this very number.
        os.dup2(keyboard, 0)
    finally:
        os.close(keyboard)
    return None if nothing and not data else data


def _keyboard(drawn: int) -> int:
    """The terminal that is drawn on, else the one that the program was started from; open for reading."""
    try:
        return os.open(os.ttyname(drawn), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        pass
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        raise _NO_TERMINAL from None


def _read(piped: int) -> bytes:
    parts: list[bytes] = []
    count, begun, told = 0, time.monotonic(), False
    while True:
        ready, _, _ = select.select([piped], [], [], _QUIET_SECONDS)
        if not told and time.monotonic() - begun > _QUIET_SECONDS:
            told = True
            print("reading standard input to its end; ctrl+c stops", file=sys.stderr)
        if not ready:
            continue
        if not (part := os.read(piped, _BLOCK)):
            return b"".join(parts)
        parts.append(part)
        count += len(part)
        if count > MOST_PIPED:
            raise LocalLLMError(f"standard input has more than the {format_bytes(MOST_PIPED)} that are taken")
