"""What is streamed is what is answered whole: stop strings, several answers, counts; and what ends in the middle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.serving import Served
from tui.core.errors import DecodeError
from tui.engine.generation import Generation

CHAT = "/v1/chat/completions"
ASK: dict[str, Any] = {
    "messages": [{"role": "user", "content": "abc"}], "temperature": 0, "ignore_eos": True, "max_tokens": 40,
}  # fmt: skip


@pytest.fixture
def http(tiny_server: Served) -> Iterator[httpx.Client]:
    """A plain client."""
    with httpx.Client(base_url=tiny_server.address, timeout=120) as client:
        yield client


def streamed(http: httpx.Client, path: str, body: dict[str, Any]) -> list[Any]:
    with http.stream("POST", path, json={**body, "stream": True}) as answer:
        assert answer.status_code == 200
        lines = [line[6:] for line in answer.iter_lines() if line.startswith("data: ")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def text_of(chunks: list[Any], number: int = 0) -> str:
    choices = [choice for chunk in chunks for choice in chunk["choices"] if choice["index"] == number]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.mark.parametrize("length", [2, 5, 9])
def test_a_stop_string_over_several_tokens_is_never_shown(http: httpx.Client, length: int) -> None:
    whole = http.post(CHAT, json=ASK).json()["choices"][0]["message"]["content"]
    start = next(at for at in range(8, len(whole)) if whole.find(whole[at : at + length]) == at)
    stop = whole[start : start + length]
    body = {**ASK, "stop": ["never to be seen", stop]}
    alone = http.post(CHAT, json=body).json()["choices"][0]
    assert alone["message"]["content"] == whole[:start] and alone["finish_reason"] == "stop"
    chunks = streamed(http, CHAT, body)
    assert text_of(chunks) == whole[:start]
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    # What only begins like one is shown after all.
    assert text_of(streamed(http, CHAT, {**ASK, "stop": [f"{stop}\x00"]})) == whole


def test_several_answers_stream_beside_each_other_and_are_counted_once(http: httpx.Client) -> None:
    body = {**ASK, "n": 3, "temperature": 1.5, "seed": 5}
    whole = http.post(CHAT, json=body).json()
    chunks = streamed(http, CHAT, {**body, "stream_options": {"include_usage": True}})
    ends = [c["finish_reason"] for chunk in chunks for c in chunk["choices"] if c["finish_reason"]]
    assert ends == ["length"] * 3
    usage, counted = chunks[-1]["usage"], whole["usage"]
    assert chunks[-1]["choices"] == [] and [bool(chunk.get("usage")) for chunk in chunks[:-1]] == [False] * len(
        chunks[1:]
    )
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert usage[name] == counted[name]
    assert usage["completion_tokens"] == 120 and usage["total_tokens"] == usage["prompt_tokens"] + 120
    assert len({text_of(chunks, number) for number in range(3)}) == 3


def test_prompts_are_counted_once_each(http: httpx.Client) -> None:
    prompts = ["abc", "abcdef"]
    body = {"prompt": prompts, "n": 2, "max_tokens": 3, "ignore_eos": True}
    whole = http.post("/v1/completions", json=body).json()
    alone = [http.post("/v1/completions", json={**body, "prompt": one, "n": 1}).json() for one in prompts]
    assert whole["usage"]["prompt_tokens"] == sum(one["usage"]["prompt_tokens"] for one in alone)
    assert whole["usage"]["completion_tokens"] == 12 and [c["index"] for c in whole["choices"]] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (CHAT, '"type":"server_error"'), ("/v1/completions", '"type":"server_error"'),
        ("/completion", '"type":"server_error"'), ("/v1/messages", "event: error"),
        ("/v1/responses", "event: response.failed"),
    ],
)  # fmt: skip
def test_a_model_that_fails_in_the_middle_is_told_and_leaves_nothing(
    tiny_server: Served, http: httpx.Client, path: str, told: str
) -> None:
    body: dict[str, Any] = {**ASK, "prompt": "abc", "input": "abc", "max_tokens": 200, "max_output_tokens": 200}
    if path.endswith("responses"):
        body = {name: value for name, value in body.items() if name not in ("messages", "prompt")}
    lease = tiny_server.state.models.lend_loaded("")
    assert lease
    engine = lease.host.engine
    failure = DecodeError("The engine failed", why="as it was told to")
    real = Generation.accept

    def fail(_questions: object) -> None:
        assert engine._runtime
        engine._runtime.fail_all(failure)

    def accept(generation: Generation, *arguments: Any, **more: Any) -> Any:
        if generation.generated and len(generation.generated) == 3:
            engine.ask(fail)
        return real(generation, *arguments, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Generation, "accept", accept)
        with http.stream("POST", path, json={**body, "stream": True}) as answer:
            assert answer.status_code == 200
            text = answer.read().decode()
        whole = http.post(path, json=body)
    lease.close()
    assert told in text and "as it was told to" in text and "[DONE]" not in text
    assert whole.status_code == 500 and "as it was told to" in whole.text
    assert not tiny_server.state.requests.running
    assert [info.state for info in tiny_server.state.requests.ended[:2]] == ["failed", "failed"]
    assert http.post(path, json={**body, "max_tokens": 2, "max_output_tokens": 16}).status_code == 200
