"""A conversation as plain text: what is copied, read full screen, and given to a pager."""

from __future__ import annotations

from collections.abc import Sequence

from tui.store.formats.spoken import full_text, speaker
from tui.store.records import MessageRecord


def conversation_text(records: Sequence[MessageRecord]) -> str:
    """All messages of a branch, each under who said it, attached texts included."""
    return "\n\n".join(f"{speaker(record)}:\n{full_text(record).strip(chr(10))}" for record in records)
