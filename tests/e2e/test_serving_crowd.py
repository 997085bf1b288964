"""Serve in the application while many clients ask: the screen still answers."""

from __future__ import annotations

import re
import socket
from pathlib import Path

from tests.e2e.conftest import Start
from tests.support.crowd import crowd
from tests.support.terminal import Terminal
from tests.support.tiny_gguf import write_tiny_gguf

PATIENCE = 300.0
"""Seconds that a busy machine may take."""


def serve(terminal: Terminal) -> str:
    """Start the server with the keys for it; its address, with `/v1`."""
    terminal.press("f11")
    terminal.wait_for("not serving", PATIENCE)
    terminal.press("s")
    terminal.wait_for(r"serving at http://\S+/v1", PATIENCE)
    found = re.search(r"serving at (http://\S+/v1)", terminal.text)
    assert found
    return found[1]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_the_screen_answers_while_64_clients_ask(tmp_path: Path, start: Start) -> None:
    model = write_tiny_gguf(tmp_path / "tiny-served-F32.gguf", ascii_only=True)
    options = ["-m", model, "-c", "8192", "-t", "1", "-n", "12"]
    terminal = start(*options, env={"LOCALLLM_SERVE_PORT": str(free_port())})
    terminal.wait_for(r"\bready\b", PATIENCE)
    with crowd(serve(terminal), 64) as asking:
        terminal.wait_for(r"(?s)\d\d waiting.*[1-9]\d* ended", PATIENCE)  # the list of requests
        terminal.press("down", "down", "escape")
        terminal.wait_for(r"serving \d\d", PATIENCE)
        terminal.write("typed while they ask")
        terminal.wait_for("typed while they ask", PATIENCE)
        terminal.press("enter")  # the person comes before all of them
        terminal.wait_for("12 tok", PATIENCE)
        terminal.wait_for(r"serving \d\d", PATIENCE)
        counts = asking.end()
    assert counts["answered"] > 0
    assert counts["wrong"] == 0
    terminal.wait_for(r"serving (?!\d)", PATIENCE)  # all are gone
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
