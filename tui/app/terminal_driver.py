"""The terminal as the application has it: it may be lent, go away, or have to be given back at once."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import termios
from codecs import getincrementaldecoder
from functools import partial
from typing import Any, TextIO

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

_GIVE_BACK = (
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l"
    "\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""What puts a terminal back: what Textual writes at its end, in one piece."""

_WAIT = 0.1
"""Seconds after which a key alone, such as Esc, is one."""


class TerminalDriver(LinuxDriver):
    """Textual's own, which bears that the terminal is gone or somebody else's.

    Attributes:
        leaving: the application ends: it is not to take the terminal again.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        assert self._file is not None  # an application without a terminal does not come here
        self._file: Any = _Output(self._file)
        self._shown = False
        self.leaving = False

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._shown = self._has_writer

    def stop_application_mode(self) -> None:
        """Give the terminal back; where it was given away already, only its line settings, if it is ours to set them.

        A program that had the terminal meanwhile and was ended may have left others.
        """
        if self._shown:
            self._shown = False
            super().stop_application_mode()
            return
        with contextlib.suppress(OSError, termios.error):
            if self.attrs_before is not None and os.tcgetpgrp(self.fileno) == os.getpgrp():
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    def give_back(self) -> None:
        """Give the terminal back now, whatever hangs; any thread may do so."""
        if not self._has_writer:
            return
        with contextlib.suppress(OSError, termios.error):
            os.write(self._file.fileno(), _GIVE_BACK.encode())
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)

    @property
    def _has_writer(self) -> bool:
        return self._writer_thread is not None and self._writer_thread.is_alive()

    def _sigcont_application(self, *arguments: object) -> None:
        if not self.leaving:  # in the background it would be stopped again
            super()._sigcont_application(*arguments)

    def run_input_thread(self) -> None:
        """Read keys until the application has enough of them. A terminal that is gone ends the application."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], _WAIT)[0]:
                if data := self._read():
                    text = decode(data)
                    for message in parser.feed(text) if text else ():  # no text is the end for a parser
                        self.process_message(message)
                elif is_gone(self.fileno):
                    self._loop.call_soon_threadsafe(partial(self._app.exit, return_code=128 + signal.SIGHUP))
                    break
                else:
                    self.exit_event.wait(_WAIT)
            for message in parser.tick():
                self.process_message(message)
        with contextlib.suppress(EOFError, ParseError):
            list(parser.feed(""))

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""


class _Output:
    """The file that is drawn on; nothing that is written to it fails once the terminal is gone.

    The thread that writes would end with it, and the application wait for that thread for ever.

    Args:
        file: the terminal.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        """Write, if there is where to."""
        try:
            self._file.write(text)
        except OSError:
            leave_gone()

    def flush(self) -> None:
        """Let it out."""
        try:
            self._file.flush()
        except OSError:
            leave_gone()

    def fileno(self) -> int:
        """The descriptor."""
        return self._file.fileno()


def is_gone(descriptor: int) -> bool:
    """Whether it is of a terminal that is no longer there."""
    try:
        termios.tcgetattr(descriptor)
    except termios.error as error:
        return bool(error.args[0] in (errno.EIO, errno.ENXIO))
    return False


def leave_gone() -> None:
    """Put nothing in the place of a terminal that is gone: what still writes to it, or reads, comes to no harm."""
    for descriptor in (0, 1, 2):
        if is_gone(descriptor):
            nothing = os.open(os.devnull, os.O_RDWR)
            os.dup2(nothing, descriptor)
            os.close(nothing)
