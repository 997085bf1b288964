"""This program's own JSON: whatever the store can hold comes back, and gives the same bytes again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.store_formats.chats import chats
from tui.store.formats.chat import Chat, renumbered
from tui.store.formats.native import read_json, write_json
from tui.store.formats.reading import FormatError
from tui.store.records import Conversation, MessageRecord


def written(*items: Chat) -> str:
    """The file."""
    return "".join(write_json(items))


def entry(**changes: object) -> dict[str, Any]:
    """A file with one message, changed."""
    message = MessageRecord(1, 0, None, "user", "hi", 5.0)
    value: dict[str, Any] = json.loads(written(Chat(Conversation(0, "", "prompt", 1.0, 2.0), (message,))))
    value["conversations"][0]["messages"][0].update(changes)
    return value


@given(st.lists(chats(), max_size=3))
def test_what_is_written_is_read_and_written_the_same(items: list[Chat]) -> None:
    text = written(*items)
    back = read_json(json.loads(text))
    assert back == items
    assert written(*back) == text
    assert written(*back).encode().decode() == text


@given(chats(), st.integers(1, 2**60), st.integers(1, 1000))
def test_the_numbers_of_a_store_do_not_show(chat: Chat, first: int, step: int) -> None:
    def number(local: int | None) -> int | None:
        return None if local is None else first + step * local

    stored = Chat(
        replace(chat.conversation, id=first, leaf=number(chat.conversation.leaf), model="m", length=7),
        tuple(
            replace(
                m,
                id=number(m.id) or 0,
                parent=number(m.parent),
                edited=number(m.edited),
                conversation=first,
                siblings=3,
            )
            for m in chat.messages
        ),
        {number(m) or 0: tokens for m, tokens in chat.tokens.items()},
    )
    assert written(stored) == written(chat)


def test_a_reply_that_still_grows_is_interrupted_in_the_copy() -> None:
    growing = MessageRecord(7, 3, None, "assistant", "so far", 5.0, state="growing")
    chat = Chat(Conversation(3, "", "prompt", 1.0, 2.0, leaf=7), (growing,))
    assert renumbered(chat).messages[0].state == "interrupted"


def test_no_conversations_are_a_file_too() -> None:
    assert read_json(json.loads(written())) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"parent": 1}, "follows message 1"),
        ({"parent": 9}, "follows message 9"),
        ({"edited": 9}, "which is missing"),
        ({"role": "tool"}, "role of message 1 of conversation 1 is none of"),
        ({"role": "system"}, "system message"),
        ({"text": 5}, "is a number, not a string"),
        ({"text": "\ud800"}, "surrogate"),
        ({"created": "now"}, "is not a number"),
        ({"created": 10**400}, "too large"),
        ({"id": 2**63}, "64 bits"),
        ({"id": True}, "64 bits"),
        ({"state": "new"}, "none of"),
        ({"attachments": [{"name": "x"}]}, "has no text"),
        ({"reply": []}, "not an object"),
        ({"tokens": [1]}, "tokens of message 1"),
        ({"tokens": "1 -2"}, "tokens of message 1"),
        ({"tokens": "4294967296"}, "32 bits"),
        ({"reply": {"facts": {"model": {"name": "m"}}, "stop_reason": "tired"}}, "none of"),
    ],
)
def test_a_damaged_message_is_refused_in_one_line(changes: dict[str, object], why: str) -> None:
    with pytest.raises(FormatError, match=why) as refused:
        read_json(entry(**changes))
    assert "\n" not in refused.value.line()


def test_a_newer_version_says_what_to_do() -> None:
    with pytest.raises(FormatError, match="Update this program"):
        read_json({**entry(), "version": 2})


def test_what_a_newer_program_adds_is_passed_over() -> None:
    assert read_json(entry(mood="good"))[0].messages[0].text == "hi"
