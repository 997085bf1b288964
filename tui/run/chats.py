"""`chats …`: the conversations, for scripts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tui.core.errors import StoreError
from tui.core.text import one_line
from tui.run.chats_file import write_file
from tui.run.chats_store import opened_store
from tui.run.guard import guarded
from tui.run.one_shot import DONE
from tui.run.output import Output, note
from tui.run.table import table
from tui.store.formats.exchange import export, not_there, take_in
from tui.store.formats.found import Found, read_chats
from tui.store.records import Conversation, Hit
from tui.store.store import Store

_SNIPPET = 60
"""Characters of a find that a table shows at most."""


def list_chats(*, archived: bool | None, limit: int | None, as_json: bool) -> int:
    """Print the conversations: pinned ones first, then by last use.

    Args:
        archived: only those that are archived, or are not; None for both.
        limit: how many at most; None for all.
        as_json: a JSON array instead of a table.

    Returns:
        The exit status.
    """

    def work(store: Store) -> int:
        found = store.conversations(archived=archived, limit=limit)
        headings = ("ID", "LAST USED", "MESSAGES", "TITLE", "MODEL", "MARKS")
        _show(headings, map(_row, found), map(_record, found), as_json=as_json, none="no conversations")
        return DONE

    return _with_store(work)


def search_chats(words: str, *, limit: int, as_json: bool) -> int:
    """Print the titles and messages with all of `words` in them, titles first, each newest first.

    Args:
        words: what to look for; the last one may be half a word.
        limit: how many at most.
        as_json: a JSON array instead of a table.

    Returns:
        The exit status.
    """

    def work(store: Store) -> int:
        hits = store.search(words, limit)
        headings = ("ID", "SAID", "BY", "TITLE", "TEXT")
        rows, records = map(_hit_row, hits), map(_hit_record, hits)
        _show(headings, rows, records, as_json=as_json, none=f"nothing found for {one_line(words)}")
        return DONE

    return _with_store(work)


def export_chats(ids: Sequence[int], format_: str, target: Path | None) -> int:
    """Write conversations to a file or to standard output.

    Args:
        ids: their numbers; none for all of them, archived ones included.
        format_: `json`, `md`, `txt` or `jsonl`.
        target: the file, written as a whole or not at all; None for standard output.

    Returns:
        The exit status.
    """

    def work(store: Store) -> int:
        chosen = [_existing(store, number) for number in dict.fromkeys(ids)] or store.conversations(archived=None)
        pieces = export(store, chosen, format_)
        if target is not None:
            write_file(target, pieces)
            note(f"exported {_conversations(len(chosen))} to {one_line(str(target))}")
            return DONE
        output = Output()
        for piece in pieces:
            output.write(piece)
        return DONE

    return _with_store(work)


def import_chats(files: Sequence[Path], *, as_json: bool) -> int:
    """Take the conversations of files into the store: all of them, or none where one file is wrong.

    Those that are there already, word for word, are not taken again.

    Args:
        files: what this program exported, or another one.
        as_json: a JSON array of what is in the store now instead of the numbers, one a line.

    Returns:
        The exit status.
    """

    def work(store: Store) -> int:
        found = [(file, read_chats(file)) for file in files]
        new = [not_there(store, part.chats) for _, part in found]
        taken = take_in(store, [chat for chats in new for chat in chats])
        for (file, part), chats in zip(found, new, strict=True):
            note(f"{one_line(str(file))}: {_told(part, len(chats))}")
        if as_json:
            _print_json(map(_record, taken))
        else:
            Output().write("".join(f"{conversation.id}\n" for conversation in taken))
        return DONE

    return _with_store(work, "Nothing was imported")


def _with_store(work: Callable[[Store], int], refusal: str = "") -> int:
    def whole(_: object) -> int:
        with opened_store(refusal) as store:
            return work(store)

    return guarded(whole)


def _existing(store: Store, number: int) -> Conversation:
    found = store.conversation(number)
    if found.deleted is not None:
        raise StoreError(f"Conversation {number} was deleted")
    return found


def _show(
    headings: Sequence[str],
    rows: Iterable[tuple[str, ...]],
    records: Iterable[dict[str, Any]],
    *,
    as_json: bool,
    none: str,
) -> None:
    if as_json:
        _print_json(records)
    elif shown := list(rows):
        Output().write(table([headings, *shown]))
    else:
        note(none)


def _print_json(records: Iterable[dict[str, Any]]) -> None:
    Output().write(json.dumps(list(records), indent=2, ensure_ascii=False) + "\n")


def _row(conversation: Conversation) -> tuple[str, ...]:
    marks = [word for word in ("pinned", "archived") if getattr(conversation, word)]
    return (
        str(conversation.id),
        _moment(conversation.used),
        str(conversation.length),
        one_line(conversation.title) or "(no title)",
        one_line(conversation.model),
        " ".join(marks),
    )


def _record(conversation: Conversation) -> dict[str, Any]:
    return {
        # Numbers of this size lose digits in JavaScript and in jq.
        "id": str(conversation.id),
        "title": conversation.title,
        "created": conversation.created,
        "used": conversation.used,
        "messages": conversation.length,
        "model": conversation.model,
        "pinned": conversation.pinned,
        "archived": conversation.archived,
    }


def _hit_row(hit: Hit) -> tuple[str, ...]:
    return (
        str(hit.conversation.id),
        _moment(hit.created),
        "title" if hit.message is None else hit.role,
        _cut(one_line(hit.conversation.title)),
        _cut(one_line("".join(part.text for part in hit.parts))),
    )


def _hit_record(hit: Hit) -> dict[str, Any]:
    return {
        "id": str(hit.conversation.id),
        "title": hit.conversation.title,
        "message": None if hit.message is None else str(hit.message),
        "role": None if hit.message is None else hit.role,
        "created": hit.created,
        "text": "".join(part.text for part in hit.parts),
        "found": [part.text for part in hit.parts if part.found],
    }


def _cut(text: str) -> str:
    return text if len(text) <= _SNIPPET else text[: _SNIPPET - 1].rstrip() + "…"


def _moment(seconds: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
    except (OverflowError, OSError, ValueError):
        return "?"


def _told(found: Found, new: int) -> str:
    parts = [f"{_conversations(new)} from {found.source}"]
    if there := len(found.chats) - new:
        parts.append(f"{there:,} {'was' if there == 1 else 'were'} here already")
    if found.empty:
        parts.append(f"{found.empty} without a message left out")
    if found.left_out:
        parts.append(f"{found.left_out} pictures, calls of tools and the like left out")
    return "; ".join(parts)


def _conversations(count: int) -> str:
    return f"{count:,} conversation{'' if count == 1 else 's'}"
