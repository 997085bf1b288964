"""Other people's programs that speak OpenAI's language: langchain and `llm`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import llm
import pytest
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from pydantic import BaseModel, SecretStr

from tests.support.serving import Served


class Person(BaseModel):
    """A person."""

    age: int
    married: bool


@tool
def switch_light(on: bool) -> str:
    """Switches the light."""
    return "on" if on else "off"


def chain(served: Served, **more: Any) -> ChatOpenAI:
    """langchain's model at a server."""
    return ChatOpenAI(
        model="x", base_url=served.base_url, api_key=SecretStr("none"), temperature=0, max_retries=0,
        max_completion_tokens=40, **more,
    )  # fmt: skip


def test_langchain_asks_and_streams(smollm2_server: Served) -> None:
    model = chain(smollm2_server)
    answer = model.invoke("Say hello.")
    assert answer.content and answer.usage_metadata and answer.usage_metadata["output_tokens"]
    assert "".join(str(chunk.content) for chunk in model.stream("Say hello.")) == answer.content


@pytest.mark.parametrize("responses", [False, True])
def test_langchain_calls_tools(smollm2_server: Served, responses: bool) -> None:
    model = chain(smollm2_server, use_responses_api=responses)
    question = HumanMessage("Switch the light on.")
    answer = model.bind_tools([switch_light], tool_choice="switch_light").invoke([question])
    assert [call["name"] for call in answer.tool_calls] == ["switch_light"]
    said = switch_light.invoke(answer.tool_calls[0])
    assert isinstance(said, ToolMessage)
    assert model.bind_tools([switch_light], tool_choice="none").invoke([question, answer, said]).content


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_langchain_gets_structured_output(smollm2_server: Served, method: Any) -> None:
    assert isinstance(chain(smollm2_server).with_structured_output(Person, method=method).invoke("Ada"), Person)


def llm_model(served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """`llm`'s model at a server, set up as its manual says: in a file beside its database."""
    monkeypatch.setenv("LLM_USER_PATH", str(folder))
    (folder / "extra-openai-models.yaml").write_text(
        f"- model_id: served\n  model_name: x\n  api_base: {served.base_url}\n"
        "  supports_tools: true\n  supports_schema: true\n"
    )
    return llm.get_model("served")


def test_llm_asks_streams_and_goes_on(smollm2_server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = llm_model(smollm2_server, tmp_path, monkeypatch).conversation()
    asked: dict[str, Any] = {"temperature": 0, "max_tokens": 20, "key": "none"}
    first = conversation.prompt("My name is Ada.", system="Be brief.", **asked)
    assert "".join(first) == first.text() != ""
    assert conversation.prompt("What is my name?", stream=False, **asked).text()


def test_llm_gets_json_and_calls_tools(smollm2_server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = llm_model(smollm2_server, tmp_path, monkeypatch)
    text = model.prompt("Ada", schema=Person, temperature=0, max_tokens=60, key="none").text()
    assert isinstance(Person.model_validate_json(text), Person)

    def multiply(a: int, b: int) -> int:
        """Multiplies two numbers."""
        return a * b

    answer = model.prompt("What is 3 times 4?", tools=[multiply], temperature=0, max_tokens=100, key="none")
    calls = answer.tool_calls()
    assert calls or answer.text()
    assert all(call.name == "multiply" for call in calls)
