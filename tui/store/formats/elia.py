"""elia's `elia.sqlite` (https://github.com/darrenburns/elia, `elia_chat/database/models.py`; 0.4 to 1.10.0).

Tables `chat(id, model, title, started_at, archived)` and `message(id, chat_id, role, content, timestamp, meta,
parent_id, model)`. Versions before 1.0 call the roles `human` and `ai`, and have neither `parent_id` nor `archived`.
Times are UTC.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime

from tui.core.messages import Role
from tui.store.formats.draft import Draft, DraftMessage
from tui.store.formats.reading import FormatError, seconds_or_none, text_or_empty
from tui.store.formats.sqlite_file import columns, select

_ROLES: Mapping[str, Role] = {
    "user": "user", "human": "user", "assistant": "assistant", "ai": "assistant", "system": "system",
}  # fmt: skip


def is_elia(connection: sqlite3.Connection) -> bool:
    """Whether a database is elia's."""
    return {"id", "model", "title"} <= columns(connection, "chat") and {"id", "chat_id", "role", "content"} <= columns(
        connection, "message"
    )


def read_elia(connection: sqlite3.Connection) -> list[Draft]:
    """The conversations of the database.

    Raises:
        FormatError: a message has a role that elia does not know.
        sqlite3.Error: SQLite cannot read it.
    """
    messages: dict[object, list[DraftMessage]] = {}
    left_out: dict[object, int] = {}
    wanted = ("id", "chat_id", "role", "content", "timestamp", "parent_id", "model")
    for number, chat, role, text, time, parent, model in connection.execute(
        select("message", wanted, columns(connection, "message"))
    ):
        before = messages.setdefault(chat, [])
        previous = before[-1].key if before else None
        follows = str(parent) if parent is not None else previous
        if role == "tool":  # of a conversation that elia took over from ChatGPT
            left_out[chat] = left_out.get(chat, 0) + 1
            before.append(DraftMessage(str(number), follows, "user", ""))
            continue
        if role not in _ROLES:
            raise FormatError(f"a message has the role {role}")
        before.append(
            DraftMessage(str(number), follows, _ROLES[role], text_or_empty(text), _seconds(time), text_or_empty(model))
        )
    query = select("chat", ("id", "model", "title", "started_at", "archived"), columns(connection, "chat"))
    return [
        Draft(
            title=text_or_empty(title),
            messages=tuple(messages.get(chat, ())),
            created=_seconds(started),
            model=text_or_empty(model),
            archived=bool(archived),
            left_out=left_out.get(chat, 0),
        )
        for chat, model, title, started, archived in connection.execute(query)
    ]


def _seconds(time: object) -> float | None:
    try:
        moment = datetime.fromisoformat(text_or_empty(time))
        return seconds_or_none(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError):
        return None
