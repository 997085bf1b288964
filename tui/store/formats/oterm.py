"""oterm's `store.db` (https://github.com/ggozad/oterm, `src/oterm/store/`; the schemas of 0.1.6 to 0.19.0).

Tables `chat(id, name, model, system, …)` and `message(id, chat_id, author, text, images)`. The author is `user` or
`assistant` since 0.12, and `me` or `ollama` before. A conversation has no branches.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from tui.core.messages import Role
from tui.store.formats.draft import Draft, chain
from tui.store.formats.reading import FormatError, text_or_empty
from tui.store.formats.sqlite_file import columns, select

_ROLES: Mapping[str, Role] = {"user": "user", "me": "user", "assistant": "assistant", "ollama": "assistant"}


def is_oterm(connection: sqlite3.Connection) -> bool:
    """Whether a database is oterm's."""
    return {"id", "name", "model"} <= columns(connection, "chat") and {"chat_id", "author", "text"} <= columns(
        connection, "message"
    )


def read_oterm(connection: sqlite3.Connection) -> list[Draft]:
    """The conversations of the database.

    Raises:
        FormatError: a message has an author that oterm does not know.
        sqlite3.Error: SQLite cannot read it.
    """
    turns: dict[object, list[tuple[Role, str]]] = {}
    pictures: dict[object, int] = {}
    query = select("message", ("chat_id", "author", "text", "images"), columns(connection, "message"))
    for chat, author, text, images in connection.execute(query):
        role = _ROLES.get(text_or_empty(author))
        if role is None:
            raise FormatError(f"a message has the author {author}")
        turns.setdefault(chat, []).append((role, text_or_empty(text)))
        pictures[chat] = pictures.get(chat, 0) + _count(images)
    query = select("chat", ("id", "name", "model", "system"), columns(connection, "chat"))
    return [
        Draft(
            title=text_or_empty(name),
            messages=chain(turns.get(chat, ())),
            system_prompt=text_or_empty(system),
            model=text_or_empty(model),
            left_out=pictures.get(chat, 0),
        )
        for chat, name, model, system in connection.execute(query)
    ]


def _count(images: object) -> int:
    """How many pictures a message has: they are a JSON array."""
    try:
        found = json.loads(text_or_empty(images) or "[]")
    except (ValueError, RecursionError):
        return 0
    return len(found) if isinstance(found, list) else 0
