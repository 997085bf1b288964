"""Tools: the `openai` package against the server, with a real model and with templates of several families."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from tests.support.serving import Served, serving
from tests.support.tiny_gguf import IM_START, write_tiny_gguf
from tests.support.tool_templates import HERMES, NO_CALLS, TEMPLATES, TEXT_ARGUMENTS

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"type": "string", "enum": ["C", "F"]}},
            "required": ["city", "unit"],
        },
    },
}
LIGHT: Any = {
    "type": "function",
    "function": {
        "name": "switch_light",
        "description": "Switches the light.",
        "parameters": {
            "type": "object",
            "properties": {"on": {"type": "boolean"}, "room": {"type": "string", "enum": ["hall", "attic"]}},
            "required": ["on", "room"],
        },
    },
}
ASKED: dict[str, Any] = {
    "model": "x", "temperature": 0, "messages": [{"role": "user", "content": "What is the weather in Paris?"}],
}  # fmt: skip


def test_a_model_whose_template_knows_no_tools_calls_one(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(tools=[WEATHER, LIGHT], tool_choice="required", max_tokens=100, **ASKED)
    choice = answer.choices[0]
    assert choice.finish_reason == "tool_calls" and choice.message.content is None
    assert choice.message.tool_calls and len(choice.message.tool_calls) == 1
    call: Any = choice.message.tool_calls[0]
    assert call.type == "function" and call.id and call.function.name in ("get_weather", "switch_light")
    assert isinstance(json.loads(call.function.arguments), dict)


def test_a_named_tool_is_the_one_that_is_called_and_a_stream_says_the_same(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {
        "tools": [WEATHER, LIGHT], "max_tokens": 100, **ASKED,
        "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
    }  # fmt: skip
    call: Any = (client.chat.completions.create(**asked).choices[0].message.tool_calls or [None])[0]
    assert call.function.name == "get_weather"
    arguments = json.loads(call.function.arguments)
    assert arguments["unit"] in ("C", "F") and isinstance(arguments["city"], str)
    names: list[str] = []
    parts: list[str] = []
    reasons: list[str] = []
    for chunk in client.chat.completions.create(stream=True, **asked):
        choice = chunk.choices[0]
        reasons += [choice.finish_reason] if choice.finish_reason else []
        for delta in choice.delta.tool_calls or []:
            assert delta.index == 0 and delta.function
            if delta.function.name:
                assert delta.id and not parts, "the name comes first"
                names.append(delta.function.name)
            parts.append(delta.function.arguments or "")
    assert names == ["get_weather"] and "".join(parts) == call.function.arguments and len(parts) > 2
    assert reasons == ["tool_calls"]


@pytest.mark.parametrize("room", [1, 3, 6])
@pytest.mark.parametrize("use", ["required", {"type": "function", "function": {"name": "get_weather"}}])
def test_a_call_that_breaks_off_before_its_name_is_no_text(client: openai.OpenAI, use: Any, room: int) -> None:
    asked: dict[str, Any] = {**ASKED, "tools": [WEATHER], "tool_choice": use, "max_tokens": room}
    answer = client.chat.completions.create(**asked).choices[0]
    assert not answer.message.content and answer.finish_reason == "length"
    chunks = [chunk.choices[0] for chunk in client.chat.completions.create(stream=True, **asked) if chunk.choices]
    assert not any(chunk.delta.content for chunk in chunks)


def test_a_whole_round(client: openai.OpenAI) -> None:
    messages: list[Any] = list(ASKED["messages"])
    first = client.chat.completions.create(
        model="x", temperature=0, messages=messages, tools=[WEATHER], tool_choice="required", max_tokens=100
    )
    message = first.choices[0].message
    assert message.tool_calls
    messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": '{"degrees": 21}'}]
    second = client.chat.completions.create(
        model="x", temperature=0, messages=messages, tools=[WEATHER], tool_choice="auto", max_tokens=200
    )
    answer = second.choices[0]
    assert answer.message.content or answer.message.tool_calls or answer.finish_reason == "length"
    assert not (answer.message.content or "").startswith('{"')
    third = client.chat.completions.create(
        model="x", temperature=0, messages=messages, tools=[WEATHER], tool_choice="none", max_tokens=20
    )
    assert third.choices[0].message.content and not third.choices[0].message.tool_calls


def test_several_calls_where_they_are_wanted(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        tools=[LIGHT], tool_choice="required", parallel_tool_calls=True, max_tokens=60, **ASKED
    )
    assert answer.choices[0].message.tool_calls


def test_structured_output_and_tools_by_pydantic(client: openai.OpenAI) -> None:
    from pydantic import BaseModel

    class Person(BaseModel):
        age: int
        married: bool

    answer = client.chat.completions.parse(
        model="x", temperature=0, messages=[{"role": "user", "content": "Describe Ada."}], response_format=Person,
        max_tokens=100,
    )  # fmt: skip
    assert isinstance(answer.choices[0].message.parsed, Person)


@contextmanager
def served_with(folder: Path, template: str) -> Iterator[Served]:
    """A server of a tiny model with a chat template of its own."""
    metadata = {"tokenizer.chat_template": template}
    model = write_tiny_gguf(folder / "tiny.gguf", template=False, metadata=metadata, ascii_only=True, n_ctx_train=4096)
    with serving(model, n_ctx=2048) as served:
        yield served


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_each_family_is_held_to_a_call_in_its_own_words(tmp_path: Path, name: str) -> None:
    with served_with(tmp_path, TEMPLATES[name]) as served:
        client = openai.OpenAI(base_url=served.base_url, api_key="none", max_retries=0)
        answer = client.chat.completions.create(tools=[LIGHT], tool_choice="required", max_tokens=400, **ASKED)
        call: Any = (answer.choices[0].message.tool_calls or [None])[0]
        assert call.function.name == "switch_light" and answer.choices[0].finish_reason == "tool_calls"
        arguments = json.loads(call.function.arguments)
        assert isinstance(arguments["on"], bool) and arguments["room"] in ("hall", "attic")


def test_a_marker_that_is_a_special_token_is_found(tmp_path: Path) -> None:
    metadata = {"tokenizer.chat_template": TEMPLATES["mistral"]}
    control = ("[TOOL_CALLS]", "<|im_end|>")
    path = tmp_path / "tiny.gguf"
    model = write_tiny_gguf(path, template=False, metadata=metadata, ascii_only=True, control=control)
    with serving(model, n_ctx=512) as served:
        client = openai.OpenAI(base_url=served.base_url, api_key="none", max_retries=0)
        asked: dict[str, Any] = {"tools": [LIGHT], "max_tokens": 200, "logit_bias": {str(IM_START): 50}, **ASKED}
        answer = client.chat.completions.create(tool_choice="required", logprobs=True, **asked).choices[0]
        assert answer.logprobs and answer.logprobs.content and answer.logprobs.content[0].token == "[TOOL_CALLS]"
        assert answer.message.tool_calls and answer.message.tool_calls[0].id.isalnum()
        assert len(answer.message.tool_calls[0].id) == 9


@pytest.mark.parametrize("template", [HERMES, TEXT_ARGUMENTS, NO_CALLS])
def test_a_template_gets_tools_and_earlier_calls_in_its_shape(tmp_path: Path, template: str) -> None:
    function = {"name": "switch_light", "arguments": '{"on": true}'}
    messages = [
        {"role": "user", "content": "Light!"},
        {"role": "assistant", "tool_calls": [{"id": "1", "type": "function", "function": function}]},
        {"role": "tool", "tool_call_id": "1", "content": "done"},
    ]
    with served_with(tmp_path, template) as served:
        body = {"messages": messages, "tools": [LIGHT]}
        prompt = httpx.post(f"{served.address}/apply-template", json=body).json()["prompt"]
    assert '<tool_call>\n{"name": "switch_light", "arguments": {"on": true}}\n</tool_call>' in prompt
    assert "Tools:" in prompt and '"Switches the light."' in prompt
    assert "<|im_start|>tool\ndone" in prompt


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", 5), ("tools", [1]), ("tools", [{}]), ("tools", [{"type": "web_search"}]),
        ("tools", [{"type": "function"}]), ("tools", [{"type": "function", "function": {"name": "a b"}}]),
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": 5}}]),
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": {"type": "array"}}}]),
        ("tools", [WEATHER, WEATHER]), ("tool_choice", "maybe"), ("tool_choice", "required"),
        ("tool_choice", {"type": "function", "function": {"name": "nothing"}}), ("parallel_tool_calls", "yes"),
        ("messages", [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": 5}}]}]),
        ("messages", [{"role": "assistant", "tool_calls": [
            {"id": "1", "function": {"name": "f", "arguments": "{"}}
        ]}]),
    ],
)  # fmt: skip
def test_what_is_no_tool_is_refused(tiny_server: Served, field: str, value: Any) -> None:
    body = {"messages": ASKED["messages"], "max_tokens": 3, field: value}
    answer = httpx.post(f"{tiny_server.base_url}/chat/completions", json=body)
    assert answer.status_code == 400, answer.text
    assert not tiny_server.state.requests.running


def test_a_schema_that_cannot_be_a_grammar_is_refused(tiny_server: Served) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {"properties": {"a": {"type": "nonsense"}}}}}
    body = {"messages": ASKED["messages"], "max_tokens": 3, "tools": [tool], "tool_choice": "required"}
    answer = httpx.post(f"{tiny_server.base_url}/chat/completions", json=body)
    assert answer.status_code == 400 and "schema" in answer.json()["error"]["message"]
