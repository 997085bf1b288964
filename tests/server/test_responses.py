"""`/v1/responses` by the `openai` package."""

from __future__ import annotations

import json
from typing import Any

import httpx
import openai
import pytest
from pydantic import BaseModel

from tests.support.serving import Served

LIGHT: Any = {
    "type": "function", "name": "switch_light", "description": "Switches the light.", "strict": True,
    "parameters": {
        "type": "object", "properties": {"on": {"type": "boolean"}}, "required": ["on"], "additionalProperties": False,
    },
}  # fmt: skip
GREEDY: dict[str, Any] = {"model": "x", "temperature": 0}


def test_a_text_is_answered(client: openai.OpenAI) -> None:
    answer = client.responses.create(
        instructions="Be brief.", input="Name three colours.", max_output_tokens=12, **GREEDY
    )
    assert answer.output_text and answer.output[0].type == "message"
    assert answer.status == "incomplete" and answer.incomplete_details
    assert answer.incomplete_details.reason == "max_output_tokens"
    assert answer.usage and answer.usage.output_tokens == 12
    assert answer.usage.total_tokens == answer.usage.input_tokens + 12


def test_a_stream_says_what_the_whole_answer_says(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"input": [{"role": "user", "content": "Say hello."}], "max_output_tokens": 30, **GREEDY}
    whole = client.responses.create(**asked)
    events = list(client.responses.create(stream=True, **asked))
    kinds = [event.type for event in events]
    assert kinds[:4] == [
        "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
    ]  # fmt: skip
    assert kinds[-4:-1] == ["response.output_text.done", "response.content_part.done", "response.output_item.done"]
    assert kinds[-1] in ("response.completed", "response.incomplete")
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == whole.output_text
    assert [event.sequence_number for event in events] == list(range(len(events)))
    last: Any = events[-1]
    assert last.response.output_text == whole.output_text and last.response.usage.output_tokens


def test_the_packages_own_helper_follows_a_stream(client: openai.OpenAI) -> None:
    with client.responses.stream(input="Say hello.", max_output_tokens=40, **GREEDY) as stream:
        kinds = [event.type for event in stream]
    assert "response.output_text.delta" in kinds


def test_a_function_is_called_and_its_output_answered(client: openai.OpenAI) -> None:
    question: Any = {"role": "user", "content": "Switch the light on."}
    first = client.responses.create(
        input=[question], tools=[LIGHT], tool_choice="required", max_output_tokens=60, **GREEDY
    )
    call: Any = first.output[0]
    assert call.type == "function_call" and call.name == "switch_light" and call.call_id
    assert isinstance(json.loads(call.arguments)["on"], bool)
    output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "done"}
    again: Any = [question, *(item.model_dump() for item in first.output), output]
    second = client.responses.create(input=again, tools=[LIGHT], max_output_tokens=60, **GREEDY)
    assert second.output


def test_a_call_streams(client: openai.OpenAI) -> None:
    events = list(
        client.responses.create(
            input="Light!", tools=[LIGHT], tool_choice={"type": "function", "name": "switch_light"},
            max_output_tokens=60, stream=True, **GREEDY,
        )
    )  # fmt: skip
    parts = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    done = next(event for event in events if event.type == "response.function_call_arguments.done")
    assert "".join(parts) == done.arguments and "on" in json.loads(done.arguments)


def test_structured_output(client: openai.OpenAI) -> None:
    class Person(BaseModel):
        age: int
        married: bool

    answer = client.responses.parse(input="Describe Ada.", text_format=Person, max_output_tokens=60, **GREEDY)
    assert isinstance(answer.output_parsed, Person)


def test_what_the_server_does_not_keep_is_refused_in_one_line(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="keeps no responses"):
        client.responses.create(input="And?", previous_response_id="resp_1", **GREEDY)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"input": 5}, {"input": []}, {"input": [5]}, {"input": [{"type": "item_reference", "id": "x"}]},
        {"input": [{"role": "king", "content": "x"}]}, {"input": [{"type": "function_call", "call_id": "1"}]},
        {"input": [{"type": "function_call", "name": "f", "arguments": "["}]},
        {"input": [{"type": "reasoning", "content": [5]}]}, {"input": "x", "max_output_tokens": 0},
        {"input": "x", "tools": [{"type": "web_search"}]}, {"input": "x", "text": {"format": {"type": "xml"}}},
        {"input": "x", "text": {"format": {"type": "json_schema"}}}, {"input": "x", "reasoning": 5},
        {"input": "x", "reasoning": {"effort": "huge"}}, {"input": "x", "background": True},
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(tiny_server: Served, body: dict[str, Any]) -> None:
    answer = httpx.post(f"{tiny_server.base_url}/responses", json=body)
    assert answer.status_code == 400 and answer.json()["error"]["message"]
    assert not tiny_server.state.requests.running
