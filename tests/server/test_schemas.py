"""JSON schemas of requests, as programs write them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

import httpx
import openai
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from tests.support.serving import Served


class Part(BaseModel):
    """A part, and what it is made of."""

    name: Annotated[str, Field(max_length=12)]
    made_of: Annotated[list[Literal["wood", "iron"]], Field(max_length=2)] = []


class Item(BaseModel):
    """What a shop sells."""

    code: Annotated[str, Field(pattern=r"^[A-Z]{2}-\d{4}$")]
    stock: Annotated[int, Field(ge=18, le=20)]
    change: Annotated[int, Field(gt=-30, lt=-24)]
    weight: Annotated[float, Field(gt=0, lt=2.5)]
    state: Literal["new", 'as "new"', "旧い"]
    size: tuple[Annotated[int, Field(ge=1, le=9)], Annotated[int, Field(ge=1, le=9)]]
    note: Annotated[str, Field(max_length=10)] | None
    parts: Annotated[list[Part], Field(min_length=1, max_length=2)]


@pytest.mark.parametrize("seed", range(3))
def test_an_answer_is_read_by_pydantic(client: openai.OpenAI, seed: int) -> None:
    answer = client.chat.completions.parse(
        model="x",
        messages=[{"role": "user", "content": "Invent something that a shop sells. Answer in JSON."}],
        response_format=Item,
        temperature=1.3,
        seed=seed,
        max_tokens=1000,
    )
    assert answer.choices[0].finish_reason == "stop"
    assert isinstance(answer.choices[0].message.parsed, Item)


@pytest.mark.parametrize("schema", [{}, {"description": "Any JSON."}, {"type": ["integer", "null"], "maximum": 5}])
def test_a_schema_may_ask_for_little(client: openai.OpenAI, schema: dict[str, Any]) -> None:
    answer = client.chat.completions.create(
        model="x",
        messages=[{"role": "user", "content": "Say yes as a JSON text."}],
        response_format={"type": "json_schema", "json_schema": {"name": "any", "schema": schema}},
        temperature=0,
        max_tokens=200,
    )
    if answer.choices[0].finish_reason == "stop":
        Draft202012Validator(schema).validate(json.loads(answer.choices[0].message.content or ""))


def test_arguments_of_a_tool_are_within_their_bounds(client: openai.OpenAI) -> None:
    parameters = {
        "type": "object",
        "properties": {"count": {"type": "integer", "minimum": 40, "maximum": 42}, "any": {}},
    }
    answer = client.chat.completions.create(
        model="x",
        messages=[{"role": "user", "content": "Order 7 apples."}],
        tools=[
            {"type": "function", "function": {"name": "order", "parameters": {**parameters, "required": ["count"]}}}
        ],
        tool_choice="required",
        temperature=0,
        max_tokens=200,
    )
    (call,) = answer.choices[0].message.tool_calls or []
    assert call.type == "function"
    assert 40 <= json.loads(call.function.arguments)["count"] <= 42


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"enum": []}, "enum has no values at #"),
        ({"type": "object", "properties": {"a": {"anyOf": []}}}, "anyOf has no schemas at #/properties/a"),
        ({"type": "object", "properties": {"a": False}}, "false allows nothing at #/properties/a"),
        ({"type": "string", "pattern": "^(?=a).*$"}, "it looks ahead at #"),
        ({"type": "integer", "multipleOf": 7}, "multipleOf needs a minimum and a maximum"),
    ],
)
@pytest.mark.parametrize("path", ["/chat/completions", "/responses"])
def test_what_cannot_be_held_is_refused_with_its_place(
    tiny_server: Served, path: str, schema: dict[str, Any], says: str
) -> None:
    form = {"type": "json_schema", "name": "x", "schema": schema}
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "a"}], "input": "a", "text": {"format": form}}
    body["response_format"] = {"type": "json_schema", "json_schema": form}
    answer = httpx.post(f"{tiny_server.base_url}{path}", json=body)
    assert answer.status_code == 400, answer.text
    message = answer.json()["error"]["message"]
    assert says in message and "\n" not in message


def test_a_schema_of_nothing_is_any_json_and_none_is_refused(tiny_server: Served) -> None:
    for body, status in (
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}, 200),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, 400),
        ({"json_schema": {}}, 200),
    ):
        asked = {"messages": [{"role": "user", "content": "a"}], "max_tokens": 5, **body}
        answer = httpx.post(f"{tiny_server.base_url}/chat/completions", json=asked)
        assert answer.status_code == status, answer.text
