"""The key of a server that other machines can reach: kept from start to start, shown once, in no log."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import openai
import pytest

from tests.e2e.conftest import Start
from tests.e2e.running import localllm
from tests.e2e.test_serve_signals import Server, model, serving
from tui.services.kept_key import kept_key
from tui.settings.paths import log_file, serve_key_file

__all__ = ["model"]
OPEN = ("--host", "0.0.0.0")


def answers(server: Server, key: str) -> bool:
    port = server.address.rpartition(":")[2]
    try:
        with openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key=key, max_retries=0) as client:
            return bool(client.models.list().data)
    except openai.AuthenticationError:
        return False


def test_it_is_the_same_at_the_next_start(model: Path) -> None:
    with serving(model, *OPEN) as server:
        line = server.wait_for("a new key was made; it is in")
        first = kept_key()
        assert str(serve_key_file()) in line and first not in line
        assert answers(server, first) and not answers(server, "sk-other")
    with serving(model, *OPEN) as server:
        server.wait_for("--new-api-key makes another")
        assert answers(server, first)
        with serving(model, *OPEN, "--new-api-key") as other:
            other.wait_for("a new key was made; it is in")
            second = kept_key()
            assert second != first and answers(other, second) and not answers(other, first)
            assert answers(server, first), "until it reads its keys again"
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("the keys were read again")
            assert answers(server, second) and not answers(server, first)
    if log_file().exists():
        log = log_file().read_text()
        assert first not in log and second not in log


def test_a_person_at_a_terminal_sees_it_once(model: Path, start: Start) -> None:
    terminal = start("serve", "-m", str(model), "--port", "0", "-c", "512", *OPEN, columns=120, rows=40)
    terminal.wait_for(re.escape("Ctrl+C ends it"))
    key = kept_key()
    assert key and key in re.sub(r"\s", "", terminal.text)
    terminal.press("ctrl+c")
    assert terminal.wait_exit() == 0
    again = start("serve", "-m", str(model), "--port", "0", "-c", "512", *OPEN, columns=120, rows=40)
    again.wait_for("--new-api-key makes another")
    again.wait_for(re.escape("Ctrl+C ends it"))
    assert key not in re.sub(r"\s", "", again.text)
    again.press("ctrl+c")
    assert again.wait_exit() == 0


def test_this_machine_alone_needs_none_and_another_one_goes_alone(model: Path) -> None:
    with serving(model) as server:
        server.wait_for("Ctrl+C ends it")
        assert answers(server, "anything")
    assert not serve_key_file().exists()
    done = localllm("serve", "-m", str(model), "--new-api-key", "--api-key", "sk-1")
    assert done.returncode == 2 and b"--new-api-key goes without other keys" in done.stderr
    assert not serve_key_file().exists()


def test_an_empty_key_is_not_taken_for_none(model: Path) -> None:
    done = localllm("serve", "-m", str(model), "--api-key", "")
    assert done.returncode == 2 and b"--api-key is empty" in done.stderr


@pytest.mark.parametrize("given", [("--api-key", "sk-1"), ("--no-api-key",)])
def test_a_key_that_is_given_or_not_wanted_makes_none(given: tuple[str, ...], model: Path) -> None:
    with serving(model, *OPEN, *given) as server:
        server.wait_for("Ctrl+C ends it")
        assert answers(server, "sk-1")
    assert not serve_key_file().exists()
