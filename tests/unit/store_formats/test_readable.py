"""Markdown, plain text and OpenAI's lines: the open branch, told clearly."""

from __future__ import annotations

import json

from hypothesis import given

from tests.unit.store_formats.chats import chats
from tui.store.formats.chat import Chat
from tui.store.formats.openai import read_openai, write_openai
from tui.store.formats.readable import write_markdown, write_plain
from tui.store.formats.reading import json_lines
from tui.store.records import Attachment, Conversation, MessageRecord, ModelIdentity, Reply, ReplyFacts

REPLY = Reply(ReplyFacts(ModelIdentity("SmolLM2"), system_prompt="Be brief."))
CHAT = Chat(
    Conversation(1, "Colours", "prompt", 1_700_000_000.0, 1_700_000_100.0, leaf=3),
    (
        MessageRecord(1, 1, None, "user", "Name one.", 0.0, attachments=(Attachment("a.md", "x\n```\ny"),)),
        MessageRecord(2, 1, 1, "assistant", "Red.", 0.0, reply=REPLY),
        MessageRecord(3, 1, 1, "assistant", "Blu", 0.0, reply=REPLY, state="interrupted"),
    ),
)


def test_markdown() -> None:
    assert "".join(write_markdown([CHAT])) == (
        "# Colours\n\n*2023-11-14 22:13 UTC*\n\n## System prompt\n\nBe brief.\n\n## You\n\n"
        "a.md:\n````\nx\n```\ny\n````\n\nName one.\n\n## SmolLM2\n\nBlu\n\n*(interrupted)*\n"
    )


def test_plain_text() -> None:
    text = "".join(write_plain([CHAT, CHAT]))
    assert text.count("Colours\n2023-11-14 22:13 UTC\n\nSystem prompt:\nBe brief.\n\nYou:\n") == 2
    assert "SmolLM2:\nBlu\n(interrupted)\n" in text and "=" * 72 in text


def test_openai_lines() -> None:
    (line,) = "".join(write_openai([CHAT])).splitlines()
    messages = json.loads(line)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    assert messages[2]["content"] == "Blu"


@given(chats())
def test_any_conversation_has_one_line_and_comes_back(chat: Chat) -> None:
    text = "".join(write_openai([chat]))
    assert text.count("\n") == (1 if chat.branch() else 0)
    for draft in read_openai(json_lines(text)):
        roles = [m.role for m in draft.messages if m.role != "system"]
        assert roles == [m.role for m in chat.branch()]
    assert "".join(write_markdown([chat])) and "".join(write_plain([chat]))
