"""A conversation's title, made from its first prompt."""

from __future__ import annotations

from tui.core.text import one_line

_LENGTH = 60


def title_of(prompt: str) -> str:
    """The first line of `prompt` that says something, cut at the end of a word; empty for an empty prompt."""
    line = next((line for line in map(one_line, prompt.splitlines()) if any(c.isalnum() for c in line)), "")
    line = line or one_line(prompt)
    if len(line) <= _LENGTH:
        return line
    cut = line[: _LENGTH - 1]
    words, _, rest = cut.rpartition(" ")
    # A language without spaces is cut where it is.
    return (words if words and len(rest) < _LENGTH // 2 else cut).rstrip(" ,;:.、。") + "…"
