"""A conversation that lasts: what the real store holds after each thing that can happen, with the real engine."""

from __future__ import annotations

import inspect
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engines import events_of
from tests.support.recorded import finish
from tui.core.errors import LocalLLMError
from tui.core.events import Failed, Finished, StopReason, Token
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.services.chat_session import ChatSession
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.store.records import Attachment
from tui.store.store import Store

SHORT = GenerationParams(n_predict=8, temp=0.0, ignore_eos=True, seed=7, system_prompt="Be brief.")
OTHER = GenerationParams(n_predict=8, temp=3.0, seed=11, ignore_eos=True)
TOO_LONG = "x" * 2000


def roles(chat: RecordedChat) -> list[str]:
    """Who speaks on the open branch."""
    return [message.role for message in chat.messages]


def test_the_prompt_is_stored_before_the_reply_begins(chat: RecordedChat, store: Store) -> None:
    ticket = chat.send("hello", SHORT, [Attachment("a.txt", "seven")])
    conversation = chat.conversation
    assert conversation is not None and conversation.title == "hello"
    said, reply = store.path_to(store.conversation(conversation.id).leaf)
    assert (said.text, said.attachments) == ("hello", (Attachment("a.txt", "seven"),))
    assert reply.state == "growing" and chat.busy
    finish(chat, ticket)


def test_a_reply_is_kept_with_all_that_made_it(chat: RecordedChat, store: Store, tiny_gguf: Path) -> None:
    ticket = chat.send("hi", SHORT)
    seen = ""
    tokens = []
    for event in events_of(ticket):
        chat.absorb(event)
        if isinstance(event, Token):
            seen += event.text
            tokens.append(event.id)
            assert chat.last_reply == seen
    chat.close()
    record = store.message(chat.records[-1].id)
    assert record == chat.records[-1], "what is shown is what is stored"
    assert record.text == chat.last_reply and store.tokens(record.id) == tuple(tokens)
    reply = record.reply
    assert reply is not None and reply.stop_reason is StopReason.LENGTH and reply.timings.generated_tokens == 8
    facts = reply.facts
    assert facts.model.name == tiny_gguf.stem and facts.model.size == tiny_gguf.stat().st_size
    assert len(facts.model.header_hash) == len(facts.template_hash) == 64 and facts.build
    assert facts.seed == 7 and facts.system_prompt == "Be brief."
    params = json.loads(facts.params)
    assert params["generation"]["n_predict"] == 8 and params["load"]["n_ctx"] == 256


def test_the_same_methods_as_the_session_in_memory(chat: RecordedChat) -> None:
    finish(chat, chat.send("hi", SHORT))
    last = finish(chat, chat.send("again", SHORT))
    assert isinstance(last, Finished) and 0 < last.timings.cached_tokens < last.timings.prompt_tokens
    assert roles(chat) == ["user", "assistant"] * 2 and chat.used > 0 and not chat.busy
    assert chat.messages[0] == Message("user", "hi")
    before = chat.messages
    chat.clear()
    assert chat.messages == () and chat.conversation is None and chat.used == 0
    assert chat.restore() and chat.messages == before
    assert not chat.restore()


def test_a_front_end_can_take_it_for_the_session_in_memory(chat: RecordedChat) -> None:
    for name, method in inspect.getmembers(ChatSession):
        if name.startswith("_"):
            continue
        other = inspect.getattr_static(RecordedChat, name)
        assert isinstance(other, property) == isinstance(method, property)
        if callable(method):
            wanted = list(inspect.signature(method).parameters)
            assert list(inspect.signature(other).parameters)[: len(wanted)] == wanted
    assert chat.unsent == ""


def test_two_replies_at_once_are_refused(chat: RecordedChat) -> None:
    ticket = chat.send("hi", SHORT)
    for again in (lambda: chat.send("x", SHORT), lambda: chat.regenerate(SHORT), chat.clear):
        with pytest.raises(LocalLLMError, match="still being generated"):
            again()
    assert not chat.restore()
    finish(chat, ticket)


def test_there_is_nothing_to_go_on_with_in_an_empty_chat(chat: RecordedChat) -> None:
    with pytest.raises(LocalLLMError, match="nothing"):
        chat.regenerate(SHORT)
    with pytest.raises(LocalLLMError, match="no reply"):
        chat.continue_reply(SHORT)
    assert not chat.can_continue and chat.open_last() is None


def test_another_reply_is_a_sibling_and_one_can_walk_between_them(chat: RecordedChat) -> None:
    finish(chat, chat.send("hi", SHORT))
    first = chat.records[-1]
    finish(chat, chat.regenerate(OTHER))
    second = chat.records[-1]
    assert roles(chat) == ["user", "assistant"] and second.id != first.id
    assert (second.position, second.siblings) == (2, 2)
    assert [one.id for one in chat.siblings(second.id)] == [first.id, second.id]
    assert not chat.walk(second.id, 1)
    assert chat.walk(second.id, -1) and chat.records[-1].text == first.text
    finish(chat, chat.send("more", SHORT))
    assert len(chat.records) == 4
    assert chat.walk(first.id, 1) and chat.records[-1].id == second.id
    assert chat.walk(second.id, -1) and len(chat.records) == 4, "a branch is found as it was left"


def test_editing_what_was_said_begins_a_branch(chat: RecordedChat, store: Store) -> None:
    finish(chat, chat.send("hi", SHORT))
    finish(chat, chat.send("again", SHORT))
    old = chat.records
    finish(chat, chat.edit(old[0].id, "hello", SHORT))
    assert chat.messages[0].content == "hello" and len(chat.records) == 2
    assert chat.records[0].edited == old[0].id and chat.conversation is not None
    assert len(store.messages(chat.conversation.id)) == 6, "nothing went"
    assert chat.walk(chat.records[0].id, -1) and [r.id for r in chat.records] == [r.id for r in old]


def test_editing_a_reply_and_going_on_from_it(chat: RecordedChat, loaded: ModelHost) -> None:
    finish(chat, chat.send("hi", SHORT))
    old = chat.records[-1]
    assert chat.edit(old.id, "Well, ", SHORT) is None
    assert chat.last_reply == "Well, " and chat.can_continue
    finish(chat, chat.continue_reply(SHORT))
    assert chat.last_reply.startswith("Well, ") and len(chat.last_reply) > len("Well, ")
    reply = chat.records[-1].reply
    assert reply is not None and reply.facts.seed == 7
    assert len(chat.siblings(chat.records[-1].id)) == 3
    finish(chat, chat.send("and?", SHORT))
    assert roles(chat) == ["user", "assistant"] * 2


def test_a_reply_goes_on_from_where_it_stopped(chat: RecordedChat, store: Store) -> None:
    finish(chat, chat.send("hi", SHORT))
    first = chat.records[-1]
    ticket = chat.continue_reply(SHORT)
    assert chat.busy and chat.last_reply == first.text
    last = finish(chat, ticket)
    assert isinstance(last, Finished) and last.timings.cached_tokens > 0
    record = store.message(first.id)
    assert record.text.startswith(first.text) and len(record.text) > len(first.text) and record.state == "done"
    assert record.text == chat.last_reply and len(store.tokens(first.id)) == 16
    assert record.reply is not None and record.reply.continued == 1
    assert len(chat.records) == 2


def test_what_cannot_be_answered_at_all_is_given_back(chat: RecordedChat, store: Store) -> None:
    finish(chat, chat.send("hi", SHORT))
    last = finish(chat, chat.send(TOO_LONG, SHORT))
    assert isinstance(last, Failed) and chat.unsent == TOO_LONG and roles(chat) == ["user", "assistant"]
    assert chat.conversation is not None and store.conversation(chat.conversation.id).draft == TOO_LONG
    finish(chat, chat.send("short", SHORT))
    assert chat.unsent == "" and roles(chat) == ["user", "assistant"] * 2
    assert store.conversation(chat.conversation.id).draft == ""


def test_a_reply_again_that_fails_leaves_the_one_there_was(chat: RecordedChat) -> None:
    finish(chat, chat.send("hi", SHORT))
    kept = chat.records[-1]
    broken = GenerationParams(n_predict=8, system_prompt=TOO_LONG)
    assert isinstance(finish(chat, chat.regenerate(broken)), Failed)
    assert chat.records[-1].id == kept.id and chat.unsent == ""
    assert isinstance(finish(chat, chat.continue_reply(broken)), Failed)
    assert chat.records[-1].text == kept.text and chat.records[-1].state == "done"


def test_without_a_model_nothing_is_said(host: ModelHost, store: Store) -> None:
    chat = RecordedChat(host, store)
    last = finish(chat, chat.send("hi", SHORT))
    assert isinstance(last, Failed) and chat.unsent == "hi" and chat.messages == ()


def test_a_stopped_reply_keeps_its_text_and_one_without_a_word_goes(chat: RecordedChat) -> None:
    long = GenerationParams(n_predict=200, temp=0.0, ignore_eos=True)
    ticket = chat.send("hi", long)
    taken = []
    for event in ticket.events():
        chat.absorb(event)
        taken.append(event)
        if isinstance(event, Token) and event.text:
            ticket.cancel()
    assert isinstance(taken[-1], Finished)
    chat.close()
    reply = chat.records[-1].reply
    if taken[-1].reason is StopReason.CANCELLED:
        assert chat.records[-1].state == "done" and reply is not None and reply.stop_reason is StopReason.CANCELLED
    ticket = chat.regenerate(long)
    ticket.cancel()
    for event in events_of(ticket):
        if not isinstance(event, Token):
            chat.absorb(event)
    assert roles(chat) == ["user", "assistant"]


def test_a_conversation_is_opened_where_it_was_left(chat: RecordedChat, loaded: ModelHost, store: Store) -> None:
    finish(chat, chat.send("first", SHORT))
    finish(chat, chat.regenerate(OTHER))
    chat.walk(chat.records[-1].id, -1)
    left = chat.records
    chat.start_new()
    finish(chat, chat.send("second", SHORT))
    other = RecordedChat(loaded, store)
    last = other.open_last()
    assert last is not None and last.title == "second"
    other.open(left[0].conversation)
    assert other.records == left
    other.select(chat.records[0].id)
    assert other.conversation is not None and other.conversation.title == "second"
    with pytest.raises(LocalLLMError, match="no such conversation"):
        other.open(5)


def test_a_deleted_branch_leaves_the_one_beside_it(chat: RecordedChat) -> None:
    finish(chat, chat.send("hi", SHORT))
    kept = chat.records[-1]
    finish(chat, chat.regenerate(OTHER))
    gone = chat.records[-1].id
    chat.delete_branch(gone)
    assert chat.records[-1].id == kept.id
    chat.undo_delete_branch(gone)
    assert chat.records[-1].id == gone
    with pytest.raises(LocalLLMError, match="not in the conversation"):
        chat.delete_branch(12345)


def test_a_conversation_that_was_removed_meanwhile_is_stored_again(chat: RecordedChat, store: Store) -> None:
    finish(chat, chat.send("hi", SHORT))
    assert chat.conversation is not None
    store.delete(chat.conversation.id)
    store.purge()
    finish(chat, chat.send("still there?", SHORT))
    assert roles(chat) == ["user", "assistant"] * 2
    assert len(store.messages(chat.conversation.id)) == 4


def test_a_disk_that_fails_is_told_and_the_chat_goes_on(loaded: ModelHost, tmp_path: Path) -> None:
    path = tmp_path / "folder-in-the-way.db"
    path.mkdir()
    store = Store(path)
    chat = RecordedChat(loaded, store)
    assert any(str(path) in line for line in chat.problems)
    finish(chat, chat.send("hi", SHORT))
    finish(chat, chat.regenerate(OTHER))
    assert roles(chat) == ["user", "assistant"] and chat.walk(chat.records[-1].id, -1)
    store.close()


def test_what_one_said_twice_in_a_row_reaches_the_model_as_one_message(chat: RecordedChat, store: Store) -> None:
    conversation = store.create().id
    first = store.add_prompt(conversation, None, "a", [Attachment("n.txt", "seven")])
    store.add_prompt(conversation, first.id, "b")
    chat.open(conversation)
    prompt = chat._branch.prompt(SHORT)
    assert [message.role for message in prompt.messages] == ["system", "user"]
    assert prompt.messages[1].content == "n.txt:\n```\nseven\n```\n\na\n\nb"


_KILLED = """
import sys
from pathlib import Path
from tests.support.engines import load
from tui.core.events import Token
from tui.core.parameters import GenerationParams
from tui.services.chat_session import ChatSession
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.store.store import Store

host = ModelHost()
load(host.engine, Path(sys.argv[1]), n_ctx=256)
store = Store(Path(sys.argv[2]))
chat = RecordedChat(host, store)
params = GenerationParams(n_predict=20, temp=0.0, ignore_eos=True)
ticket = chat.send("kill me", params)
told = False
while True:
    ticket.wait(0.05)
    for event in ticket.drain():
        if isinstance(event, Token):  # as long as its end does not come the reply grows
            chat.absorb(event)
    if not told and store.path_to(store.conversation(chat.conversation.id).leaf)[-1].text:
        told = True
        print("stored", flush=True)
"""


def test_a_killed_program_leaves_an_interrupted_reply_that_can_go_on(
    loaded: ModelHost, tiny_gguf: Path, tmp_path: Path
) -> None:
    path = tmp_path / "chats.db"
    with subprocess.Popen(
        [sys.executable, "-c", _KILLED, str(tiny_gguf), str(path)], stdout=subprocess.PIPE, env=dict(os.environ)
    ) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        program.send_signal(signal.SIGKILL)
    assert line, "the program stored something"
    store = Store(path)
    chat = RecordedChat(loaded, store)
    last = chat.open_last()
    assert last is not None and last.title == "kill me"
    said, reply = chat.records
    assert said.text == "kill me" and reply.text and reply.state == "interrupted" and chat.can_continue
    finish(chat, chat.continue_reply(SHORT))
    record = store.message(reply.id)
    assert record.text.startswith(reply.text) and record.state == "done"
    store.close()
