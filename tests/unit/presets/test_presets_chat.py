"""A preset in a conversation, with the real store and the real engine on the tiny model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import events_of
from tui.core.messages import Message
from tui.core.parameters import LoadParams
from tui.engine.engine import Engine
from tui.engine.ticket import Ticket
from tui.services.model_host import ModelHost
from tui.services.presets_held import Held, read_held
from tui.services.recorded_chat import RecordedChat
from tui.services.recorded_chat_opening import Opening
from tui.settings.settings import Settings
from tui.store.store import Store

TURNS = (Message("user", "Are you ready?"), Message("assistant", "Yes."))
HELD = Held("kind", {"temp": 0.0, "system_prompt": "Be kind.", "n_predict": 4, "seed": 1, "ignore_eos": True})
OTHER = Held("brief", {"temp": 0.0, "system_prompt": "Be brief.", "n_predict": 4, "seed": 1, "ignore_eos": True})


@pytest.fixture
def host(tiny_gguf: Path) -> Iterator[ModelHost]:
    """The tiny model."""
    host = ModelHost(Engine())
    for _ in events_of(host.load(tiny_gguf, LoadParams(n_ctx=512, threads=1))):
        pass
    yield host
    assert host.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    store = Store(tmp_path / "chats.db")
    yield store
    store.close()


def finish(chat: RecordedChat, ticket: Ticket) -> None:
    """Hand all events to the chat."""
    for event in events_of(ticket):
        chat.absorb(event)
    chat.close()


def test_a_chat_begins_with_the_first_turns_and_keeps_what_holds(host: ModelHost, store: Store) -> None:
    chat = RecordedChat(host, store)
    chat.hold(Opening(HELD, TURNS))
    assert chat.conversation is None and not store.conversations(), "nothing is stored before something is said"
    finish(chat, chat.send("Name a colour.", HELD.over(Settings()).generation))
    conversation = chat.conversation
    assert conversation is not None and conversation.title == "Name a colour."
    assert chat.messages[:3] == (*TURNS, Message("user", "Name a colour."))
    assert read_held(conversation.settings) == HELD
    reply = store.path_to(store.conversation(conversation.id).leaf)[-1].reply
    assert reply is not None and reply.facts.system_prompt == "Be kind."


def test_another_preset_holds_for_what_comes_next(host: ModelHost, store: Store) -> None:
    chat = RecordedChat(host, store)
    chat.hold(Opening(HELD))
    finish(chat, chat.send("one", HELD.over(Settings()).generation))
    chat.hold(Opening(OTHER, TURNS))
    assert chat.conversation is not None and read_held(chat.conversation.settings) == OTHER
    finish(chat, chat.send("two", OTHER.over(Settings()).generation))
    prompts = [record.reply.facts.system_prompt for record in chat.records if record.reply]
    assert prompts == ["Be kind.", "Be brief."] and len(chat.records) == 4, "first turns come first or not at all"
    number = chat.conversation.id
    chat.hold(Opening())
    assert store.conversation(number).settings == ""


def test_a_chat_opened_another_day_has_its_own(host: ModelHost, store: Store) -> None:
    chat = RecordedChat(host, store)
    chat.hold(Opening(HELD))
    finish(chat, chat.send("one", HELD.over(Settings()).generation))
    chat.clear()
    chat.hold(Opening())
    finish(chat, chat.send("two", Settings().replace(n_predict=2).generation))
    assert chat.conversation is not None and chat.conversation.settings == ""
    later = RecordedChat(host, store)
    found = later.open(store.conversations()[-1].id)
    assert read_held(found.settings) == HELD


def test_turns_that_are_in_the_store_are_in_their_order(store: Store) -> None:
    turns = tuple(Message("user" if n % 2 == 0 else "assistant", str(n)) for n in range(9))
    earlier = store.create()
    store.add_prompt(earlier.id, None, "before")
    begun = Opening(HELD, turns).begin(store)
    assert [message.text for message in store.path_to(begun.leaf)] == [turn.content for turn in turns]
    assert min(message.id for message in store.messages(begun.id)) > max(m.id for m in store.messages(earlier.id))


def test_what_it_will_take_is_told_with_the_first_turns(host: ModelHost, store: Store) -> None:
    chat = RecordedChat(host, store)
    params = HELD.over(Settings()).generation
    chat.hold(Opening(HELD, TURNS))
    whole, _ = chat.preview("one", params, (), None)
    assert [message.content for message in whole.messages] == ["Be kind.", "Are you ready?", "Yes.", "one"]
    assert not store.conversations()


def test_a_chat_that_goes_on_from_another_keeps_its_preset(host: ModelHost, store: Store) -> None:
    chat = RecordedChat(host, store)
    chat.hold(Opening(HELD, TURNS))
    finish(chat, chat.send("one", HELD.over(Settings()).generation))
    chat.begin_with("A summary.")
    assert chat.conversation is not None and read_held(chat.conversation.settings) == HELD
    assert [message.content for message in chat.messages] == ["A summary."]
    chat.clear()
    finish(chat, chat.send("new", OTHER.over(Settings()).generation))
    assert chat.conversation.settings == "", "a new chat begins without"
