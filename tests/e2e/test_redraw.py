"""What something else wrote over the screen goes away: by a command, by a resize, and when the program comes back."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.support.terminal import Terminal

BARE: dict[str, tuple[str, ...]] = {"python": ("-S",)}


@pytest.fixture
def terminal(start: Start, without_starter: dict[str, str]) -> Terminal:
    """The program, with something written over it."""
    terminal = start(env=without_starter, **BARE)
    terminal.wait_for("There is no model yet")
    write_over(terminal)
    return terminal


def write_over(terminal: Terminal) -> None:
    for row in (1, 7, 22, 40):
        terminal.screen.feed(f"\x1b[{row};40H\x1b[31mGARBAGE".encode())
    assert terminal.text.count("GARBAGE") == 4


def leave(terminal: Terminal) -> None:
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert terminal.left_behind() == []


def test_a_command_redraws_the_screen(terminal: Terminal) -> None:
    terminal.press("ctrl+p")
    terminal.write("redraw")
    terminal.wait_for("Redraw the screen")
    terminal.press("enter")
    terminal.wait_for("GARBAGE", absent=True)
    terminal.wait_for("There is no model yet")
    leave(terminal)


def test_a_window_that_has_its_old_size_again_is_redrawn(terminal: Terminal) -> None:
    os.kill(terminal.pid, signal.SIGWINCH)
    terminal.wait_for("GARBAGE", absent=True)
    assert "There is no model yet" in terminal.text
    leave(terminal)


def test_a_program_that_was_stopped_redraws_the_screen(terminal: Terminal) -> None:
    os.kill(terminal.pid, signal.SIGTSTP)
    terminal.wait_until(lambda: state(terminal.pid) == "T", "the program to stop")
    write_over(terminal)
    os.kill(terminal.pid, signal.SIGCONT)
    terminal.wait_for("GARBAGE", absent=True)
    terminal.write("hello")
    terminal.wait_for("❯ hello")
    leave(terminal)


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
