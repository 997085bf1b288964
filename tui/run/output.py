"""Standard output and standard error, as a script and a person need them."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import BinaryIO

from tui.core.errors import LocalLLMError
from tui.core.text import one_line, printable

PROMPT_COLOR = "\x1b[33m"  # llama.cpp's colours: prompt yellow, errors bold red
_ERROR_COLOR = "\x1b[1m\x1b[31m"
_RESET = "\x1b[0m"


class OutputClosedError(Exception):
    """Whoever read standard output has gone, as `head` does."""


class OutputError(LocalLLMError):
    """Standard output cannot be written."""


class Output:
    """The completion's way out: UTF-8, streamed.

    On a terminal control characters in the text are made visible; into a pipe or a file the text goes as it is.

    Args:
        stream: where to; standard output when None.
    """

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = stream or (sys.stdout.buffer if sys.stdout else None)
        self.is_terminal = _is_terminal(self._stream)
        self._line_open = False

    def write(self, text: str, color: str = "") -> None:
        """Write untrusted text at once.

        Args:
            text: what to write.
            color: escape sequence to write it in; empty for the terminal's own colour.

        Raises:
            OutputClosedError: nobody reads it any more.
            OutputError: it cannot be written.
        """
        if not text:
            return
        shown = printable(text, keep="\n\t") if self.is_terminal else text
        self._send(f"{color}{shown}{_RESET}" if color else shown)
        self._line_open = not text.endswith("\n")

    def end(self) -> None:
        """End the line on a terminal, so that the shell's prompt has one of its own."""
        if self.is_terminal and self._line_open:
            self._send("\n")
            self._line_open = False

    def _send(self, text: str) -> None:
        if self._stream is None:
            raise OutputError("standard output is closed")
        try:
            self._stream.write(text.encode("utf-8", "replace"))
            self._stream.flush()
        except BrokenPipeError:
            discard_output()
            raise OutputClosedError from None
        except (OSError, ValueError) as error:
            discard_output()
            why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "it is closed"
            raise OutputError("standard output cannot be written", why=why) from None


def discard_output() -> None:
    """Send what is still buffered for standard output nowhere, so that Python does not complain about it at exit."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def wants_color(choice: str, *, terminal: bool) -> bool:
    """Whether to colour: `on` or `off` as told, `auto` on a terminal; never under NO_COLOR (https://no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return choice == "on" or (choice == "auto" and terminal)


def complain(line: str, *, color: str = "auto") -> None:
    """Say on standard error what went wrong: `error: …`, one line.

    Args:
        line: what to say; untrusted parts are made safe.
        color: `on`, `off` or `auto`.
    """
    text = f"error: {one_line(line)}"
    if wants_color(color, terminal=_is_terminal(sys.stderr)):
        text = f"{_ERROR_COLOR}{text}{_RESET}"
    note(text)


def warn(line: str) -> None:
    """Say on standard error what was left out: `warning: …`, one line."""
    note(f"warning: {one_line(line)}")


def note(text: str) -> None:
    """Write lines to standard error; a closed one is no reason to stop."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(text, file=sys.stderr, flush=True)


class Progress:
    """One line on standard error that is written over, only where standard error is a terminal."""

    def __init__(self) -> None:
        self._active = _is_terminal(sys.stderr)
        self._shown = ""

    @property
    def active(self) -> bool:
        """Whether anything is shown."""
        return self._active

    def show(self, text: str) -> None:
        """Show `text` in place of what was shown before."""
        text = one_line(text)
        if self._active and text != self._shown:
            self._write("\r" + text + " " * (len(self._shown) - len(text)))
            self._shown = text

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            # Wide characters take two cells each.
            self._write("\r" + " " * (len(self._shown) if self._shown.isascii() else 2 * len(self._shown)) + "\r")
            self._shown = ""

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)
            sys.stderr.flush()


def _is_terminal(stream: object) -> bool:
    try:
        return bool(stream is not None and stream.isatty())  # type: ignore[attr-defined]
    except ValueError:  # closed
        return False
