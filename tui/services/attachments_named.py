"""What is named behind an @ in a prompt and is there, but cannot be attached: a device, a pipe, a socket."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from tui.core.text import one_line
from tui.services.attachments import kind_of
from tui.services.attachments_paths import expanded

# As where one types: languages without spaces have words that begin anywhere.
_NAMED = re.compile(r'(?:^|(?<=[\s(\u2e80-\uffff]))@(?:"([^"\n]+)"?|([^\s"]+))', re.MULTILINE)
_AFTER = "),.;:!?"
_MOST = 16
"""Names that are looked at; a text with more of them is about something else."""


def refusal(name: str, base: Path) -> str:
    """Why what has this name cannot be attached, if it is there and no file; empty otherwise.

    Args:
        name: a path as typed.
        base: the folder that it is seen from.
    """
    try:
        kind = kind_of(expanded(name, base).stat().st_mode)
    except (OSError, ValueError):
        return ""
    return f"{one_line(name)} is {kind}, which cannot be attached" if kind else ""


def refused_in(text: str, base: Path, known: Collection[str] = ()) -> str:
    """The first refusal for a name in a text; empty for none.

    Args:
        text: what is to be sent.
        base: the folder where the person is.
        known: names that the person wants as text.
    """
    for found, _ in zip(_NAMED.finditer(text), range(_MOST), strict=False):
        name = found[1] or found[2]
        for typed in dict.fromkeys((name, name.rstrip(_AFTER))):
            if typed and typed not in known and (line := refusal(typed, base)):
                return line
    return ""
