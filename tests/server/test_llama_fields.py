"""Fields of llama-server's requests: what each does here, or that it is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.support.serving import Served
from tui.core.events import Finished, StopReason, Timings, Token
from tui.core.parameters import GenerationParams
from tui.engine.ticket import Ticket
from tui.server.time_limit import TimeLimit, timed

USER: dict[str, Any] = {"messages": [{"role": "user", "content": "abc"}]}
FORCED: dict[str, Any] = {"ignore_eos": True, "grammar": 'root ::= ("abcabc\\n")*'}
ENDPOINTS = ("/completion", "/v1/completions", "/v1/chat/completions")


@pytest.fixture
def http(tiny_server: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=tiny_server.address, timeout=120) as client:
        yield client


def body(endpoint: str, **more: object) -> dict[str, Any]:
    return {**(USER if "chat" in endpoint else {"prompt": "abc"}), "max_tokens": 3, **more}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("off", [-1, 0, -5, -1.0])
def test_top_k_off(http: httpx.Client, endpoint: str, off: float) -> None:
    answers = [
        http.post(endpoint, json=body(endpoint, top_k=value, seed=7, temperature=5)).raise_for_status().json()
        for value in (off, 1_000_000)
    ]
    texts = [one["content"] if "content" in one else one["choices"][0] for one in answers]
    assert texts[0] == texts[1], "as if every token may be chosen"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_top_k_that_is_none(http: httpx.Client, endpoint: str) -> None:
    for wrong in ("x", 1.5, True):
        answer = http.post(endpoint, json=body(endpoint, top_k=wrong))
        assert answer.status_code == 400 and answer.json()["error"]["param"] == "top_k"


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("streamed", [False, True])
def test_a_time_limit_ends_with_a_line(http: httpx.Client, endpoint: str, streamed: bool) -> None:
    asked = body(endpoint, **FORCED, t_max_predict_ms=1, seed=3, stream=streamed) | {"max_tokens": 200}
    answer = http.post(endpoint, json=asked).raise_for_status()
    if not streamed:
        told = answer.json()
        text = told["content"] if endpoint == "/completion" else _text(told["choices"][0])
        count = told["tokens_predicted"] if endpoint == "/completion" else told["usage"]["completion_tokens"]
        ended = told["stop_type"] if endpoint == "/completion" else told["choices"][0]["finish_reason"]
        assert 0 < count < 200 and count == told["timings"]["predicted_n"]
    else:
        events = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        if endpoint == "/completion":
            text, ended = "".join(one["content"] for one in events), events[-1]["stop_type"]
        else:
            text = "".join(_text(one["choices"][0]) for one in events if one["choices"])
            ended = next(one["choices"][0]["finish_reason"] for one in reversed(events) if one["choices"])
    assert text.endswith("\n") and len(text) < 200
    assert ended == ("limit" if endpoint == "/completion" else "length")


def _text(choice: dict[str, Any]) -> str:
    told = choice.get("message") or choice.get("delta") or choice
    return str(told.get("content") or told.get("text") or "")


def test_no_line_no_end(http: httpx.Client) -> None:
    asked = {"prompt": "abc", "n_predict": 40, "t_max_predict_ms": 1, "ignore_eos": True, "grammar": 'root ::= "a"*'}
    told = http.post("/completion", json=asked).json()
    assert told["tokens_predicted"] == 40 and set(told["content"]) == {"a"}
    for none in (0, -1):
        asked |= {"grammar": 'root ::= "\\n"*', "t_max_predict_ms": none}
        assert http.post("/completion", json=asked).json()["tokens_predicted"] == 40
    for wrong in ("x", -2, 1.5, True):
        answer = http.post("/completion", json={**asked, "t_max_predict_ms": wrong})
        assert answer.status_code == 400 and "t_max_predict_ms" in answer.json()["error"]["message"]


def test_what_was_computed_beyond_the_limit_is_left_out() -> None:
    params = GenerationParams(top_k=3)
    assert TimeLimit.of(timed(params, 0)) is None and timed(params, 9).top_k == 3
    limit, ticket = TimeLimit(0), Ticket()
    ticket.until(limit.enough)
    tokens = [Token(number, b"", text, number) for number, text in enumerate(("a", "b\n", "c"))]
    for token in tokens:
        ticket.post(token)
    assert ticket.cancelled
    assert [limit.held(token) for token in tokens] == [tokens[0], tokens[1], None]
    finished = Finished(StopReason.CANCELLED, "d", Timings(generated_tokens=3), 9)
    ended = replace(finished, reason=StopReason.LENGTH, text="", timings=Timings(generated_tokens=2))
    assert limit.held(finished) == ended


def test_a_template_without_the_beginning_of_a_reply(http: httpx.Client) -> None:
    whole = http.post("/apply-template", json=USER).json()["prompt"]
    without = http.post("/apply-template", json={**USER, "add_generation_prompt": False}).json()["prompt"]
    assert whole.startswith(without) and len(without) < len(whole) and "abc" in without
    begun = {"messages": [*USER["messages"], {"role": "assistant", "content": "yes and"}]}
    for flag in (True, False):
        prompt = http.post("/apply-template", json={**begun, "add_generation_prompt": flag}).json()["prompt"]
        assert prompt.endswith("yes and")


def test_a_chat_without_the_beginning_of_a_reply_is_refused(http: httpx.Client) -> None:
    asked = {**USER, "max_tokens": 2, "add_generation_prompt": False}
    answer = http.post("/v1/chat/completions", json=asked)
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "add_generation_prompt"
    assert http.post("/v1/chat/completions", json={**asked, "add_generation_prompt": "x"}).status_code == 400
    asked["messages"] = [*USER["messages"], {"role": "assistant", "content": "yes and"}]
    assert http.post("/v1/chat/completions", json=asked).status_code == 200


@pytest.mark.parametrize(
    ("endpoint", "more"),
    [
        ("/completion", {"n_probs": 2}),
        ("/v1/completions", {"logprobs": 2}),
        ("/v1/chat/completions", {"logprobs": True, "top_logprobs": 2}),
    ],
)
def test_probabilities_after_sampling_are_refused(http: httpx.Client, endpoint: str, more: dict[str, Any]) -> None:
    answer = http.post(endpoint, json=body(endpoint, **more, post_sampling_probs=True))
    assert answer.status_code == 400 and answer.json()["error"]["param"] == "post_sampling_probs"
    assert http.post(endpoint, json=body(endpoint, **more, post_sampling_probs=False)).status_code == 200
    assert http.post(endpoint, json=body(endpoint, post_sampling_probs=True)).status_code == 200, "none are asked for"
