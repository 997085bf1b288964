"""A conversation of another program in this one's terms."""

from __future__ import annotations

import json

from tui.store.formats.chat import Chat
from tui.store.formats.draft import Draft, DraftMessage
from tui.store.records import Conversation, MessageRecord, ModelIdentity, Reply, ReplyFacts
from tui.store.titles import title_of


def adopted(draft: Draft, now: float) -> Chat:
    """A tidied draft as a conversation, numbered as in a file.

    Args:
        draft: what was read.
        now: when a message was said that has no time, in seconds since 1970; it is never before its parent.
    """
    numbers = {message.key: number for number, message in enumerate(draft.messages, 1)}
    times: dict[str, float] = {}
    messages = []
    for message in draft.messages:
        before = times[message.parent] if message.parent is not None else draft.created
        times[message.key] = message.created or before or now
        messages.append(_record(draft, message, numbers, times[message.key]))
    created = draft.created or min(times.values(), default=now)
    conversation = Conversation(
        id=0,
        title=draft.title or _title(draft),
        titled_by="person" if draft.title else "prompt",
        created=created,
        used=max(times.values(), default=created),
        leaf=numbers.get(draft.selected) or (len(messages) or None),
        length=len(messages),
        archived=draft.archived,
        settings=json.dumps({"system_prompt": draft.system_prompt}) if draft.system_prompt else "",
    )
    return Chat(conversation, tuple(messages))


def _record(draft: Draft, message: DraftMessage, numbers: dict[str, int], created: float) -> MessageRecord:
    return MessageRecord(
        id=numbers[message.key],
        conversation=0,
        parent=numbers[message.parent] if message.parent is not None else None,
        role=message.role,
        text=message.text,
        created=created,
        reply=_reply(draft, message) if message.role == "assistant" else None,
    )


def _reply(draft: Draft, message: DraftMessage) -> Reply | None:
    model = message.model or draft.model
    if not model and not draft.system_prompt:
        return None
    return Reply(ReplyFacts(ModelIdentity(model), system_prompt=draft.system_prompt))


def _title(draft: Draft) -> str:
    return title_of(next((message.text for message in draft.messages if message.role == "user"), ""))
