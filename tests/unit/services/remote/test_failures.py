"""Servers that fail: each failure is one line, and what came is kept."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather
from tests.support.odd_server import Asked, OddServer, Wire, odd_server
from tests.support.serving import Served
from tests.unit.services.remote.conftest import SOON, connect
from tui.core.endpoints import Endpoint, endpoint_path
from tui.core.errors import LocalLLMError, RemoteError
from tui.core.events import Answered, Failed, Finished, StopReason, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.core.reasoning import split
from tui.engine.ticket import Ticket
from tui.services.remote.connection import Limits
from tui.services.remote.engine import RemoteEngine
from tui.settings.endpoints import save_endpoint

HELLO = ChatPrompt((Message("user", "Hello"),))
PLAIN = GenerationParams()


def asked(remote: RemoteEngine, server: OddServer, params: GenerationParams = PLAIN) -> Ticket:
    connect(remote, server.base_url)
    return remote.generate(HELLO, params)


def fine(_: Asked, wire: Wire) -> None:
    wire.begin()
    wire.delta(role="assistant", content="All ")
    wire.delta(content="well.")
    wire.delta("stop")
    wire.end()


def status(code: int, message: str, **headers: str) -> Callable[[Asked, Wire], None]:
    return lambda _, wire: wire.error(code, message, **headers)


@pytest.mark.parametrize(
    ("code", "message", "words"),
    [
        (401, "Incorrect API key", "did not accept the key (401)"),
        (404, "The model `odd` does not exist", "has no model odd (404)"),
        (429, "Rate limit reached", "too many requests (429)"),
        (500, "Something is on fire", "failed (500): Something is on fire"),
        (503, "Loading model", "failed (503): Loading model"),
        (400, "the request exceeds the available context size", "refused the request (400): the request exceeds"),
    ],
)
def test_each_status_is_one_line(remote: RemoteEngine, code: int, message: str, words: str) -> None:
    with odd_server(status(code, message)) as server:
        line = error_of(asked(remote, server)).line()
        assert words in line
        assert "\n" not in line
        assert len(server.chats) == (SOON.tries if code in (429, 503) else 1)


def test_a_page_instead_of_an_answer_is_one_line(remote: RemoteEngine) -> None:
    with odd_server(lambda _, wire: wire.answer(502, "<html><h1>Bad gateway</h1></html>")) as server:
        line = error_of(asked(remote, server)).line()
        assert "failed (502)" in line
        assert "<" not in line


def test_a_wait_that_is_asked_for_is_said_where_it_is_long(remote: RemoteEngine) -> None:
    with odd_server(status(429, "slow down", retry_after="77")) as server:
        assert "try again in 77 s" in error_of(asked(remote, server)).line().lower()
        assert len(server.chats) == 1


def test_a_short_wait_is_waited_and_the_reply_comes(remote: RemoteEngine) -> None:
    def answer(request: Asked, wire: Wire) -> None:
        if len(server.chats) < 3:
            wire.error(429 if len(server.chats) == 1 else 503, "busy", retry_after="0")
        else:
            fine(request, wire)

    with odd_server(answer) as server:
        assert gather(events_of(asked(remote, server))).text == "All well."


def test_a_reply_that_breaks_off_is_kept_and_never_asked_for_again(remote: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Once upon")

    with odd_server(answer) as server:
        events = events_of(asked(remote, server))
        assert "".join(event.text for event in events if isinstance(event, Token)) == "Once upon"
        last = events[-1]
        assert isinstance(last, Failed)
        assert "broke in the middle" in last.error.line()
        assert len(server.chats) == 1


def test_an_end_without_a_reason_is_no_end(remote: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Half")
        wire.end()

    with odd_server(answer) as server:
        assert "broke in the middle" in error_of(asked(remote, server)).line()


def test_an_error_inside_a_stream_is_said(remote: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Half")
        wire.event({"error": {"message": "out of memory", "code": 500}})

    with odd_server(answer) as server:
        assert "out of memory" in error_of(asked(remote, server)).line()


def test_a_stalled_reply_stops_at_once(remote: RemoteEngine) -> None:
    gone = threading.Event()

    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Half")
        if wire.wait_until_gone():
            gone.set()

    with odd_server(answer) as server:
        ticket = asked(remote, server)
        next(event for event in ticket.events() if isinstance(event, Token))
        ticket.cancel()
        assert ticket.wait(60.0)  # milliseconds, where the machine is free; unstopped it is a minute
        last = ticket.drain()[-1]
        assert isinstance(last, Finished)
        assert last.reason is StopReason.CANCELLED
        assert gone.wait(60.0)


def test_a_server_that_never_answers_can_be_stopped_and_times_out(remote: RemoteEngine) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.wait_until_gone()

    with odd_server(answer) as server:
        ticket = asked(remote, server)
        while not server.chats:
            time.sleep(0.01)
        ticket.cancel()
        assert isinstance(events_of(ticket)[-1], Finished)
        server.models = []
        hasty = RemoteEngine(limits=Limits(connect=0.2, first=0.2))
        try:
            loading = remote.load(endpoint_path(server.base_url, "odd"), LoadParams())
            loading.cancel()
            assert "stopped" in error_of(loading).line()
            slow = hasty.load(endpoint_path(server.base_url, "odd"), LoadParams())
            assert "did not answer in time" in error_of(slow).line()
        finally:
            assert hasty.close(60.0)


def test_a_reply_that_stops_coming_times_out() -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Half")
        wire.wait_until_gone()

    engine = RemoteEngine(limits=Limits(next=0.2))
    try:
        with odd_server(answer) as server:
            last = events_of(asked(engine, server))[-1]
            assert isinstance(last, Failed)
            assert "broke in the middle" in last.error.line() or "in time" in last.error.line()
    finally:
        assert engine.close(60.0)


def test_fields_that_are_refused_by_name_are_left_out(remote: RemoteEngine) -> None:
    def answer(request: Asked, wire: Wire) -> None:
        if "max_tokens" in request.body:
            wire.error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
        elif "temperature" in request.body:
            wire.error(400, "Unsupported value: 'temperature' does not support 0.5 with this model.")
        else:
            fine(request, wire)

    with odd_server(answer) as server:
        assert gather(events_of(asked(remote, server, GenerationParams(temp=0.5, n_predict=9)))).text == "All well."
        assert server.chats[-1].body["max_completion_tokens"] == 9


def test_only_openais_fields_go_to_an_unknown_server(remote: RemoteEngine) -> None:
    with odd_server(fine) as server:
        params = GenerationParams(top_k=7, min_p=0.2, mirostat=2, seed=5, stop=("END",), logit_bias=("15+1.5",))
        gather(events_of(asked(remote, server, params)))
        body = server.chats[-1].body
        assert set(body) == {
            "model", "messages", "stream", "stream_options", "temperature", "top_p", "presence_penalty",
            "frequency_penalty", "seed", "stop", "logit_bias",
        }  # fmt: skip
        assert body["logit_bias"] == {"15": 1.5}
        info = remote.model
        assert info is not None
        assert any("other samplers are its own affair" in warning for warning in info.warnings)


def test_llama_servers_names_go_to_llama_server(remote: RemoteEngine) -> None:
    def answer(request: Asked, wire: Wire) -> None:
        if request.path == "/props":
            wire.answer(200, {"default_generation_settings": {"n_ctx": 3072}, "build_info": "b9999"})
            return
        wire.begin()
        wire.event({"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "odd", "choices": [],
                    "prompt_progress": {"total": 40, "cache": 8, "processed": 24}})  # fmt: skip
        wire.delta(reasoning_content="Hm.")
        wire.delta(content="Yes.")
        wire.delta("stop")
        timings = {"cache_n": 8, "prompt_n": 32, "prompt_ms": 64.0, "predicted_n": 6, "predicted_ms": 30.0}
        usage = {"prompt_tokens": 40, "completion_tokens": 6, "total_tokens": 46}
        wire.event({"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "odd", "choices": [],
                    "timings": timings, "usage": usage})  # fmt: skip
        wire.end()

    with odd_server(answer) as server:
        meta = {"n_ctx_train": 8192, "n_params": 1000, "n_vocab": 99}
        server.models = [{"id": "odd.gguf", "object": "model", "owned_by": "llamacpp", "meta": meta}]
        info = connect(remote, server.base_url)
        assert (info.n_ctx, info.n_ctx_train, info.parameters, info.n_vocab) == (3072, 8192, 1000, 99)
        assert not info.warnings
        reply = gather(events_of(remote.generate(HELLO, GenerationParams(top_k=7, grammar='root ::= "x"'))))
        body = server.chats[-1].body
        assert body["top_k"] == 7
        assert body["typical_p"] == 1.0
        assert body["grammar"] == 'root ::= "x"'
        assert any(one.total == 40 and one.cached == 8 for one in reply.prefills)
        parts = split(reply.text)
        assert (parts.reasoning, parts.answer) == ("Hm.", "Yes.")
        timings = reply.finished.timings
        assert (timings.prompt_tokens, timings.cached_tokens, timings.generated_tokens) == (40, 8, 6)
        assert timings.prompt_speed == pytest.approx(500.0)
        assert reply.finished.used == 46
        # An earlier reply goes back without its reasoning.
        again = ChatPrompt((Message("user", "a"), Message("assistant", reply.text), Message("user", "b")))
        gather(events_of(remote.generate(again, PLAIN)))
        assert server.chats[-1].body["messages"][1] == {"role": "assistant", "content": "Yes."}


def test_what_ollama_and_lm_studio_say_is_known(remote: RemoteEngine) -> None:
    def answer(request: Asked, wire: Wire) -> None:
        if request.path == "/api/show":
            info = {"general.architecture": "llama", "llama.context_length": 131072, "general.parameter_count": 3_000}
            details = {"quantization_level": "Q4_K_M"}
            wire.answer(200, {"model_info": info, "details": details, "parameters": 'stop "x"\nnum_ctx   8192'})
        elif request.path.startswith("/api/v0/models/"):
            wire.answer(200, {"arch": "qwen2", "max_context_length": 32768, "quantization": "4bit"})
        else:
            wire.error(404, "no")

    with odd_server(answer) as server:
        server.models = [{"id": "llama3:latest", "owned_by": "library"}]
        info = connect(remote, server.base_url, "llama3")
        assert (info.n_ctx, info.n_ctx_train, info.architecture) == (8192, 131072, "llama")
        assert "Ollama Q4_K_M" in info.description
        server.models = [{"id": "qwen", "owned_by": "organization_owner"}]
        info = connect(remote, server.base_url, "qwen")
        assert (info.n_ctx, info.n_ctx_train, info.architecture) == (0, 32768, "qwen2")


def test_a_constraint_that_cannot_be_kept_is_refused(remote: RemoteEngine) -> None:
    with odd_server(fine) as server:
        assert "knows no grammars" in error_of(asked(remote, server, GenerationParams(grammar='root ::= "x"'))).line()
        assert not server.chats


def test_a_model_that_is_not_there_is_named_with_those_that_are(remote: RemoteEngine) -> None:
    with odd_server(fine) as server:
        with pytest.raises(RemoteError, match="has no model other: it has odd"):
            connect(remote, server.base_url, "other")
        server.models.append({"id": "even", "owned_by": "me"})
        with pytest.raises(RemoteError, match="2 models: odd, even"):
            connect(remote, server.base_url)


def test_a_server_without_a_list_is_taken_at_its_word_and_a_page_is_not(remote: RemoteEngine) -> None:
    with odd_server(status(404, "not here")) as server:
        server.models = []
        assert connect(remote, server.base_url, "x").n_ctx == 0
        server.answer = lambda _, wire: wire.answer(404, "<html>Not found</html>")
        with pytest.raises(RemoteError, match=r"does not know this \(404\)"):
            connect(remote, server.base_url, "x")


def test_completions_that_do_not_exist_are_one_line(remote: RemoteEngine) -> None:
    with odd_server(status(404, "no such path")) as server:
        connect(remote, server.base_url)
        assert "(404)" in error_of(remote.generate(RawPrompt("x"), PLAIN)).line()


def test_the_key_goes_to_its_server_and_into_no_line(
    remote: RemoteEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("ODD_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-others")
    caplog.set_level("DEBUG", "localllm")
    with odd_server(status(401, "wrong key")) as server:
        connect(remote, server.base_url)
        assert "sk-not-for-others" not in server.asked[-1].headers["authorization"]
        save_endpoint(Endpoint("odd", server.base_url, "odd", "env:ODD_KEY"))
        line = error_of(asked(remote, server)).line()
        assert server.chats[-1].headers["authorization"] == "Bearer sk-very-secret"
        assert "env:ODD_KEY" in line
        assert "very-secret" not in line + caplog.text
        monkeypatch.delenv("ODD_KEY")
        with pytest.raises(LocalLLMError, match="ODD_KEY is not set"):
            connect(remote, server.base_url, "odd")


def test_a_server_without_tls_is_one_line(remote: RemoteEngine, server: Served) -> None:
    loading = remote.load(endpoint_path(server.base_url.replace("http:", "https:"), "odd"), LoadParams())
    assert "speaks no TLS" in error_of(loading).line()


def test_an_unknown_certificate_is_one_line(remote: RemoteEngine, tmp_path: Path) -> None:
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("there is no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out",
                    certificate, *subject], check=True, capture_output=True)  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with odd_server(fine, context) as server:
        loading = remote.load(endpoint_path(server.base_url, "odd"), LoadParams())
        line = error_of(loading).line()
        assert "is not who it says (TLS): self" in line


def test_which_servers_are_here_is_found_by_asking(remote: RemoteEngine) -> None:
    with odd_server(fine) as one, odd_server(status(401, "key?")) as locked:
        locked.models = []
        last = events_of(remote.look_here((one.port, locked.port, 9)))[-1]
        assert isinstance(last, Answered)
        found = {server.base_url: server for server in last.value}  # type: ignore[attr-defined]
        assert found[one.base_url].models == ("odd",)
        assert found[locked.base_url].wants_key
        assert len(found) == 2
