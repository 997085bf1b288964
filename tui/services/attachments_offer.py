"""What can be attached under a few letters: files and folders by their names, a folder's content, a pattern."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tui.core.units import format_count
from tui.services.attachments import AttachmentError
from tui.services.attachments_named import refusal
from tui.services.attachments_paths import expanded, is_pattern, sources
from tui.services.attachments_rank import offsets, rank
from tui.services.attachments_walk import walk

MOST_OFFERS = 50
"""Offers that are made at once."""

_MOST_CHILDREN = 5000

Kind = Literal["file", "folder", "all"]
"""A file is taken; a folder is gone into; `all` takes what a folder or a pattern gives."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that can be attached.

    Attributes:
        text: as the person would type it.
        kind: what choosing it does.
        found: which of its characters were asked for.
        note: a few words on it.
    """

    text: str
    kind: Kind
    found: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """What there is.

    Attributes:
        offers: the best ones first.
        problem: why there is none, where there is more to say than that.
    """

    offers: tuple[Offer, ...]
    problem: str = ""


def offers(query: str, base: Path, known: Sequence[str], cancelled: Callable[[], bool] = lambda: False) -> Offers:
    """What a query offers; in a thread.

    Args:
        query: letters of a name, a path, or a pattern.
        base: the folder where the person is.
        known: files and folders below it, as `walk` gives them.
        cancelled: asked for each folder.
    """
    if "\0" in query:
        return Offers(())
    problem = ""
    if is_pattern(query, base):
        try:
            count = len(sources(query, base, cancelled))
        except AttachmentError as error:
            problem = error.what  # unless a file is called so: names have such characters, too
        else:
            return Offers((Offer(query, "all", note=f"{format_count(count)} file{'s' * (count != 1)}"),))
    if refused := refusal(query, base):
        return Offers((), f"{refused}; Esc leaves it as text")
    found = _inside(query, base, cancelled)
    if not query.startswith(("/", "~", ".")) and not (found and query.rpartition("/")[2][:1] in ("", ".")):
        there = {offer.text for offer in found}
        matches = (path for path in rank(query, known, MOST_OFFERS) if path not in there)
        found += [_offer(path, offsets(query, path)) for path in matches]
    # What has a line break in its name cannot be typed on.
    usable = (offer for offer in found if offer.kind == "file" or len(offer.text.splitlines()) == 1)
    best = tuple(usable)[:MOST_OFFERS]
    return Offers(best, "" if best else problem)


def _inside(query: str, base: Path, cancelled: Callable[[], bool]) -> list[Offer]:
    """What is in the folder that a path leads to."""
    if query in ("~", "..", "."):
        return [Offer(f"{query}/", "folder")]
    head, slash, tail = query.rpartition("/")
    if not slash and not query.startswith("."):
        return []
    folder = expanded(head + slash or ".", base)
    if not folder.is_dir():
        return []
    below = walk(folder, cancelled, hidden=tail.startswith("."), depth=1)
    names = [name for name, _ in zip(below, range(_MOST_CHILDREN), strict=False)]
    if tail == "..":
        names.append("../")
    start = len(head + slash)
    found = [
        _offer(head + slash + name, tuple(start + at for at in offsets(tail, name)))
        for name in rank(tail, names, MOST_OFFERS)
        if not tail.startswith(".") or name.startswith(tail)
    ]
    if slash and not tail and names:
        found.insert(0, Offer(query, "all", note="all files in it"))
    return found


def _offer(path: str, found: tuple[int, ...]) -> Offer:
    return Offer(path, "folder" if path.endswith("/") else "file", found)
