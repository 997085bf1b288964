"""Requests made to do harm: to the numbers, to the engine's time, to whoever reads the log, to a proxy before it."""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.engines import PATIENCE
from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf
from tui.server import generating, security

MESSAGES: list[dict[str, str]] = [{"role": "user", "content": "a"}]
CHAT = "/v1/chat/completions"
BIG = "1" + "0" * 400
BODY = json.dumps({"messages": MESSAGES, "max_tokens": 1}).encode()


@pytest.fixture
def http(tiny_server: Served) -> Iterator[httpx.Client]:
    """A plain client."""
    with httpx.Client(base_url=tiny_server.address, timeout=120) as client:
        yield client


@pytest.mark.parametrize("number", [BIG, f"-{BIG}", "1e999", "-1e999"])
@pytest.mark.parametrize(
    "body",
    ['"temperature": N', '"repeat_penalty": N', '"n": N', '"logit_bias": {"1": N}', '"metadata": {"a": [N]}', '"x": N'],
)
def test_a_number_beyond_all_numbers_is_no_json(http: httpx.Client, number: str, body: str) -> None:
    for path, good in ((CHAT, '"messages": [{"role": "user", "content": "a"}]'), ("/v1/responses", '"input": "a"')):
        answer = http.post(path, content=f"{{{good}, {body.replace('N', number)}}}")
        assert answer.status_code == 400 and "too large" in answer.json()["error"]["message"], answer.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stop", [f"zz{n}" for n in range(100)]), ("samplers", ["temperature"] * 100),
        ("dry_sequence_breakers", [str(n) for n in range(1000)]), ("logit_bias", [[n % 9, 1.0] for n in range(10_000)]),
        ("grammar", 'root ::= "' + "a" * 300_000 + '"'), ("json_schema", {"const": "a" * 300_000}),
        ("grammar", "root ::= a a a a a a a a\na ::= b b b b b b b b\nb ::= c c c c c c c c\n"
         'c ::= d d d d d d d d | "x"\nd ::= "x"? "x"? "x"? "x"? "x"? "x"? "x"?'),
        ("grammar", 'root ::= (("x"?){40}){40}'), ("grammar", 'root ::= ("x"?){0,900}'),
    ],
)  # fmt: skip
def test_what_would_hold_up_the_engine_is_refused(http: httpx.Client, field: str, value: Any) -> None:
    answer = http.post(CHAT, json={"messages": MESSAGES, "max_tokens": 2, field: value})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "grammar", ['root ::= ("x"?)*', 'root ::= "a"? "b"? "c"? "d"? "e"? "f"? [a-z]{0,500}', 'root ::= ("x" | "y")+']
)
def test_usual_grammars_are_taken(http: httpx.Client, grammar: str) -> None:
    answer = http.post(CHAT, json={"messages": MESSAGES, "max_tokens": 4, "grammar": grammar})
    assert answer.status_code == 200, answer.text


def test_nobody_claims_another_address(tiny_server: Served, http: httpx.Client) -> None:
    for claimed in ("9.9.9.9", "", ",", "\x1b[31mevil"):
        headers = {"X-Forwarded-For": claimed}
        assert http.post(CHAT, content=BODY, headers=headers).status_code == 200
        assert tiny_server.state.requests.ended[0].client == "127.0.0.1"


def test_what_a_trusted_proxy_claims_is_an_address_or_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1")
    caplog.set_level(logging.INFO, security.LOGGER.name)
    model = write_tiny_gguf(tmp_path / "m.gguf", ascii_only=True)
    with serving(model, n_ctx=256) as served, httpx.Client(base_url=served.address, timeout=120) as http:
        for claimed, known in (("9.9.9.9", "9.9.9.9"), (",", "127.0.0.1"), ("\x1b[31mevil", "unknown")):
            http.post(CHAT, content=BODY, headers={"X-Forwarded-For": claimed})
            assert served.state.requests.ended[0].client == known
    assert "\x1b" not in caplog.text and "unknown POST" in caplog.text


def raw(served: Served, data: bytes) -> bytes:
    """What comes back until the server closes, or has nothing more to say."""
    received = b""
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.settimeout(60)
        connection.sendall(data)
        while b"HTTP/1.1" not in received or not received.endswith((b"}", b"Invalid HTTP request received.")):
            if not (piece := connection.recv(65_536)):
                break
            received += piece
    return received


def test_a_request_with_two_lengths_is_refused_and_the_connection_closed(tiny_server: Served) -> None:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
    smuggled = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    answer = raw(tiny_server, head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked + smuggled)
    assert answer.startswith(b"HTTP/1.1 400") and answer.count(b"HTTP/1.1") == 1
    assert b"connection: close" in answer.lower()
    for second in (b"Content-Length: 6\r\n\r\nabcdef", b"Transfer-Encoding: xchunked\r\n\r\nabcde"):
        assert b" 200 " not in raw(tiny_server, head + second)


def test_answers_are_neither_guessed_at_nor_kept(http: httpx.Client) -> None:
    for path in ("/health", "/nowhere", "/v1/models"):
        headers = http.get(path).headers
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_a_failure_is_logged_without_what_was_asked(
    tiny_server: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "-".join(("a", "secret", "prompt"))

    def fail(_more: int = 1) -> None:
        raise KeyError(secret)

    monkeypatch.setattr(tiny_server.state, "check_room", fail)
    answer = http.post(CHAT, content=BODY)
    assert answer.status_code == 500 and "secret" not in answer.text
    assert "a request failed: KeyError" in caplog.text and secret not in caplog.text


def test_one_request_does_not_take_all_the_room_of_others(
    tiny_server: Served, http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generating, "HEAD_SECONDS", 0.1)
    lease = tiny_server.state.models.lend_loaded("")
    assert lease
    going_on = threading.Event()
    lease.host.engine.ask(lambda _questions: going_on.wait(PATIENCE))
    body = {"messages": MESSAGES, "max_tokens": 2, "stream": True}
    with httpx.stream("POST", f"{tiny_server.address}{CHAT}", json={**body, "n": 3}, timeout=120) as first:
        assert first.status_code == 200
        refused = http.post(CHAT, json={**body, "n": 4})
        assert refused.status_code == 429 and refused.headers["retry-after"]
        going_on.set()
        assert "[DONE]" in first.read().decode()
    lease.close()
    assert http.post(CHAT, json={**body, "n": 8}).status_code == 200, "alone it may have as many as it likes"
