"""A conversation: what it holds after each thing that can happen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import events_of
from tui.core.errors import LocalLLMError
from tui.core.events import Failed, Finished, StopReason, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.engine.ticket import Ticket
from tui.services.chat_session import ChatSession
from tui.services.model_host import ModelHost

SHORT = GenerationParams(n_predict=8, temp=0.0, ignore_eos=True)


def finish(session: ChatSession, ticket: Ticket) -> Finished | Failed:
    """Hand all events to the session; the last one."""
    last = None
    for event in events_of(ticket):
        session.absorb(event)
        last = event
    assert isinstance(last, Finished | Failed)
    return last


def test_a_reply_grows_and_settles(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    ticket = session.send("hi", SHORT)
    assert session.busy and session.messages[0] == Message("user", "hi")
    seen = ""
    for event in events_of(ticket):
        session.absorb(event)
        if isinstance(event, Token):
            seen += event.text
            assert session.last_reply == seen
    assert not session.busy
    assert [m.role for m in session.messages] == ["user", "assistant"]
    assert session.used > 0


def test_the_next_turn_sees_the_first_and_reuses_it(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    finish(session, session.send("hi", SHORT))
    last = finish(session, session.send("again", SHORT))
    assert isinstance(last, Finished)
    assert 0 < last.timings.cached_tokens < last.timings.prompt_tokens
    assert [m.role for m in session.messages] == ["user", "assistant"] * 2


def test_the_system_prompt_reaches_the_model_and_is_no_message(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    plain = finish(session, session.send("hi", SHORT))
    other = ChatSession(loaded)
    params = GenerationParams(n_predict=8, temp=0.0, system_prompt="Be brief.")
    told = finish(other, other.send("hi", params))
    assert isinstance(plain, Finished) and isinstance(told, Finished)
    assert told.timings.prompt_tokens > plain.timings.prompt_tokens
    assert all(message.role != "system" for message in other.messages)


def test_regenerate_replaces_the_last_reply(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    finish(session, session.send("hi", SHORT))
    finish(session, session.regenerate(GenerationParams(n_predict=8, temp=3.0, seed=7, ignore_eos=True)))
    assert [m.role for m in session.messages] == ["user", "assistant"]


def test_there_is_nothing_to_regenerate_in_an_empty_chat(loaded: ModelHost) -> None:
    with pytest.raises(LocalLLMError, match="nothing"):
        ChatSession(loaded).regenerate(SHORT)


def test_two_replies_at_once_are_refused(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    ticket = session.send("hi", SHORT)
    with pytest.raises(LocalLLMError, match="still"):
        session.send("more", SHORT)
    finish(session, ticket)


def test_a_stopped_reply_keeps_its_text(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    ticket = session.send("hi", GenerationParams(temp=0.0, ignore_eos=True))
    for event in ticket.events():
        session.absorb(event)
        if isinstance(event, Token) and session.last_reply:
            ticket.cancel()
        last = event
    assert isinstance(last, Finished)
    assert last.reason in (StopReason.CANCELLED, StopReason.CONTEXT_FULL)
    assert session.last_reply and not session.busy


def test_what_could_not_be_answered_is_given_back(host: ModelHost) -> None:
    session = ChatSession(host)
    assert isinstance(finish(session, session.send("hi", SHORT)), Failed)
    assert session.messages == () and not session.busy
    assert session.unsent == "hi"


def test_a_message_that_is_too_long_does_not_stand_in_the_way_of_the_next(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    finish(session, session.send("hi", SHORT))
    assert isinstance(finish(session, session.send("x" * 2000, SHORT)), Failed)
    assert session.unsent == "x" * 2000 and len(session.messages) == 2
    assert isinstance(finish(session, session.send("again", SHORT)), Finished)
    assert session.unsent == "" and len(session.messages) == 4


def test_a_reply_that_cannot_be_generated_again_leaves_the_question(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    finish(session, session.send("hi", SHORT))
    events_of(loaded.unload())
    assert isinstance(finish(session, session.regenerate(SHORT)), Failed)
    assert [m.content for m in session.messages] == ["hi"]


def test_the_conversation_outlives_a_change_of_model(loaded: ModelHost, tiny_gguf: Path) -> None:
    from tui.core.parameters import LoadParams

    session = ChatSession(loaded)
    finish(session, session.send("hi", SHORT))
    events_of(loaded.load(tiny_gguf, LoadParams(n_ctx=512)))
    assert isinstance(finish(session, session.send("again", SHORT)), Finished)
    assert len(session.messages) == 4


def test_a_cleared_chat_can_be_brought_back(loaded: ModelHost) -> None:
    session = ChatSession(loaded)
    finish(session, session.send("hi", SHORT))
    before = session.messages
    session.clear()
    assert session.messages == () and session.used == 0
    session.clear()
    assert session.restore() and session.messages == before
    assert not session.restore()
