"""Summing up a conversation: every word is read once, in parts that fit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.services.summary import Summary, opening

TALK = (Message("user", "Name three colours."), Message("assistant", "Red, green and blue."))


def test_a_short_conversation_is_one_prompt() -> None:
    summary = Summary(TALK, 4096)
    assert not summary.done and summary.fraction == 0
    (asked,) = summary.prompt.messages
    assert "User: Name three colours.\n\nAssistant: Red, green and blue." in asked.content
    summary.take(" They named colours.\n")
    assert summary.done and summary.fraction == 1 and summary.text == "They named colours."


@given(
    texts=st.lists(st.text(max_size=400), min_size=1, max_size=30),
    n_ctx=st.integers(1024, 4096),
    a_token=st.floats(0.5, 3.0),
)
def test_a_long_one_is_read_in_parts_that_fit(texts: list[str], n_ctx: int, a_token: float) -> None:
    messages = [Message("user" if n % 2 == 0 else "assistant", text) for n, text in enumerate(texts)]
    summary, read = Summary(messages, n_ctx), ""
    for _ in range(1000):
        if summary.done:
            break
        while len(summary.prompt.messages[0].content) * a_token > summary.room:
            if not summary.too_long(int(len(summary.prompt.messages[0].content) * a_token)):
                return
        content = summary.prompt.messages[0].content
        assert not read or "what was said so far" in content
        before = summary.fraction
        part = summary._part
        summary.take("what was said so far")
        assert summary.fraction > before
        read += part
    spoken = ("User", "Assistant")
    assert read == "\n\n".join(f"{spoken[n % 2]}: {text.strip()}" for n, text in enumerate(texts))


def test_it_is_plain_text_with_an_end() -> None:
    summary = Summary(TALK, 1000)
    params = summary.params(GenerationParams(n_predict=-1, context_policy="shift", grammar="root ::= x", temp=0.3))
    assert (params.n_predict, params.context_policy, params.grammar, params.temp) == (250, "stop", "", 0.3)
    assert summary.answer + summary.room == 1000


def test_the_chat_that_goes_on_names_the_one_before() -> None:
    assert opening("Three colours", "They named colours.").startswith("Summary of “Three colours”")
    assert "earlier chat" in opening("", "x")
