"""The server against clients that are wrong, slow, gone or not wanted."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.serving import Served, serving
from tui.core.addresses import is_loopback
from tui.core.errors import LocalLLMError, SettingError
from tui.server import protocol
from tui.server.keys import Keys
from tui.server.options import ServeOptions

CHAT = "/v1/chat/completions"
HELLO: dict[str, Any] = {"messages": [{"role": "user", "content": "abc"}], "max_tokens": 3}


@pytest.fixture
def http(tiny_server: Served) -> Iterator[httpx.Client]:
    """A plain client."""
    with httpx.Client(base_url=tiny_server.address, timeout=60) as client:
        yield client


def until_idle(served: Served) -> None:
    """Wait until nothing runs any more."""
    end = time.monotonic() + 60
    while served.state.requests.running:
        assert time.monotonic() < end, "a request goes on for ever"
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b'"text"', 400), (b"\xff\xfe", 400), (b"NaN", 400),
        (b'{"messages": NaN}', 400), (b'{"messages": []}', 400), (b'{"messages": [1]}', 400),
        (b'{"messages": [{"role": "king", "content": "x"}]}', 400),
        (b'{"messages": [{"role": "user", "content": 7}]}', 400),
        (b'{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]}', 400),
        (b"[" * 100_000, 400), (b'{"a":' * 5000 + b"1" + b"}" * 5000, 400), (b'{"a": ' + b"9" * 5000 + b"}", 400),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(http: httpx.Client, content: bytes, status: int) -> None:
    answer = http.post(CHAT, content=content)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["message"] and error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", -1), ("temperature", "hot"), ("temperature", True), ("top_p", 2), ("n", 0), ("n", 1000),
        ("max_tokens", "many"), ("max_tokens", 1.5), ("stop", 5), ("stop", [1]), ("seed", "x"), ("stream", "yes"),
        ("logit_bias", 5), ("logit_bias", {"1": "x"}), ("logit_bias", {"99999999": 1}), ("response_format", "json"),
        ("response_format", {"type": "xml"}), ("response_format", {"type": "json_schema"}), ("top_logprobs", 3),
        ("grammar", "root ::= ("), ("json_schema", {"type": "nonsense"}), ("samplers", [1]), ("samplers", ["magic"]),
        ("top_k", 10**30),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_is_named(http: httpx.Client, field: str, value: Any) -> None:
    answer = http.post(CHAT, json={**HELLO, field: value})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["message"]


def test_fields_that_nobody_knows_are_tolerated(http: httpx.Client) -> None:
    answer = http.post(CHAT, json={**HELLO, "user": "me", "store": False, "metadata": {"a": 1}, "whatever": [1, 2]})
    assert answer.status_code == 200


def test_half_a_surrogate_pair_is_taken(http: httpx.Client) -> None:
    content = b'{"messages": [{"role": "user", "content": "a\\ud800b"}], "max_tokens": 2}'
    assert http.post(CHAT, content=content).status_code == 200


def test_paths_and_methods_that_are_not_there(http: httpx.Client) -> None:
    assert http.get("/nowhere").status_code == 404
    assert http.get(CHAT).status_code == 405
    assert http.get("/../../etc/passwd").status_code == 404
    assert http.get("/nowhere").json()["error"]["message"].startswith("There is no /nowhere")


def test_every_answer_has_a_request_id(http: httpx.Client) -> None:
    names = {http.get(path).headers["x-request-id"] for path in ("/health", "/nowhere", "/v1/models")}
    assert len(names) == 3 and all(name.startswith("req_") for name in names)


def test_a_body_that_is_too_large(tmp_path: Path, tiny_gguf: Path) -> None:
    with serving(tiny_gguf, n_ctx=128, max_body=1000) as served, httpx.Client(base_url=served.address) as http:
        assert http.post(CHAT, content=b"x" * 2000).status_code == 413
        pieces = (b"x" * 500 for _ in range(4))
        assert http.post(CHAT, content=pieces).status_code == 413


def test_keys(tmp_path: Path, tiny_gguf: Path) -> None:
    file = tmp_path / "keys"
    file.write_text("# mine\nfrom-file\n")
    options: dict[str, Any] = {"api_keys": ("sesame", "ключ"), "api_key_file": str(file)}
    with serving(tiny_gguf, n_ctx=128, **options) as served, httpx.Client(base_url=served.address) as http:

        def status(**headers: str) -> int:
            return http.get("/v1/models", headers=headers).status_code

        assert status() == 401
        assert status(authorization="Bearer wrong") == 401
        assert status(authorization="Bearer sesame") == 200
        assert status(authorization="bearer from-file") == 200
        assert status(**{"x-api-key": "sesame"}) == 200
        assert http.get("/v1/models", headers={b"Authorization": "Bearer ключ".encode()}).status_code == 200
        assert http.get("/v1/models", headers={b"Authorization": b"Bearer \xff"}).status_code == 401
        assert http.get("/health").status_code == 200
        file.write_text("another\n")
        served.state.keys.reload()
        assert status(authorization="Bearer from-file") == 401
        assert status(authorization="Bearer another") == 200
        file.write_text("")
        with pytest.raises(SettingError):
            served.state.keys.reload()
        assert status(authorization="Bearer another") == 200


def test_others_than_this_machine_need_a_key() -> None:
    with pytest.raises(SettingError, match="no key"):
        Keys(ServeOptions(host="0.0.0.0"))
    assert not Keys(ServeOptions(host="0.0.0.0", no_api_key=True)).wanted
    assert not Keys(ServeOptions(host="127.0.0.1")).wanted
    assert [is_loopback(host) for host in ("localhost", "127.8.0.1", "::1", "[::1]", "0.0.0.0", "me", "")] == [
        True, True, True, True, False, False, False,
    ]  # fmt: skip


def test_pages_of_other_origins_may_not_ask(http: httpx.Client) -> None:
    assert http.post(CHAT, json=HELLO, headers={"Origin": "http://evil.example"}).status_code == 403
    assert http.options(CHAT, headers={"Origin": "http://evil.example"}).status_code == 403
    assert http.get("/v1/models", headers={"Host": "rebound.example"}).status_code == 403
    assert http.get("/v1/models", headers={"Host": "localhost:1"}).status_code == 200


def test_an_origin_that_may_ask(tiny_gguf: Path) -> None:
    origin = "http://page.example"
    with serving(tiny_gguf, n_ctx=128, cors_origins=(origin,)) as served, httpx.Client(base_url=served.address) as http:
        answer = http.get("/v1/models", headers={"Origin": origin})
        assert answer.headers["access-control-allow-origin"] == origin
        asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        assert http.options(CHAT, headers=asked).status_code == 200


def test_a_client_that_goes_frees_its_place(tiny_server: Served) -> None:
    body = json.dumps({**HELLO, "max_tokens": 200, "stream": True, "ignore_eos": True}).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", tiny_server.port)) as connection:
            connection.sendall(head + body)
            assert connection.recv(100)
    until_idle(tiny_server)


def test_half_closed_and_silent_connections_are_survived(tiny_server: Served, http: httpx.Client) -> None:
    connections = [socket.create_connection(("127.0.0.1", tiny_server.port)) for _ in range(20)]
    for connection in connections[:10]:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: local")
        connection.shutdown(socket.SHUT_WR)
    assert http.post(CHAT, json=HELLO).status_code == 200
    for connection in connections:
        connection.close()


def test_a_request_that_comes_byte_by_byte_is_cut_off(tiny_server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.3)
    with socket.create_connection(("127.0.0.1", tiny_server.port)) as connection:
        connection.settimeout(30)
        connection.sendall(b"GET /health HTTP/1.1\r\n")
        with pytest.raises(ConnectionError):
            while True:
                connection.sendall(b"X: y\r\n")
                time.sleep(0.02)
                if select_readable(connection) and not connection.recv(100):
                    raise ConnectionError


def select_readable(connection: socket.socket) -> bool:
    """Whether something, or the end, can be read."""
    import select

    return bool(select.select([connection], [], [], 0)[0])


def test_too_many_at_once_are_told_so(tiny_server: Served, http: httpx.Client) -> None:
    body = json.dumps({**HELLO, "max_tokens": 200, "stream": True, "ignore_eos": True}).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    connections = []
    answer = None
    for _ in range(40):
        connection = socket.create_connection(("127.0.0.1", tiny_server.port))
        connections.append(connection)
        connection.sendall(head + body)
        answer = http.post(CHAT, json=HELLO)
        if answer.status_code == 429:
            break
    for connection in connections:
        connection.close()
    until_idle(tiny_server)
    if answer is not None and answer.status_code == 429:  # a fast machine may answer all of them in time
        assert answer.headers["retry-after"]


def test_a_taken_port_is_one_line(tiny_server: Served) -> None:
    from tui.server.running import Running
    from tui.server.state import State
    from tui.services.model_host import ModelHost
    from tui.services.model_pool import HeldModel

    with pytest.raises(LocalLLMError, match="cannot listen"):
        Running(State(HeldModel(ModelHost()), ServeOptions(port=tiny_server.port), tiny_server.state.generation))


def test_transcripts_are_kept_where_that_is_wanted(tiny_server: Served, http: httpx.Client) -> None:
    http.post(CHAT, json=HELLO)
    info = tiny_server.state.requests.ended[0]
    found = tiny_server.state.requests.transcript(info.id)
    assert found is not None


def test_metrics_count(tiny_server: Served, http: httpx.Client) -> None:
    def total(name: str) -> float:
        line = next(row for row in http.get("/metrics").text.splitlines() if row.startswith(f"llamacpp:{name} "))
        return float(line.split()[1])

    before = total("tokens_predicted_total")
    tokens = http.post(CHAT, json={**HELLO, "ignore_eos": True}).json()["usage"]["completion_tokens"]
    assert total("tokens_predicted_total") == before + tokens
    assert total("requests_processing") == 0


def test_tokens_there_and_back(http: httpx.Client) -> None:
    tokens = http.post("/tokenize", json={"content": "hello"}).json()["tokens"]
    assert tokens
    assert http.post("/detokenize", json={"tokens": tokens}).json()["content"] == "hello"
    pieces = http.post("/tokenize", json={"content": "hello", "with_pieces": True}).json()["tokens"]
    assert "".join(one["piece"] for one in pieces) == "hello"
    prompt = http.post("/apply-template", json={"messages": HELLO["messages"]}).json()["prompt"]
    assert "abc" in prompt


def test_llama_servers_own_completion(http: httpx.Client) -> None:
    asked = {"prompt": "abc", "n_predict": 5, "temperature": 0, "ignore_eos": True, "n_probs": 2}
    whole = http.post("/completion", json=asked).json()
    assert len(whole["tokens"]) == whole["tokens_predicted"] == 5
    assert whole["stop_type"] == "limit" and len(whole["completion_probabilities"]) == 5
    with http.stream("POST", "/completion", json={**asked, "stream": True}) as stream:
        events = [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
    assert "".join(one["content"] for one in events) == whole["content"]
    assert events[-1]["stop"] and not events[0]["stop"]
