"""Reasoning in the engine: where it begins, how it is counted, switched off and brought to an end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather, load, reply
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.errors import LocalLLMError, SettingError
from tui.core.events import Adjusted, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.core.reasoning import split
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket

QWEN = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}"
    "{% if m.role == 'assistant' and m.reasoning_content %}{{ '[' + m.reasoning_content + ']' }}{% endif %}"
    "{{ m.content + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
    "{% if enable_thinking is defined and not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
)
"""As Qwen 3 does it: the model begins its reasoning itself, unless it is not to think."""
OPENED = QWEN + "{% if enable_thinking is not defined or enable_thinking %}{{ '<think>\n' }}{% endif %}"
"""As DeepSeek R1 and QwQ do it: the prompt begins the reasoning."""
CUTTING = QWEN.replace("m.content", "m.content.split('</think>')[-1]").replace("reasoning_content", "x")
ENDLESS = {"temp": 1.0, "seed": 3, "ignore_eos": True}
HELLO = ChatPrompt((Message("user", "Hello"),))


@pytest.fixture
def thinker(engine: Engine, tiny_gguf: Path) -> Callable[..., Engine]:
    """Loads the tiny model with a template."""

    def make(template: str, path: Path = tiny_gguf) -> Engine:
        load(engine, path, n_ctx=512, threads=1, chat_template=template)
        return engine

    return make


def running(engine: Engine, prompt: ChatPrompt | RawPrompt = HELLO, **params: object) -> Ticket:
    """A generation that has given its first tokens."""
    ticket = engine.generate(prompt, GenerationParams(**(ENDLESS | params)))  # type: ignore[arg-type]
    seen = 0
    for event in ticket.events():
        seen += isinstance(event, Token)
        if seen == 5:
            break
    return ticket


def test_what_the_prompt_began_is_the_beginning_of_the_reply(thinker: Callable[..., Engine]) -> None:
    got = reply(thinker(OPENED), HELLO, n_predict=12, **ENDLESS)
    assert got.text.startswith("<think>\n")
    assert got.text.removeprefix("<think>\n") == got.pieces.decode()
    assert got.finished.timings.reasoning_tokens == 12
    assert split(got.text).answer == ""


def test_without_reasoning_nothing_is_added(thinker: Callable[..., Engine]) -> None:
    got = reply(thinker(OPENED), HELLO, n_predict=12, reasoning="off", **ENDLESS)
    assert got.text == got.pieces.decode()
    assert got.finished.timings.reasoning_tokens == 0


@pytest.mark.parametrize("n", [0, 1, 7])
def test_a_budget_ends_the_reasoning(thinker: Callable[..., Engine], n: int) -> None:
    got = reply(thinker(OPENED), HELLO, n_predict=40, reasoning_budget=n, **ENDLESS)
    ended = "\n</think>\n\n"
    thought, answer = got.text.removeprefix("<think>\n").split(ended)
    assert len(thought) == n
    # What the model was made to say counts as generated, and as a part of the reasoning up to its end.
    assert len(got.tokens) == 40 and len(thought + ended + answer) == 40
    assert n <= got.finished.timings.reasoning_tokens <= n + len(ended)
    assert got.finished.timings.reasoning_seconds >= 0


def test_a_budget_message_is_the_last_thought(thinker: Callable[..., Engine]) -> None:
    params = {"reasoning_budget": 3, "reasoning_budget_message": " Enough."}
    got = reply(thinker(OPENED), HELLO, n_predict=40, **params, **ENDLESS)
    assert split(got.text).reasoning.endswith(" Enough.")


def test_the_model_may_begin_by_itself(thinker: Callable[..., Engine]) -> None:
    grammar = 'root ::= "<think>" [a-z]{20} "</think>" "yes" [a-z]{4}'
    got = reply(thinker(QWEN), HELLO, n_predict=100, grammar=grammar, **ENDLESS)
    assert split(got.text).answer.startswith("yes")
    assert 20 <= got.finished.timings.reasoning_tokens <= 28


def test_now(thinker: Callable[..., Engine]) -> None:
    engine = thinker(OPENED)
    ticket = running(engine, n_predict=60)
    assert isinstance(events_of(engine.force(ticket))[-1], Adjusted)
    got = gather(events_of(ticket))
    assert "\n</think>\n\n" in got.text
    assert got.finished.timings.generated_tokens == 60
    assert got.finished.timings.reasoning_tokens < 60


def test_any_text_can_be_said(thinker: Callable[..., Engine]) -> None:
    engine = thinker(OPENED)
    ticket = running(engine, n_predict=60)
    assert isinstance(events_of(engine.force(ticket, " so be it "))[-1], Adjusted)
    assert " so be it " in gather(events_of(ticket)).text


def test_who_does_not_think_cannot_end_it(thinker: Callable[..., Engine]) -> None:
    engine = thinker(QWEN)
    for prompt in (HELLO, RawPrompt("Hello")):
        ticket = running(engine, prompt)
        assert isinstance(error_of(engine.force(ticket)), LocalLLMError)
        assert not ticket.over
        ticket.cancel()
        events_of(ticket)
    assert "over" in str(error_of(engine.force(ticket)).what)


def test_a_grammar_is_not_broken(thinker: Callable[..., Engine]) -> None:
    engine = thinker(OPENED)
    grammar = 'root ::= [a-z]* | "</think>"'  # one that has the marker holds for the thought as well
    ticket = running(engine, grammar=grammar)
    assert isinstance(error_of(engine.force(ticket)), SettingError)
    ticket.cancel()
    events_of(ticket)
    got = reply(engine, HELLO, grammar=grammar, n_predict=30, reasoning_budget=5, **ENDLESS)
    assert "</think>" not in got.text and len(got.tokens) == 30


def test_markers_that_are_special_tokens_are_seen_and_others_are_not(engine: Engine, tmp_path: Path) -> None:
    control = ("<|START_THINKING|>", "<|END_THINKING|>")
    path = write_tiny_gguf(tmp_path / "tiny.gguf", ascii_only=True, control=control)
    start = {"logit_bias": ("<|START_THINKING|>+1000",), "n_predict": 2, "temp": 0.0}
    template = "{{ messages[0].content + 'A:' }}"
    load(engine, path, n_ctx=256, threads=1, chat_template=template)
    assert reply(engine, HELLO, **start).text == ""
    load(engine, path, n_ctx=256, threads=1, chat_template=f"{template}{{# {' '.join(control)} #}}")
    assert reply(engine, HELLO, **start).text == 2 * control[0]
    assert reply(engine, RawPrompt("a"), **start).text == ""
    bos = {"logit_bias": ("<s>+1000",), "n_predict": 2, "temp": 0.0}
    assert reply(engine, HELLO, **bos).text == ""
    got = reply(engine, HELLO, **(start | {"n_predict": 100, "reasoning_budget": 0}))
    assert control[1] in got.text


@pytest.mark.parametrize(
    ("template", "switch", "default_on"),
    [(QWEN, True, True), (OPENED, True, True),
     ("{{ messages[0].content }}{% if thinking %}T{% endif %}", True, False),
     ("{{ messages[0].content }}{% if messages[0].thinking %}T{% endif %}", False, True),
     ("{{ messages[0].content }}", False, True)],
)  # fmt: skip
def test_the_switch_is_found_by_asking(
    thinker: Callable[..., Engine], template: str, switch: bool, default_on: bool
) -> None:
    model = thinker(template).model
    assert model is not None
    assert (model.reasoning.switch, model.reasoning.default_on) == (switch, default_on)


def test_effort_and_own_variables_reach_the_template(thinker: Callable[..., Engine]) -> None:
    engine = thinker("{{ messages[0].content ~ reasoning_effort ~ n ~ enable_thinking }}")
    assert engine.model is not None and engine.model.reasoning.effort
    params = {"reasoning_effort": "low", "chat_template_kwargs": '{"n": [1, 2], "enable_thinking": "mine"}'}
    ticket = engine.count(HELLO, GenerationParams(**params))  # type: ignore[arg-type]
    counted = events_of(ticket)[-1]
    assert counted.tokens == len("Hellolow[1, 2]mine") + 1  # type: ignore[union-attr]
    refused = engine.generate(HELLO, GenerationParams(chat_template_kwargs="[1]"))
    assert "JSON object" in error_of(refused).line()


PAST = ChatPrompt((Message("user", "q"), Message("assistant", "<think>\nt\n</think>\n\na"), Message("user", "r")))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (QWEN, "assistant\n[t]a<|im_end|>"),
        (CUTTING, "assistant\n\n\na<|im_end|>"),
        (QWEN.replace("reasoning_content", "x"), "assistant\na<|im_end|>"),
        (QWEN.replace("reasoning_content", "x").replace("'<think>", "'</think>' not in y + '<think>"),
         "assistant\n<think>\nt\n</think>\n\na<|im_end|>"),
        (QWEN.replace("reasoning_content", "x").replace("think>", "thunk>"), "assistant\na<|im_end|>"),
        (CUTTING.replace("think>", "seed:think>"), "assistant\na<|im_end|>"),
    ],
    ids=["reads", "cuts", "neither", "looks for it", "knows nothing", "has others"],
)  # fmt: skip
def test_earlier_reasoning_goes_to_the_template_as_it_wants_it(template: str, expected: str) -> None:
    from tui.engine.template import ChatTemplate

    assert expected in ChatTemplate(template, "", "", "").render(PAST.messages)


def test_a_reply_that_was_thinking_goes_on_thinking(thinker: Callable[..., Engine]) -> None:
    engine = thinker(OPENED)
    prompt = ChatPrompt(HELLO.messages, "<think>\nso far")
    ticket = running(engine, prompt, n_predict=50)
    events_of(engine.force(ticket))
    got = gather(events_of(ticket))
    assert not got.text.startswith("<think>")
    assert split(prompt.begun + got.text).reasoning.startswith("so far")
    assert split(prompt.begun + got.text).answer


def test_a_real_model_thinks_answers_and_is_told_to_stop(engine: Engine, smollm2: Path) -> None:
    load(engine, smollm2, n_ctx=512, threads=1, chat_template=OPENED)
    question = ChatPrompt((Message("user", "Tell me a long story about the sea."),))
    params = {"temp": 0.0, "n_predict": 60, "ignore_eos": True, "reasoning_budget": 20}
    got = reply(engine, question, **params)
    parts = split(got.text)
    assert parts.reasoning and parts.answer and "think>" not in parts.reasoning
    assert 20 <= got.finished.timings.reasoning_tokens < 32
    # The same again: what was forced is computed as if the model had said it.
    assert reply(engine, question, **params).tokens == got.tokens
