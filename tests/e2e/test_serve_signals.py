"""`localllm-tui serve` as systemd treats it: signals end it in good order, and let it read its keys again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from typing import Any

import httpx
import openai
import pytest

from tests.e2e.running import TIMEOUT, started
from tests.support.tiny_gguf import write_tiny_gguf


def begin(client: openai.OpenAI, **more: Any) -> Any:
    """A reply that goes on, as a stream, after its first piece."""
    asked: dict[str, Any] = {"model": "x", "messages": [{"role": "user", "content": "abc"}], **more}
    stream = client.chat.completions.create(**asked, stream=True, extra_body={"ignore_eos": True})
    next(iter(stream))
    return stream


class Server:
    """A server under way.

    Attributes:
        process: it.
        address: where it is.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._lines: Queue[str] = Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.address = self.wait_for(" at http").rpartition(" at ")[2].partition("/v1")[0]

    def _read(self) -> None:
        assert self.process.stderr
        with contextlib.suppress(ValueError):  # closed when the test is over
            for line in self.process.stderr:
                self._lines.put(line.decode())

    def wait_for(self, words: str) -> str:
        """The next line with some words in it."""
        while words not in (line := self._lines.get(timeout=TIMEOUT)):
            pass
        return line

    def client(self, key: str = "sk") -> openai.OpenAI:
        """A client that does not try twice."""
        return openai.OpenAI(base_url=f"{self.address}/v1", api_key=key, max_retries=0, timeout=TIMEOUT)


@contextmanager
def serving(model: Path, *arguments: str) -> Iterator[Server]:
    with started("serve", "-m", str(model), "--port", "0", "-c", "65536", "-t", "1", *arguments) as process:
        yield Server(process)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-served-F32.gguf", ascii_only=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_under_way_is_finished(number: int, smollm2: Path) -> None:
    with serving(smollm2, "--stop-seconds", "600") as server:
        with server.client() as client:
            stream = begin(client, max_tokens=250)  # seconds of a real model, whatever the machine
            server.process.send_signal(number)
            server.wait_for("ending when 1 request is done, at most 600 s; once more ends it now")
            chunks = list(stream)
            assert chunks[-1].choices[0].finish_reason == "length"
        server.wait_for("the server has ended")
        assert server.process.wait(TIMEOUT) == 0


def test_a_request_that_takes_too_long_is_ended_and_told(smollm2: Path) -> None:
    with serving(smollm2, "--stop-seconds", "0") as server:
        with server.client() as client:
            stream = begin(client)
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises(openai.APIError, match="ended by the server"):
                list(stream)
        assert server.process.wait(TIMEOUT) == 0


def test_a_second_signal_ends_it_at_once(smollm2: Path) -> None:
    with serving(smollm2, "--stop-seconds", "600") as server:
        with server.client() as client:
            stream = begin(client)
            server.process.send_signal(signal.SIGINT)
            server.wait_for("once more ends it now")
            server.process.send_signal(signal.SIGINT)
            with pytest.raises(openai.APIError):
                list(stream)
        assert server.process.wait(TIMEOUT) == 0


def test_sighup_reads_the_keys_again(model: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("# mine\nsk-old\n")
    with serving(model, "--api-key-file", str(keys)) as server:
        with server.client("sk-old") as old, server.client("sk-new") as new:
            assert old.models.list().data
            keys.write_text("sk-new\n")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("the keys were read again")
            assert new.models.list().data
            with pytest.raises(openai.AuthenticationError):
                old.models.list()
            keys.write_text("")
            server.process.send_signal(signal.SIGHUP)
            server.wait_for("The keys stay as they were")
            assert new.models.list().data
        assert httpx.get(f"{server.address}/health").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(TIMEOUT) == 0
