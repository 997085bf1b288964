"""What a person names with a path, a folder or a pattern such as `src/*.py`."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tui.core.text import one_line
from tui.core.units import format_count
from tui.services.attachments import AttachmentCancelledError, AttachmentError
from tui.services.attachments_limits import MOST_FILES
from tui.services.attachments_walk import walk

_MAGIC = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how it is called: as the person would type it."""

    path: Path
    name: str


def expanded(text: str, base: Path) -> Path:
    """A path as typed, `~` included, seen from a folder."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:  # `~nobody`
        path = Path(text)
    return base / path


def is_pattern(text: str, base: Path) -> bool:
    """Whether it is a pattern, and not the name of something that is there."""
    return bool(_MAGIC.search(text)) and not os.path.lexists(expanded(text, base))


def sources(text: str, base: Path, cancelled: Callable[[], bool] = lambda: False) -> list[Source]:
    """The files that are meant; in a thread.

    A file is taken whatever it is called. In a folder, and with a pattern, what .gitignore files leave out is left
    out, and so are hidden files that are not named.

    Args:
        text: a path, a folder, or a pattern with `*`, `?`, `[a-z]` and `**` for any folders.
        base: the folder that it is seen from.
        cancelled: asked for each folder.

    Raises:
        AttachmentCancelledError: `cancelled` said so.
        AttachmentError: there is no such thing, or too much of it.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise AttachmentError("There is nothing to attach", hint="name a file, a folder, or a pattern such as src/*.py")
    path = expanded(text, base)
    if is_pattern(text, base):
        return _limited(text, _matching(text, base, cancelled), cancelled)
    if path.is_dir():
        inside = os.path.join(text, "")
        below = (Source(path / name, inside + name) for name in walk(path, cancelled) if not name.endswith("/"))
        return _limited(text, below, cancelled)
    return [Source(path, text)]


def _limited(text: str, found: Iterator[Source], cancelled: Callable[[], bool]) -> list[Source]:
    files = list(islice(found, MOST_FILES + 1))
    what = one_line(text)
    if cancelled():
        raise AttachmentCancelledError(f"{what} was left out")
    if not files:
        raise AttachmentError(
            f"{what} gives no files",
            why="hidden ones, and what .gitignore leaves out, count only when they are named",
        )
    if len(files) > MOST_FILES:
        most = format_count(MOST_FILES)
        raise AttachmentError(f"{what} gives more than {most} files", hint="name fewer, such as docs/*.md")
    return files


def _matching(text: str, base: Path, cancelled: Callable[[], bool]) -> Iterator[Source]:
    parts = text.split("/")
    at = next(number for number, part in enumerate(parts) if _MAGIC.search(part))
    inside, wanted = "".join(f"{part}/" for part in parts[:at]), parts[at:]
    if wanted[-1] in ("", "**"):  # `src/**` and `src*/` mean the files in there
        wanted = [*(part for part in wanted if part), *(["**"] if wanted[-1] == "" else []), "*"]
    try:
        matches = re.compile(_expression(wanted)).fullmatch
    except re.error:
        raise AttachmentError(f"{one_line(text)} is no pattern", hint="what stands in brackets is a range") from None
    root = expanded(inside or ".", base)
    hidden = any(part.startswith(".") for part in wanted)
    depth = None if "**" in wanted else len(wanted)
    for name in walk(root, cancelled, hidden=hidden, depth=depth):
        if not name.endswith("/") and matches(name):
            yield Source(root / name, inside + name)


def _expression(parts: list[str]) -> str:
    """A regular expression for relative paths; names that begin with a dot are matched by a dot alone."""
    whole = ""
    for number, part in enumerate(parts):
        if part == "**":
            whole += r"(?:(?!\.)[^/]+/)*" if parts[number - 1 : number] != ["**"] else ""
        else:
            whole += _name(part) + ("/" if number < len(parts) - 1 else "")
    return whole


def _name(part: str) -> str:
    part = re.sub(r"\*+", "*", part)
    pieces = ["" if part.startswith(".") else r"(?!\.)"]
    at = 0
    while at < len(part):
        char = part[at]
        end = part.find("]", at + 2) if char == "[" else -1
        if end > 0:
            inside = part[at + 1 : end].replace("\\", "\\\\").replace("[", r"\[")
            negated = inside[:1] in ("!", "^")
            pieces.append(f"(?!/)[{'^' if negated else ''}{inside[1:] if negated else inside}]")
            at = end
        else:
            pieces.append({"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char))
        at += 1
    return "".join(pieces)
