"""What is attached to a prompt that is not sent: kept with its text, and looked after when one comes back to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tui.core.text import one_line
from tui.services.attachments import Attached, AttachmentError, read
from tui.store.records import DraftFile

GONE = "its file is gone"
CHANGED = "changed since"

_NAMED = 2
"""Files that are named where several are not as they were."""


def kept(items: Sequence[Attached]) -> tuple[DraftFile, ...]:
    """Attached texts as the store keeps them."""
    return tuple(DraftFile(item.attachment, item.size, item.note, item.path, item.modified) for item in items)


def brought_back(files: Sequence[DraftFile], limit: int) -> tuple[Attached, ...]:
    """Attached texts as they were, each with what became of its file; reads files, so to be called in a thread.

    Args:
        files: what was kept.
        limit: bytes of the largest text.
    """
    items = (Attached(file.attachment, file.size, file.note, file.path, file.modified) for file in files)
    return tuple(_looked_after(item, limit) for item in items)


def line_of(items: Sequence[Attached]) -> str:
    """What to tell of texts whose files are not as they were; empty when all are."""
    lines = []
    for since, words in ((CHANGED, "changed since"), (GONE, "gone")):
        names = [one_line(item.attachment.name) for item in items if item.since == since]
        if names:
            rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            several = len(names) > 1 and since == GONE
            verb = "" if since == CHANGED else "are " if several else "is "
            lines.append(f"{', '.join(names[:_NAMED])}{rest} {verb}{words}")
    return f"{'; '.join(lines)}: attached is the text as it was read then" if lines else ""


def _looked_after(item: Attached, limit: int) -> Attached:
    if not item.path:
        return item  # standard input, or a text that came back from a message
    path = Path(item.path)
    try:
        status = path.stat()
    except OSError:
        return replace(item, since=GONE)
    if (status.st_size, status.st_mtime_ns) == (item.size, item.modified):
        return item
    try:
        now = read(path, item.attachment.name, limit)
    except AttachmentError:
        return replace(item, since=CHANGED)
    same = now.attachment.text == item.attachment.text
    return replace(item, size=now.size, modified=now.modified) if same else replace(item, since=CHANGED)
