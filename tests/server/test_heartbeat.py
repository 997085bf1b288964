"""Signs of life in a stream that is silent, which no client takes for more than that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import anthropic
import httpx
import openai
import pytest

from tests.support.engines import PATIENCE
from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf
from tui.server import generating

ASK = {"model": "x", "messages": [{"role": "user", "content": "abc"}], "max_tokens": 3, "stream": True}


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """A server whose streams begin soon, whether the engine has taken them up or not."""
    monkeypatch.setattr(generating, "HEAD_SECONDS", 0.1)
    with serving(write_tiny_gguf(tmp_path / "m.gguf", ascii_only=True), n_ctx=256, parallel=1) as one:
        yield one


def hold(served: Served) -> threading.Event:
    """Keep the engine from everything else until the event is set."""
    lease = served.state.models.lend_loaded("")
    assert lease
    going_on = threading.Event()
    lease.host.engine.ask(lambda _questions: going_on.wait(PATIENCE))
    lease.close()
    return going_on


def test_who_waits_hears_that_the_line_stands(served: Served) -> None:
    going_on = hold(served)
    with httpx.stream("POST", f"{served.base_url}/chat/completions", json=ASK, timeout=PATIENCE) as answer:
        assert answer.status_code == 200 and float(answer.headers["x-heartbeat-seconds"]) == 1
        lines = []
        for line in answer.iter_lines():
            lines.append(line)
            if lines.count(":") == 2:
                going_on.set()
    assert lines.count(":") >= 2 and "data: [DONE]" in lines


def test_clients_leave_them_out(served: Served) -> None:
    for ask in (_openai, _anthropic):
        going_on = hold(served)
        timer = threading.Timer(2.5, going_on.set)
        timer.start()
        try:
            assert ask(served)
        finally:
            timer.cancel()
            going_on.set()


def _openai(served: Served) -> bool:
    with openai.OpenAI(base_url=served.base_url, api_key="x", max_retries=0) as client:
        chunks = list(client.chat.completions.create(**ASK))  # type: ignore[call-overload]
    return bool(chunks[-1].choices[0].finish_reason == "length")


def _anthropic(served: Served) -> bool:
    with anthropic.Anthropic(base_url=served.address, api_key="x", max_retries=0) as client:
        events = list(client.messages.create(**ASK))  # type: ignore[call-overload]
    return bool(events[-1].type == "message_stop")


def test_who_goes_while_waiting_leaves_nothing_behind(served: Served) -> None:
    going_on = hold(served)
    with httpx.stream("POST", f"{served.base_url}/chat/completions", json=ASK, timeout=PATIENCE) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert len(served.state.requests.running) == 1
    going_on.set()
    body = {**ASK, "stream": False}
    assert httpx.post(f"{served.base_url}/chat/completions", json=body, timeout=PATIENCE).status_code == 200
    assert not served.state.requests.running


def test_what_is_refused_late_is_told_in_the_stream(served: Served) -> None:
    going_on = hold(served)
    asked = {**ASK, "messages": [{"role": "user", "content": "a" * 1000}]}
    with httpx.stream("POST", f"{served.base_url}/chat/completions", json=asked, timeout=PATIENCE) as answer:
        assert answer.status_code == 200
        going_on.set()
        text = answer.read().decode()
    assert "context_length_exceeded" in text
    assert httpx.post(f"{served.base_url}/chat/completions", json=asked, timeout=PATIENCE).status_code == 400
