"""The `openai` package against the server with a real model."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

from tests.support.serving import Served

GREEDY: dict[str, Any] = {"model": "gemma2", "temperature": 0}


def test_a_conversation_as_in_every_tutorial(smollm2_server: Served) -> None:
    address = smollm2_server.base_url.replace("127.0.0.1", "localhost")
    client = openai.OpenAI(base_url=address, api_key="no-required")
    messages: list[Any] = []
    replies = []
    for question in ("My name is Ada. Say hello to me.", "What is my name?"):
        messages.append({"role": "user", "content": question})
        stream = client.chat.completions.create(model="gemma2", messages=messages, stream=True)
        reply = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        messages.append({"role": "assistant", "content": reply})
        replies.append(reply)
    assert all(replies)


def test_a_stream_says_what_the_whole_answer_says(client: openai.OpenAI) -> None:
    messages: list[Any] = [{"role": "user", "content": "Name three colours."}]
    whole = client.chat.completions.create(messages=messages, max_tokens=30, **GREEDY)
    chunks = list(
        client.chat.completions.create(
            messages=messages, max_tokens=30, stream=True, stream_options={"include_usage": True}, **GREEDY
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert reasons == [whole.choices[0].finish_reason]
    assert whole.usage and chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens
    assert chunks[-1].usage.prompt_tokens == whole.usage.prompt_tokens


def test_a_further_turn_evaluates_only_what_is_new(client: openai.OpenAI) -> None:
    first: list[Any] = [{"role": "user", "content": "Tell me about the sea, the wind and the old lighthouse." * 3}]
    answer = client.chat.completions.create(messages=first, max_tokens=20, **GREEDY)
    more = [
        *first,
        {"role": "assistant", "content": answer.choices[0].message.content},
        {"role": "user", "content": "Go on."},
    ]
    usage = client.chat.completions.create(messages=more, max_tokens=5, **GREEDY).usage
    assert usage and usage.prompt_tokens_details and usage.prompt_tokens_details.cached_tokens
    assert usage.prompt_tokens_details.cached_tokens > usage.prompt_tokens // 2


def test_several_choices_differ_and_the_same_seed_repeats_them(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {
        "model": "x", "messages": [{"role": "user", "content": "Tell me a story."}], "max_tokens": 16, "n": 3,
        "seed": 7, "temperature": 1.2,
    }  # fmt: skip
    first = [choice.message.content for choice in client.chat.completions.create(**asked).choices]
    assert len(set(first)) == 3


def test_a_schema_is_kept(client: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
    answer = client.chat.completions.create(
        messages=[{"role": "user", "content": "Describe a person in JSON."}],
        max_tokens=100,
        response_format={"type": "json_schema", "json_schema": {"name": "person", "schema": schema}},
        **GREEDY,
    )
    person = json.loads(answer.choices[0].message.content or "")
    assert isinstance(person["name"], str) and isinstance(person["age"], int)


def test_any_object_is_json(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        messages=[{"role": "user", "content": 'Answer with {"ok": true} and nothing else.'}],
        max_tokens=200,
        response_format={"type": "json_object"},
        **GREEDY,
    )
    text = answer.choices[0].message.content or ""
    assert text.lstrip().startswith("{")
    if answer.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(text), dict)


def test_probabilities_of_a_chat(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        messages=[{"role": "user", "content": "Say yes."}], max_tokens=4, logprobs=True, top_logprobs=3, **GREEDY
    )
    told = answer.choices[0].logprobs
    assert told and told.content and len(told.content) == 4
    for entry in told.content:
        assert entry.logprob <= 0 and len(entry.top_logprobs) == 3
        assert entry.token == entry.top_logprobs[0].token, "greedy takes the likeliest"
    assert b"".join(bytes(entry.bytes or []) for entry in told.content).decode() == answer.choices[0].message.content


def test_a_stop_string_ends_the_answer_before_it(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(
        messages=[{"role": "user", "content": "Count: one, two, three, four, five, six."}],
        max_tokens=60, stop=["three"], **GREEDY,
    )  # fmt: skip
    assert "three" not in (answer.choices[0].message.content or "")


def test_a_forbidden_token_does_not_come(client: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": "Say yes."}], "max_tokens": 1, **GREEDY}
    first = client.chat.completions.create(logprobs=True, **asked)
    assert first.choices[0].logprobs and first.choices[0].logprobs.content
    piece = first.choices[0].logprobs.content[0].token
    tokens = client.post("/../tokenize", body={"content": piece}, cast_to=object)
    assert isinstance(tokens, dict) and len(tokens["tokens"]) == 1
    second = client.chat.completions.create(logit_bias={str(tokens["tokens"][0]): -100}, **asked)
    assert second.choices[0].message.content != first.choices[0].message.content


def test_a_completion_with_its_prompt_and_probabilities(client: openai.OpenAI) -> None:
    answer = client.completions.create(
        model="x", prompt="Once upon a time", max_tokens=6, echo=True, logprobs=2, temperature=0
    )
    choice = answer.choices[0]
    assert choice.text.startswith("Once upon a time")
    logprobs = choice.logprobs
    assert logprobs and logprobs.tokens and logprobs.token_logprobs and logprobs.top_logprobs and logprobs.text_offset
    assert logprobs.tokens[:4] == ["Once", " upon", " a", " time"] and len(logprobs.tokens) == 10
    assert logprobs.token_logprobs[0] is None and all(one < 0 for one in logprobs.token_logprobs[1:])
    assert logprobs.top_logprobs[0] is None and len(logprobs.top_logprobs[2]) == 2
    assert logprobs.text_offset == [choice.text.index(token) for token in ("Once", " upon", " a", " time")] + [
        16 + sum(map(len, logprobs.tokens[4:at])) for at in range(4, 10)
    ]


@pytest.mark.parametrize("prompt", ["The capital of France is Paris.", [504, 3575, 282, 4649, 314, 7042, 30]])
def test_a_text_is_scored_without_a_token_of_an_answer(client: openai.OpenAI, prompt: Any) -> None:
    """What programs do that measure models by how likely they find the right answer."""
    asked: dict[str, Any] = {"model": "x", "max_tokens": 0, "echo": True, "logprobs": 1, "prompt": prompt}
    choice = client.completions.create(**asked).choices[0]
    assert choice.text == "The capital of France is Paris." and choice.finish_reason == "length"
    assert choice.logprobs and choice.logprobs.token_logprobs and len(choice.logprobs.token_logprobs) == 7
    assert choice.logprobs.token_logprobs[5] > -2
    chunks = [chunk.choices[0] for chunk in client.completions.create(stream=True, **asked) if chunk.choices]
    assert "".join(chunk.text for chunk in chunks) == choice.text
    told = [chunk.logprobs for chunk in chunks if chunk.logprobs]
    assert len(told) == 1 and told[0].token_logprobs == pytest.approx(choice.logprobs.token_logprobs, abs=0.05)


@pytest.mark.parametrize("prompt", [[504, 99_999_999], [49_152]])
def test_a_number_that_is_no_token_is_refused(client: openai.OpenAI, prompt: list[int]) -> None:
    with pytest.raises(openai.BadRequestError, match=f"There is no token {prompt[-1]}: the model has 49,152"):
        client.completions.create(prompt=prompt, max_tokens=1, **GREEDY)


def test_several_prompts_in_one_request(client: openai.OpenAI) -> None:
    answer = client.completions.create(model="x", prompt=["One", "Two"], max_tokens=3, temperature=0)
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.usage and answer.usage.completion_tokens == 6


def test_what_does_not_fit_is_refused_with_both_numbers(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            messages=[{"role": "user", "content": "sea wind " * 4000}], max_tokens=5, **GREEDY
        )
    assert raised.value.code == "context_length_exceeded"
    body: Any = raised.value.body
    assert body["n_ctx"] == 2048 and body["n_prompt_tokens"] > 2048
    assert "2,048" in body["message"]


def test_the_model_is_listed(client: openai.OpenAI, smollm2_server: Served) -> None:
    assert [model.id for model in client.models.list()] == list(smollm2_server.state.models.names)


def test_a_reply_at_the_end_is_gone_on_with(client: openai.OpenAI) -> None:
    question: Any = {"role": "user", "content": "Name three colours."}
    whole = client.chat.completions.create(messages=[question], max_tokens=12, **GREEDY).choices[0].message.content
    assert whole
    begun: Any = {"role": "assistant", "content": whole[: len(whole) // 2]}
    more = client.chat.completions.create(messages=[question, begun], max_tokens=12, **GREEDY)
    text = more.choices[0].message.content or ""
    assert text and not text.startswith(whole[:5])
