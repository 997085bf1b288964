"""The full-screen programs end by a signal as they end by a person, and the terminal is as it was before."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.running import read_until
from tests.e2e.test_application import ask
from tests.support.program import environment
from tests.support.terminal import Terminal
from tui.app.ending import PATIENCE
from tui.store.store import Store

BARE: dict[str, tuple[str, ...]] = {"python": ("-S",)}
STATUS = {signal.SIGTERM: 143, signal.SIGHUP: 129}
NUMBERS = pytest.mark.parametrize("number", STATUS)


def end(terminal: Terminal, number: signal.Signals = signal.SIGTERM) -> None:
    """Tell the program to end, and see that it does, and how."""
    os.kill(terminal.pid, number)
    assert terminal.wait_exit(30) == STATUS[number]
    assert terminal.left_behind() == []
    assert b"Traceback" not in terminal.raw and b"error" not in terminal.raw


@NUMBERS
def test_what_is_typed_is_kept(number: signal.Signals, start: Start, without_starter: dict[str, str]) -> None:
    terminal = start(env=without_starter, **BARE)
    terminal.wait_for("There is no model yet")
    terminal.write("a draft")
    terminal.wait_for("❯ a draft")
    end(terminal, number)
    again = start(env=without_starter, **BARE)
    again.wait_for("❯ a draft")
    end(again, number)


@pytest.mark.parametrize("key", ["f1", "f2", "f4", "f5", "ctrl+p", "ctrl+g"])
def test_on_every_screen(key: str, start: Start, without_starter: dict[str, str]) -> None:
    terminal = start(env=without_starter, **BARE)
    terminal.wait_for("There is no model yet")
    terminal.press(key)
    terminal.wait_for("There is no model yet", absent=True) if key in ("f2", "f5", "ctrl+g") else None
    end(terminal)  # else at once, while the screen is being made


def test_the_reply_so_far_is_kept(start: Start, smollm2: Path) -> None:
    terminal = start("-m", smollm2, "-t", "1", "--temp", "0", columns=80, rows=24)
    terminal.wait_for(r"^.* ready\b")
    ask(terminal, "Tell me a long story about the sea.")
    terminal.wait_for("The sea is")
    terminal.press("f4")
    terminal.wait_for("search")
    os.kill(terminal.pid, signal.SIGTERM)  # and more of them meanwhile
    end(terminal)
    store = Store()
    (chat,) = store.conversations()
    reply = store.path_to(store.messages(chat.id)[-1].id)[-1]
    assert reply.text.startswith("The sea is")
    store.close()


def test_while_a_model_loads(start: Start, gemma3: Path) -> None:
    terminal = start("-m", gemma3)
    terminal.wait_for("loading")
    end(terminal)


def test_before_the_first_frame(start: Start, without_starter: dict[str, str]) -> None:
    terminal = start(env=without_starter, **BARE)
    terminal.wait_for_bytes(rb"\x1b\[\?1049h")
    end(terminal)


def test_attach(start: Start) -> None:
    terminal = start("attach", "http://127.0.0.1:9")
    terminal.wait_for("cannot be reached")
    end(terminal)


@pytest.mark.parametrize("name", ["asks", "deaf"])
def test_while_an_editor_has_the_terminal(
    name: str, start: Start, tmp_path: Path, without_starter: dict[str, str]
) -> None:
    """It is ended, too; one that does not listen has the terminal for itself."""
    path = tmp_path / "editor"
    trap = "trap '' TERM\n" if name == "deaf" else ""
    path.write_text(f"#!/bin/sh\n{trap}printf 'EDITOR HAS IT' > /dev/tty\nread answer < /dev/tty\n")
    path.chmod(0o755)
    env = {**without_starter, "VISUAL": str(path)}
    terminal = start(env=env, **BARE)
    terminal.wait_for("There is no model yet")
    terminal.write("precious")
    terminal.wait_for("❯ precious")
    terminal.press("alt+e")
    terminal.wait_for("EDITOR HAS IT")
    os.kill(terminal.pid, signal.SIGTERM)
    if name == "deaf":
        _, status = os.waitpid(terminal.pid, 0)
        terminal._status = os.waitstatus_to_exitcode(status)
        terminal.send("\r")
    assert terminal.wait_exit() == 143
    assert terminal.left_behind() == []
    again = start(env=env, **BARE)
    again.wait_for("alt\\+e opens it there again")
    end(again)


def test_while_it_is_stopped(start: Start, without_starter: dict[str, str]) -> None:
    terminal = start(env=without_starter, **BARE)
    terminal.wait_for("There is no model yet")
    os.kill(terminal.pid, signal.SIGTSTP)
    terminal.wait_until(
        lambda: Path(f"/proc/{terminal.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", "it to stop"
    )
    mark = len(terminal.raw)
    os.kill(terminal.pid, signal.SIGTERM)
    os.kill(terminal.pid, signal.SIGCONT)
    assert terminal.wait_exit(30) == 143
    assert terminal.left_behind() == []
    assert b"\x1b[?1049h" not in terminal.raw[mark:], "the terminal is somebody else's"


@pytest.mark.parametrize("told", [True, False])
def test_the_terminal_goes_away(told: bool, isolated_home: Path, without_starter: dict[str, str]) -> None:
    """As when a connection is cut; also where nobody is told of it, as under nohup."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    env = {name: value for name, value in (os.environ | environment(isolated_home)).items() if value is not None}
    # The first terminal that the leader of a new session opens becomes its controlling terminal.
    script = ("" if told else "trap '' HUP; ") + 'exec "$@" < "$0" > "$0" 2> "$0"'
    process = subprocess.Popen(
        ["sh", "-c", script, os.ttyname(theirs), sys.executable, "-S", "-m", "tui"],
        env=env | without_starter | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    read_until(ours, b"There is no model yet")
    os.write(ours, b"typed")
    read_until(ours, b"d")
    os.close(theirs)
    os.close(ours)
    began = time.monotonic()
    assert process.wait(30) == 129
    assert time.monotonic() - began < PATIENCE, "it ended by itself"
    (log,) = isolated_home.rglob("*.log")
    assert "Traceback" not in log.read_text()
