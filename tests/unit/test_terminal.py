"""The terminal that the other tests look through."""

from __future__ import annotations

import sys

import pytest

from tests.support.terminal import Terminal
from tests.support.terminal_screen import ALTERNATE_SCREEN, BRACKETED_PASTE, TerminalScreen


def test_sequences_may_be_cut_anywhere() -> None:
    data = "\x1b[?1049h\x1b[>1u\x1b[2;3Hあい\x1b[<u\x1b[?2026$p\x1bP+q544e\x1b\\x\x1b]0;title\x07y".encode()
    screen = TerminalScreen(20, 3)
    for at in range(len(data)):
        screen.feed(data[at : at + 1])
    assert screen.lines() == ["", "  あいxy", ""]
    assert ALTERNATE_SCREEN in screen.modes
    assert screen.keyboard_depth == 0


def test_half_a_wide_character_is_torn() -> None:
    screen = TerminalScreen(10, 2)
    screen.feed("あい".encode())
    assert screen.torn() == []
    screen.feed(b"\x1b[1;2Hx")
    assert screen.torn() == ["row 0, column 0: 'あ' lost its second half"]


def test_what_a_program_leaves_behind_is_told() -> None:
    code = "import sys, tty; tty.setraw(0); sys.stdout.write('\\x1b[?2004h\\x1b[?25lbye'); sys.stdout.flush()"
    with Terminal([sys.executable, "-c", code], columns=20, rows=3) as terminal:
        assert terminal.wait_exit() == 0
        wrong = terminal.left_behind()
    assert wrong[:2] == [f"mode {BRACKETED_PASTE} is still on", "mode 25 is still off"]
    assert wrong[2].startswith("termios differs")


def test_a_program_that_ends_is_not_waited_for() -> None:
    with (
        Terminal([sys.executable, "-c", "print('only this')"], columns=20, rows=3) as terminal,
        pytest.raises(TimeoutError, match=r"the program ended(.|\n)*only this"),
    ):
        terminal.wait_for("something else")


def test_the_program_has_a_terminal_of_its_own_that_changes_its_size() -> None:
    code = (
        "import os, signal, sys\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGWINCH])\n"
        "print('asked', input(), open('/dev/tty').isatty(), flush=True)\n"
        "signal.sigwait([signal.SIGWINCH])\n"
        "input(tuple(os.get_terminal_size()))\n"
        "sys.exit(3)"
    )
    with Terminal([sys.executable, "-c", code], columns=40, rows=6) as terminal:
        terminal.write("hello\r")
        terminal.wait_for("asked hello True")
        terminal.resize(50, 9)
        terminal.wait_for(r"\(50, 9\)")
        terminal.press("enter")
        assert terminal.wait_exit() == 3
