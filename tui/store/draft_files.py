"""What is attached to prompts that are not sent yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from tui.core.text import well_formed
from tui.store.database import Change
from tui.store.records import Attachment, DraftFile

_NUMBERS = range(-(2**63), 2**63)
"""What SQLite can keep."""


def draft_files(connection: sqlite3.Connection, conversation: int | None) -> tuple[DraftFile, ...]:
    """Those of a conversation, in order; for None those of a new one."""
    rows = connection.execute(
        "SELECT name, text, size, note, path, modified FROM draft_file WHERE conversation IS ? ORDER BY id",
        (conversation,),
    )
    return tuple(DraftFile(Attachment(name, text), *rest) for name, text, *rest in rows)


def write_draft_files(change: Change, conversation: int | None, files: Sequence[DraftFile]) -> None:
    """Keep these in the place of those that are kept."""
    change.run("DELETE FROM draft_file WHERE conversation IS ?", conversation)
    for file in files:
        change.run(
            """INSERT INTO draft_file (conversation, name, text, size, note, path, modified)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            conversation,
            well_formed(file.attachment.name),
            well_formed(file.attachment.text),
            file.size,
            well_formed(file.note),
            well_formed(file.path),
            file.modified if file.modified in _NUMBERS else 0,
        )
