"""Drives a full-screen program as a person does: through a pseudo-terminal, by keys, waiting for what is shown."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from tests.support.terminal_screen import USUAL_MODES, TerminalScreen

PATIENCE = 240.0
"""Most seconds to wait for anything; reached only when something is broken."""

KEYS = {
    "enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "escape": "\x1b", "space": " ",
    "up": "\x1b[A", "down": "\x1b[B", "right": "\x1b[C", "left": "\x1b[D", "home": "\x1b[H", "end": "\x1b[F",
    "pageup": "\x1b[5~", "pagedown": "\x1b[6~", "backspace": "\x7f", "delete": "\x1b[3~",
    "f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS", "f5": "\x1b[15~", "f6": "\x1b[17~",
    "f7": "\x1b[18~", "f8": "\x1b[19~", "f9": "\x1b[20~", "f10": "\x1b[21~", "f11": "\x1b[23~", "f12": "\x1b[24~",
}  # fmt: skip
"""What xterm sends for a key."""


class Terminal:
    """A program in a pseudo-terminal of its own. Linux and macOS.

    Args:
        argv: the program and its arguments.
        columns: width of the terminal in cells.
        rows: its height in cells.
        env: what differs from this process's environment; None takes a variable away.
        term: what the terminal calls itself (TERM).

    Attributes:
        screen: what the terminal shows; `lines` and `text` read it up to date.
        pid: the program's process.
        started: `time.monotonic()` when the program was started.

    Raises:
        FileNotFoundError: there is no such program.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        columns: int = 120,
        rows: int = 40,
        env: Mapping[str, str | None] | None = None,
        term: str = "xterm-256color",
    ) -> None:
        self.screen = TerminalScreen(columns, rows)
        self._news = threading.Condition()
        self._raw = bytearray()
        self._arrivals: list[tuple[float, int]] = []
        self._parsed = 0
        self._ended = False
        self._status: int | None = None
        self._terminal, child_end = os.openpty()
        self._winsize(columns, rows)
        self._modes_before = termios.tcgetattr(self._terminal)
        self.started = time.monotonic()
        # The first terminal that the leader of a new session opens becomes its controlling terminal.
        self.pid = os.posix_spawnp(
            argv[0],
            list(argv),
            _environment(env or {}, term),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.ttyname(child_end), os.O_RDWR, 0),
                (os.POSIX_SPAWN_DUP2, 0, 1),
                (os.POSIX_SPAWN_DUP2, 0, 2),
            ],
            setsid=True,
        )
        os.close(child_end)
        threading.Thread(target=self._read, name="terminal", daemon=True).start()

    # What a person does

    def send(self, text: str) -> None:
        """Send characters as they are."""
        os.write(self._terminal, text.encode())

    def write(self, text: str) -> None:
        """Type a text, one character after the other."""
        for character in text:
            self.send(character)

    def press(self, *keys: str) -> None:
        """Press keys: names of KEYS, `ctrl+x`, `alt+x`, or single characters."""
        for key in keys:
            self.send(_encode(key))

    def paste(self, text: str) -> None:
        """Paste a text, as a terminal with bracketed paste does."""
        self.send(f"\x1b[200~{text}\x1b[201~")

    def resize(self, columns: int, rows: int) -> None:
        """Give the window another size."""
        with self._news:
            self._parse()
            self.screen.resize(columns, rows)
            self._winsize(columns, rows)

    # What a person sees

    @property
    def lines(self) -> list[str]:
        """The rows of the screen as text."""
        with self._news:
            self._parse()
            return self.screen.lines()

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    @property
    def raw(self) -> bytes:
        """Everything the program wrote so far."""
        with self._news:
            return bytes(self._raw)

    def screens_since(self, when: float) -> Iterator[tuple[float, TerminalScreen]]:
        """What the terminal showed: at `when`, and after each time that the program wrote something since.

        Args:
            when: by `time.monotonic()`.

        Yields:
            When it was shown, and one and the same screen, which changes between two of them.
        """
        with self._news:
            raw, arrivals = bytes(self._raw), list(self._arrivals)
        before = [length for at, length in arrivals if at <= when]
        shown = before[-1] if before else 0
        screen = TerminalScreen(*self.screen.size)
        screen.feed(raw[:shown])
        yield when, screen
        for at, length in arrivals[len(before) :]:
            screen.feed(raw[shown:length])
            shown = length
            yield at, screen

    @property
    def bytes_out(self) -> int:
        """How many bytes the program wrote so far."""
        return len(self._raw)

    def torn(self) -> list[str]:
        """Where a wide character is torn; empty when all are whole."""
        with self._news:
            self._parse()
            return self.screen.torn()

    def wait_for(self, pattern: str, timeout: float = PATIENCE, *, absent: bool = False) -> float:
        """Wait until the screen shows what matches.

        Args:
            pattern: regular expression over the rows joined by line breaks; `.` does not match a line break.
            timeout: seconds.
            absent: wait until nothing matches any more.

        Returns:
            Seconds waited.

        Raises:
            TimeoutError: it did not happen, or the program ended before; the message shows the screen.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        what = f"{pattern!r} {'to vanish' if absent else 'to show'}"
        return self.wait_until(lambda: (wanted.search(self.text) is None) is absent, what, timeout)

    def wait_for_bytes(self, pattern: bytes, since: int = 0, timeout: float = PATIENCE) -> float:
        """Wait until the program has written what matches, without reading the screen meanwhile, which takes time.

        Args:
            pattern: regular expression.
            since: how many of the bytes do not count.
            timeout: seconds.

        Returns:
            Seconds waited.
        """
        wanted = re.compile(pattern)
        return self.wait_until(lambda: wanted.search(self._raw, since) is not None, f"the bytes {pattern!r}", timeout)

    def wait_until(self, happened: Callable[[], bool], what: str = "a condition", timeout: float = PATIENCE) -> float:
        """Wait until something holds; asked again whenever the program has written something.

        Raises:
            TimeoutError: it does not hold in time, or the program ended before.
        """
        started = time.monotonic()
        with self._news:
            while not happened():
                left = timeout - (time.monotonic() - started)
                if left <= 0 or self._ended:
                    reason = "the program ended" if self._ended else f"{timeout:g} s went by"
                    raise TimeoutError(f"{reason}, waiting for {what}; the screen:\n{self.text}")
                # Conditions on something else than the screen (a file, a process) are asked now and then.
                self._news.wait(min(left, 0.2))
        return time.monotonic() - started

    # The end

    def wait_exit(self, timeout: float = PATIENCE) -> int:
        """Wait for the program's end.

        Returns:
            Its exit status; negative is the number of the signal that ended it.
        """
        started = time.monotonic()
        with self._news:
            while not self._ended:
                left = timeout - (time.monotonic() - started)
                if left <= 0:
                    raise TimeoutError(f"the program still runs after {timeout:g} s; the screen:\n{self.text}")
                self._news.wait(left)
            # Parse what came last, such as the switches that restore the terminal.
            self._parse()
        while self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() - started > timeout:
                raise TimeoutError(f"the program left the terminal and still runs after {timeout:g} s")
            else:
                time.sleep(0.005)
        return self._status

    def left_behind(self) -> list[str]:
        """What the program changed of the terminal and did not put back; empty when it is as it was before."""
        wrong = [f"mode {mode} is still on" for mode in sorted(self.screen.modes - USUAL_MODES)]
        wrong += [f"mode {mode} is still off" for mode in sorted(USUAL_MODES - self.screen.modes)]
        if self.screen.keyboard_depth:
            wrong.append(f"the keyboard protocol is still on: {self.screen.keyboard_depth}")
        if termios.tcgetattr(self._terminal) != self._modes_before:
            wrong.append(f"termios differs: {termios.tcgetattr(self._terminal)} instead of {self._modes_before}")
        return wrong

    def peak_memory(self) -> int:
        """Most bytes of memory that the program held so far (Linux)."""
        return self._status_bytes("VmHWM")

    def memory(self) -> int:
        """Bytes of memory that the program holds now (Linux)."""
        return self._status_bytes("VmRSS")

    def cpu_seconds(self) -> float:
        """Processor time that the program took so far, in seconds, all threads together (Linux)."""
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the program if it still runs."""
        for number in (signal.SIGHUP, signal.SIGKILL):
            if self._status is None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
                with contextlib.suppress(TimeoutError):
                    self.wait_exit(5)
        os.close(self._terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Plumbing

    def _winsize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                select.select([self._terminal], [], [])
                data = os.read(self._terminal, 1 << 16)
            except (OSError, ValueError):  # the program has ended; Linux says EIO
                data = b""
            with self._news:
                self._raw += data
                self._arrivals.append((time.monotonic(), len(self._raw)))
                self._ended = not data
                self._news.notify_all()
            if not data:
                return

    def _parse(self) -> None:
        data = bytes(self._raw[self._parsed :])
        self._parsed = len(self._raw)
        self.screen.feed(data)

    def _status_bytes(self, field: str) -> int:
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))


def _environment(changes: Mapping[str, str | None], term: str) -> dict[str, str]:
    outer = {"NO_COLOR", "COLORTERM", "COLUMNS", "LINES", "TERM_PROGRAM", "PYTEST_CURRENT_TEST"}
    environment: dict[str, Any] = {name: value for name, value in os.environ.items() if name not in outer}
    environment |= {"TERM": term, "COLORTERM": "truecolor"} | dict(changes)
    return {name: value for name, value in environment.items() if value is not None}


def _encode(key: str) -> str:
    if key in KEYS:
        return KEYS[key]
    if key.startswith("ctrl+") and len(key) == 6:
        return chr(ord(key[5].upper()) & 0x1F)
    if key.startswith("alt+"):
        return "\x1b" + _encode(key[4:])
    if len(key) == 1:
        return key
    raise ValueError(f"unknown key {key!r}")
