"""Counting a prompt: what it says is what a generation then reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.engines import PATIENCE, error_of, events_of, gather, load
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.errors import NoModelError
from tui.core.events import Answered, Counted
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, Prompt, RawPrompt
from tui.engine.engine import Engine

STOP = GenerationParams(temp=0.0, ignore_eos=True, n_predict=8)
DROP = GenerationParams(temp=0.0, ignore_eos=True, n_predict=8, context_policy="drop")
User, Model = "user", "assistant"


def count(engine: Engine, prompt: Prompt, params: GenerationParams = STOP, before: ChatPrompt | None = None) -> Counted:
    last = events_of(engine.count(prompt, params, before))[-1]
    assert isinstance(last, Counted), last
    return last


def talk(engine: Engine, *turns: str, params: GenerationParams = STOP) -> list[Message]:
    """Say one thing after the other, and hold each time that the count was right."""
    messages: list[Message] = []
    for turn in turns:
        before = ChatPrompt(tuple(messages))
        messages.append(Message("user", turn))
        messages.append(Message("assistant", as_counted(engine, ChatPrompt(tuple(messages)), params, before)))
    return messages


def as_counted(
    engine: Engine, prompt: Prompt, params: GenerationParams = STOP, before: ChatPrompt | None = None
) -> str:
    """The reply to a prompt, which took what was counted."""
    counted = count(engine, prompt, params, before)
    got = gather(events_of(engine.generate(prompt, params)))
    timings = got.finished.timings
    sent = counted.tokens if params.context_policy == "stop" else counted.fitted
    assert (sent, counted.cached) == (timings.prompt_tokens, timings.cached_tokens)
    return got.text


@pytest.fixture
def other_tiny(tmp_path: Path) -> Path:
    """Another model with the same vocabulary."""
    return write_tiny_gguf(tmp_path / "other-F32.gguf", seed=7, ascii_only=True)


def test_it_is_what_a_generation_then_reports(tiny: Engine) -> None:
    talk(tiny, "What is this?", "And that, over there?", "One more.")
    as_counted(tiny, RawPrompt("plain text"))


def test_after_an_edit_the_common_beginning_is_cached(tiny: Engine) -> None:
    messages = talk(tiny, "What is this?", "And that, over there?")
    other = ChatPrompt((*messages[:2], Message("user", "Something else altogether.")))
    assert count(tiny, other).cached > 20
    as_counted(tiny, other)
    as_counted(tiny, ChatPrompt(tuple(messages[:3])))


def test_after_another_model_nothing_is_cached(tiny: Engine, other_tiny: Path, tiny_gguf: Path) -> None:
    talk(tiny, "What is this?")
    prompt = ChatPrompt((Message("user", "What is this?"),))
    load(tiny, other_tiny, n_ctx=256, threads=1)
    assert count(tiny, prompt).cached == 0
    as_counted(tiny, prompt)


def test_a_saved_state_counts_as_cached(tiny: Engine) -> None:
    long = ChatPrompt((Message("user", "A question that is long enough to be worth keeping. " * 3),))
    as_counted(tiny, long)
    as_counted(tiny, RawPrompt("Something else altogether, so that the first one is put aside. " * 2))
    assert count(tiny, long).cached > 100
    as_counted(tiny, long)


def test_what_was_there_before_is_told_from_what_is_new(tiny: Engine) -> None:
    before = ChatPrompt((Message("user", "one"), Message("assistant", "two")))
    empty = count(tiny, ChatPrompt((*before.messages, Message("user", ""))), before=before)
    longer = count(tiny, ChatPrompt((*before.messages, Message("user", "12345"))), before=before)
    assert longer.history == empty.history == 1 + len("<user\none>\n") + len("<assistant\ntwo>\n")
    assert longer.tokens == empty.tokens + 5
    assert count(tiny, ChatPrompt(())) == Counted(0, 0, 0, 0, 0, 256)


def test_a_conversation_too_long_is_counted_all_the_same(tiny: Engine) -> None:
    turns = [Message("user" if n % 2 == 0 else "assistant", "x" * 40) for n in range(41)]
    whole = count(tiny, ChatPrompt(tuple(turns)))
    assert whole.tokens > 41 * 40 and whole.n_ctx == 256
    assert whole.fitted <= 256 - 8 and whole.dropped % 2 == 0
    as_counted(tiny, ChatPrompt(tuple(turns)), DROP)
    assert count(tiny, RawPrompt("y" * 999)).tokens == 1000


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60
)
@given(
    lengths=st.lists(st.integers(0, 120), min_size=1, max_size=24),
    system=st.booleans(),
    first_is_reply=st.booleans(),
    n_predict=st.sampled_from([-1, 4, 100]),
)
def test_no_more_is_left_out_than_must_be(
    tiny: Engine, lengths: list[int], system: bool, first_is_reply: bool, n_predict: int
) -> None:
    roles = (Model, User) if first_is_reply else (User, Model)
    said = [Message(roles[n % 2], "x" * length) for n, length in enumerate(lengths)]  # type: ignore[arg-type]
    messages = (*([Message("system", "be brief")] if system else []), *said)
    params = GenerationParams(context_policy="drop", n_predict=n_predict)
    counted = count(tiny, ChatPrompt(messages), params)
    room = 256 - (64 if n_predict == -1 else min(64, n_predict))
    head = int(system)
    starts = [head, *(n for n in range(head + 1, len(messages)) if messages[n].role == "user")]
    fits = [n for n in starts if count(tiny, ChatPrompt(messages[:head] + messages[n:]), STOP).tokens <= room]
    assert counted.dropped == (fits[0] if fits else starts[-1]) - head


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=80
)
@given(
    drafts=st.lists(st.text(max_size=30) | st.sampled_from(["<|im_start|>", "<|im_end|>\n", "</s> <s>"]), max_size=8)
)
def test_remembering_what_has_settled_changes_no_count(tiny: Engine, drafts: list[str]) -> None:
    said: tuple[Message, ...] = (Message("user", "Tell me more. " * 200), Message("assistant", "No. " * 300))
    for draft in drafts:
        prompt = ChatPrompt((*said, Message("user", draft)))
        # For the model it is read as a whole, each time anew.
        ticket = tiny.ask(lambda questions, prompt=prompt: len(questions.prompt_tokens(prompt, STOP)))  # type: ignore[misc]
        assert events_of(ticket)[-1] == Answered(count(tiny, prompt, before=ChatPrompt(said)).tokens)
        said = (*prompt.messages, Message("assistant", "Well. " * 20))


def test_a_generation_under_way_is_not_disturbed(tiny: Engine, tiny_gguf: Path) -> None:
    params = GenerationParams(temp=0.0, ignore_eos=True, n_predict=200)
    alone = gather(events_of(tiny.generate(RawPrompt("abc"), params)))
    ticket = tiny.generate(RawPrompt("abc"), params)
    short = [tiny.count(RawPrompt("x" * n), params) for n in range(20)]
    for one in short[::2]:
        one.cancel()
    long = tiny.count(RawPrompt("x" * 30_000), params)
    assert gather(events_of(ticket)).tokens == alone.tokens
    last = events_of(long)[-1]
    assert isinstance(last, Counted) and last.tokens == 30_001
    assert all(one.wait(PATIENCE) for one in short)


def test_without_a_model_it_says_so(engine: Engine) -> None:
    assert isinstance(error_of(engine.count(RawPrompt("x"), STOP)), NoModelError)


def test_smollm2_in_several_turns_and_after_an_edit(smollm2_engine: Engine) -> None:
    messages = talk(smollm2_engine, "Name three colours.", "東京の天気は？", "And one more, please. " * 60)
    as_counted(smollm2_engine, ChatPrompt((*messages[:2], Message("user", "Why these?"))))
    before = ChatPrompt(tuple(messages))
    for draft in ("", " ", "a", "an", "and ünïcode 🙂", "<|im_end|>", "\n\nx"):
        prompt = ChatPrompt((*messages, Message("user", draft)))
        as_counted(smollm2_engine, prompt, before=before)


def test_a_base_model_without_a_template(gemma3_engine: Engine) -> None:
    talk(gemma3_engine, "Name three colours.", "And a fourth?", "東京の天気は？")
