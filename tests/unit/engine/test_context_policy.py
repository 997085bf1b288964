"""What happens when the context is full: what was chosen, and it is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, gather, load, reply
from tests.support.reference import Reference
from tui.core.errors import PromptTooLongError
from tui.core.events import Dropped, Shifted, StopReason
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.engine.engine import Engine


def long_chat(turns: int) -> ChatPrompt:
    """A conversation with a system message, turns of some 60 tokens, and a question."""
    messages = [Message("system", "be kind")]
    for number in range(turns):
        messages += [Message("user", f"question {number} " + "x" * 20), Message("assistant", "answer " + "y" * 10)]
    return ChatPrompt((*messages, Message("user", "the last question")))


def test_shift_goes_on_and_tells_what_was_forgotten(tiny: Engine) -> None:
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=400, context_policy="shift")
    events = events_of(tiny.generate(RawPrompt("abc"), params))
    shifts = [event for event in events if isinstance(event, Shifted)]
    got = gather(events)
    assert got.finished.reason is StopReason.LENGTH and len(got.tokens) == 400
    assert [shift.used for shift in shifts] == [256 - shift.discarded for shift in shifts] and len(shifts) >= 2


@pytest.mark.parametrize(("keep", "kept"), [(0, 1), (10, 10), (-1, 5)])
def test_shift_keeps_the_beginning_that_was_asked_for(tiny: Engine, keep: int, kept: int) -> None:
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=300, context_policy="shift", keep=keep)
    events = events_of(tiny.generate(RawPrompt("abc"), params))
    first = next(event for event in events if isinstance(event, Shifted))
    prompt = gather(events).finished.timings.prompt_tokens
    assert first.discarded == (256 - (prompt if keep == -1 else kept)) // 2


def test_what_was_shifted_is_not_taken_for_a_prefix(tiny: Engine, tiny_reference: Reference) -> None:
    reply(tiny, RawPrompt("abc"), temp=0.0, ignore_eos=True, n_predict=400, context_policy="shift")
    got = reply(tiny, RawPrompt("abcdef"), temp=0.0, n_predict=10)
    tokens = tiny_reference.tokenize("abcdef")
    assert got.finished.timings.cached_tokens == 0
    assert tiny_reference.same_up_to_near_ties(tokens, got.tokens, tiny_reference.greedy(tokens, 10))


@pytest.mark.parametrize("policy", ["drop", "shift"])
def test_the_oldest_turns_are_dropped_and_it_is_told(tiny: Engine, policy: str) -> None:
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=20, context_policy=policy)
    events = events_of(tiny.generate(long_chat(8), params))
    dropped = next(event for event in events if isinstance(event, Dropped))
    assert dropped.messages % 2 == 0 and 0 < dropped.messages < 16
    finished = gather(events).finished
    assert finished.timings.prompt_tokens <= 256 - 20


def test_the_system_message_and_the_question_are_never_dropped(engine: Engine, tiny_gguf: Path) -> None:
    load(engine, tiny_gguf, n_ctx=256, threads=1)
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=5, context_policy="drop")
    few = gather(events_of(engine.generate(long_chat(0), params))).finished.timings.prompt_tokens
    many = gather(events_of(engine.generate(long_chat(30), params))).finished.timings.prompt_tokens
    assert few < many < 256
    huge = ChatPrompt((Message("user", "x" * 1000),))
    assert isinstance(error_of(engine.generate(huge, params)), PromptTooLongError)


def test_stop_refuses_a_conversation_that_does_not_fit(tiny: Engine) -> None:
    assert isinstance(error_of(tiny.generate(long_chat(8), GenerationParams())), PromptTooLongError)
