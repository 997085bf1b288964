"""`localllm-tui attach` in a terminal, at a server in a process of its own."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from tests.e2e.conftest import Start
from tests.e2e.running import localllm
from tests.e2e.test_serve_signals import begin, model, serving

__all__ = ["model"]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)])
def test_watching_a_server(columns: int, rows: int, start: Start, model: Path) -> None:
    with serving(model, "--api-key", "sk-1", "--transcripts") as server:
        terminal = start("attach", server.address, columns=columns, rows=rows, env={"LOCALLLM_API_KEY": "sk-1"})
        terminal.wait_for("Nothing runs there now")
        with server.client("sk-1") as client:
            stream = begin(client)
            terminal.wait_for("1 running")
            terminal.press("x")
            with pytest.raises(openai.APIError, match="ended by the server"):
                list(stream)
            terminal.wait_for("stopped")
        terminal.press("enter")
        terminal.wait_for("user: abc")
        terminal.press("escape")
        server.process.terminate()
        terminal.wait_for("cannot be reached")
        terminal.press("q")
        assert terminal.wait_exit() == 0


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        ((), 2, "there is no address: give one such as http://host:8080. See localllm-tui attach --help"),
        (("ftp://x",), 2, "ftp://x is no address of a server. Give one such as http://host:8080"),
        (("http://localhost:1",), 1, "the application needs a terminal. In scripts, use localllm-tui run"),
    ],
)
def test_one_line(arguments: tuple[str, ...], status: int, line: str) -> None:
    done = localllm("attach", *arguments)
    assert (done.returncode, done.stderr.decode()) == (status, f"error: {line}\n")
