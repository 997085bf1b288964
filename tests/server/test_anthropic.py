"""`/v1/messages` by the `anthropic` package."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anthropic
import httpx
import pytest

from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf

LIGHT: Any = {
    "name": "switch_light", "description": "Switches the light.",
    "input_schema": {"type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"]},
}  # fmt: skip
GREEDY: dict[str, Any] = {"model": "x", "extra_body": {"temperature": 0}}
HELLO: Any = [{"role": "user", "content": "Say hello."}]


@pytest.fixture
def claude(smollm2_server: Served) -> Iterator[anthropic.Anthropic]:
    """The client that people use, at SmolLM2."""
    with anthropic.Anthropic(base_url=smollm2_server.address, api_key="none", max_retries=0) as client:
        yield client


def test_a_message_is_answered(claude: anthropic.Anthropic) -> None:
    answer = claude.messages.create(system="Be brief.", messages=HELLO, max_tokens=8, **GREEDY)
    assert answer.type == "message" and answer.role == "assistant" and answer.stop_reason == "max_tokens"
    assert answer.content[0].type == "text" and answer.content[0].text
    assert answer.usage.output_tokens == 8
    count = claude.messages.count_tokens(model="x", system="Be brief.", messages=HELLO)
    assert count.input_tokens == answer.usage.input_tokens + (answer.usage.cache_read_input_tokens or 0)


def test_a_stream_says_what_the_whole_answer_says(claude: anthropic.Anthropic) -> None:
    whole = claude.messages.create(messages=HELLO, max_tokens=40, **GREEDY)
    assert whole.content[0].type == "text"
    events = list(claude.messages.create(messages=HELLO, max_tokens=40, stream=True, **GREEDY))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["message_start", "content_block_start"]
    start: Any = events[0]
    told = start.message.usage
    assert (
        told.input_tokens + told.cache_read_input_tokens
        == claude.messages.count_tokens(model="x", messages=HELLO).input_tokens
    )
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    with claude.messages.stream(messages=HELLO, max_tokens=40, **GREEDY) as stream:
        assert "".join(stream.text_stream) == whole.content[0].text
        message = stream.get_final_message()
    assert message.stop_reason == whole.stop_reason
    assert message.usage.output_tokens == whole.usage.output_tokens


def test_a_stop_sequence_is_told(claude: anthropic.Anthropic) -> None:
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "Repeat: one two three four five"}]}]
    answer = claude.messages.create(messages=messages, max_tokens=60, stop_sequences=["e"], **GREEDY)
    assert answer.stop_reason == "stop_sequence" and answer.stop_sequence == "e"


def test_a_tool_is_used_and_its_result_answered(claude: anthropic.Anthropic) -> None:
    question: Any = {"role": "user", "content": "Switch the light on."}
    first = claude.messages.create(
        messages=[question], tools=[LIGHT], tool_choice={"type": "tool", "name": "switch_light"}, max_tokens=60,
        **GREEDY,
    )  # fmt: skip
    assert first.stop_reason == "tool_use"
    use: Any = first.content[0]
    assert use.type == "tool_use" and use.name == "switch_light" and isinstance(use.input["on"], bool)
    result: Any = {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": use.id, "content": [{"type": "text", "text": "done"}]},
        {"type": "text", "text": "And now?"},
    ]}  # fmt: skip
    second = claude.messages.create(
        messages=[question, {"role": "assistant", "content": first.content}, result], tools=[LIGHT], max_tokens=60,
        **GREEDY,
    )  # fmt: skip
    assert second.content


def test_a_use_of_a_tool_streams(claude: anthropic.Anthropic) -> None:
    with claude.messages.stream(
        messages=HELLO, tools=[LIGHT], tool_choice={"type": "any"}, max_tokens=60, **GREEDY
    ) as stream:
        kinds = {event.delta.type for event in stream if event.type == "content_block_delta"}
        message = stream.get_final_message()
    assert kinds == {"input_json_delta"} and message.stop_reason == "tool_use"
    use: Any = message.content[0]
    assert isinstance(use.input["on"], bool)


def test_thoughts_are_blocks_of_their_own(tmp_path: Path) -> None:
    template = "{% for m in messages %}{{ m.content }}\n{% endfor %}{{ '<think>\n' }}{# enable_thinking </think> #}"
    metadata = {"tokenizer.chat_template": template}
    model = write_tiny_gguf(tmp_path / "tiny.gguf", template=False, metadata=metadata, ascii_only=True)
    with serving(model, n_ctx=256) as served:
        client = anthropic.Anthropic(base_url=served.address, api_key="none", max_retries=0)
        thinking: Any = {"type": "enabled", "budget_tokens": 6}
        answer = client.messages.create(messages=HELLO, max_tokens=30, thinking=thinking, **GREEDY)
        assert [block.type for block in answer.content] == ["thinking", "text"]
        with client.messages.stream(messages=HELLO, max_tokens=30, thinking=thinking, **GREEDY) as stream:
            assert [block.type for block in stream.get_final_message().content] == ["thinking", "text"]


def test_errors_have_its_shape(claude: anthropic.Anthropic, tiny_gguf: Path) -> None:
    with pytest.raises(anthropic.BadRequestError) as raised:
        claude.messages.create(messages=[{"role": "user", "content": "sea wind " * 4000}], max_tokens=5, **GREEDY)
    body: Any = raised.value.body
    assert body["type"] == "error" and body["error"]["type"] == "invalid_request_error"
    assert "2,048" in body["error"]["message"]
    with serving(tiny_gguf, n_ctx=128, api_keys=("sesame",)) as served:
        with pytest.raises(anthropic.AuthenticationError):
            anthropic.Anthropic(base_url=served.address, api_key="wrong", max_retries=0).messages.create(
                messages=HELLO, max_tokens=3, **GREEDY
            )
        known = anthropic.Anthropic(base_url=served.address, api_key="sesame", max_retries=0)
        assert known.messages.create(messages=HELLO, max_tokens=3, **GREEDY).content


@pytest.mark.parametrize(
    "body",
    [
        {}, {"messages": HELLO}, {"messages": [], "max_tokens": 5}, {"messages": [5], "max_tokens": 5},
        {"messages": HELLO, "max_tokens": 0}, {"messages": [{"role": "system", "content": "x"}], "max_tokens": 5},
        {"messages": [{"role": "user", "content": [5]}], "max_tokens": 5},
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {}}]}], "max_tokens": 5},
        {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "input": {}}]}], "max_tokens": 5},
        {"messages": HELLO, "max_tokens": 5, "tools": [{"type": "bash_20250124", "name": "bash"}]},
        {"messages": HELLO, "max_tokens": 5, "tool_choice": {"type": "maybe"}},
        {"messages": HELLO, "max_tokens": 5, "tool_choice": {"type": "any"}},
        {"messages": HELLO, "max_tokens": 5, "tool_choice": {"type": "tool"}},
        {"messages": HELLO, "max_tokens": 5, "thinking": {"type": "enabled", "budget_tokens": "many"}},
        {"messages": HELLO, "max_tokens": 5, "system": 5}, {"messages": HELLO, "max_tokens": 5, "temperature": "hot"},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(tiny_server: Served, body: dict[str, Any]) -> None:
    answer = httpx.post(f"{tiny_server.base_url}/messages", json=body)
    assert answer.status_code == 400 and answer.json()["type"] == "error"
    assert answer.json()["error"]["message"]
    assert not tiny_server.state.requests.running


def test_other_errors_of_its_path_have_its_shape(tiny_server: Served) -> None:
    for answer in (
        httpx.get(f"{tiny_server.base_url}/messages"),
        httpx.post(f"{tiny_server.base_url}/messages", headers={"Origin": "http://evil.example"}),
    ):
        assert answer.status_code in (403, 405) and answer.json()["type"] == "error"
