"""Reasoning told apart from answers, by the `openai` package against templates that make models think."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf

TEMPLATE = """\
{%- if reasoning_effort is defined %}{{ 'Effort: ' + reasoning_effort + '\\n' }}{% endif -%}
{%- if mood is defined %}{{ 'Mood: ' + mood + '\\n' }}{% endif -%}
{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' -}}
{%- if message.reasoning_content %}{{ '<think>\\n' + message.reasoning_content + '\\n</think>\\n\\n' }}{% endif -%}
{{- message.content + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
{{- '<|im_start|>assistant\\n' -}}
{%- if enable_thinking is defined and not enable_thinking %}{{ '<think>\\n\\n</think>\\n\\n' }}
{%- else %}{{ '<think>\\n' }}{% endif -%}
{%- endif -%}
"""
ASKED: dict[str, Any] = {
    "model": "x", "messages": [{"role": "user", "content": "abc"}], "temperature": 0, "max_tokens": 30,
}  # fmt: skip
BUDGET: dict[str, Any] = {"extra_body": {"reasoning_budget": 6}}


@pytest.fixture(scope="module")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of a tiny model whose template makes it think."""
    metadata = {"tokenizer.chat_template": TEMPLATE}
    path = tmp_path_factory.mktemp("thinker") / "tiny.gguf"
    with serving(write_tiny_gguf(path, template=False, metadata=metadata, ascii_only=True), n_ctx=512) as served:
        yield served


@pytest.fixture
def asks(thinker: Served) -> Iterator[openai.OpenAI]:
    """A client of it."""
    with openai.OpenAI(base_url=thinker.base_url, api_key="none", max_retries=0) as client:
        yield client


def prompt_of(served: Served, **fields: Any) -> str:
    """What the model gets."""
    body = {"messages": ASKED["messages"], **fields}
    return str(httpx.post(f"{served.address}/apply-template", json=body).raise_for_status().json()["prompt"])


def test_thoughts_and_answer_come_apart_whole_and_streamed(asks: openai.OpenAI) -> None:
    message: Any = asks.chat.completions.create(**ASKED, **BUDGET).choices[0].message
    assert message.reasoning_content and message.content
    assert "think>" not in message.reasoning_content + message.content
    thought, said = "", ""
    for chunk in asks.chat.completions.create(stream=True, **ASKED, **BUDGET):
        delta: Any = chunk.choices[0].delta
        more = getattr(delta, "reasoning_content", None) or ""
        assert not (more and said), "thoughts come first"
        thought, said = thought + more, said + (delta.content or "")
    assert (thought, said) == (message.reasoning_content, message.content)


def test_thoughts_stay_in_the_answer_where_that_is_wanted(asks: openai.OpenAI) -> None:
    extra = {"reasoning_budget": 6, "reasoning_format": "none"}
    message: Any = asks.chat.completions.create(**ASKED, extra_body=extra).choices[0].message
    assert message.content.startswith("<think>\n") and "</think>" in message.content
    assert not hasattr(message, "reasoning_content")


def test_a_request_says_whether_and_how_much_to_think(asks: openai.OpenAI, thinker: Served) -> None:
    extra = {"chat_template_kwargs": {"enable_thinking": False}}
    message: Any = asks.chat.completions.create(**ASKED, extra_body=extra).choices[0].message
    assert message.content and not hasattr(message, "reasoning_content")
    assert prompt_of(thinker, **extra).endswith("<think>\n\n</think>\n\n")
    assert prompt_of(thinker, reasoning_effort="none").endswith("<think>\n\n</think>\n\n")
    told = prompt_of(thinker, reasoning_effort="high", chat_template_kwargs={"mood": "grey"})
    assert told.startswith("Effort: high\nMood: grey\n") and told.endswith("<think>\n")


def test_earlier_thoughts_are_given_to_a_template_that_reads_them(thinker: Served) -> None:
    messages = [*ASKED["messages"], {"role": "assistant", "content": "42", "reasoning_content": "Six by seven."}]
    assert "<think>\nSix by seven.\n</think>\n\n42<|im_end|>" in prompt_of(thinker, messages=messages)


def test_a_schema_is_kept_by_a_model_that_thinks(asks: openai.OpenAI) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    form: Any = {"type": "json_schema", "json_schema": {"name": "ok", "schema": schema}}
    answer = asks.chat.completions.create(**ASKED, response_format=form).choices[0].message
    assert isinstance(json.loads(answer.content or "")["ok"], bool)


@pytest.mark.parametrize(
    ("field", "value"),
    [("reasoning_effort", "huge"), ("reasoning_effort", 5), ("chat_template_kwargs", 5), ("reasoning_format", 5)],
)
def test_what_makes_no_sense_is_refused(thinker: Served, field: str, value: Any) -> None:
    answer = httpx.post(f"{thinker.base_url}/chat/completions", json={**ASKED, field: value})
    assert answer.status_code == 400
