"""Text as the screen shows it: safe, and as wide in every terminal as the layout takes it to be.

Terminals disagree on the width of what is drawn from several code points: emoji with a variation selector, joined
ones, flags, keycaps, skin tones. One that is taken for another width moves everything to the right of it. So each is
shown by code points of a width that nobody doubts. The text itself, which is stored and copied, stays as it is.
"""

from __future__ import annotations

import re

from tui.core.text import INDICATORS, INVISIBLE, letter_of, one_line, printable

_NEW = (
    "\u05c8\u05c9\u0b53\u0b54\u1ade\u1adf\u1aec-\u1af0\U00010ecb-\U00010ecf\U00010ef0-\U00010ef9\U00011df0"
    "\U00018cd6-\U00018cda\U00018d1f\U00018d20\U00018e00-\U000191d2\U0001b123-\U0001b128\U0001b168"
    "\U0001d127\U0001d128\U0001d250-\U0001d252\U0001d25b\U0001d25c\U0001d25f\U0001d280\U0001d281"
    "\U0001f1ae\U0001f6d9\U0001f7da\U0001fa8b-\U0001fa8d\U0001facc\U0001fadd\U0001faeb\U0001faf9\U0001fafa"
)
"""Characters so new, or so rare, that the tables of widths differ."""

_UNSTEADY = re.compile(f"[{INVISIBLE}{_NEW}\U0001f1e6-\U0001f1ff]")
_DROPPED = re.compile(f"[{INVISIBLE}]")

NOTHING = "\u200b"
"""A character without width, where a text must keep its number of characters."""


def shown_text(text: str) -> str:
    """Running text, with its line breaks and tabs; safe to call on pieces of a stream."""
    return steady(printable(text, keep="\n\t"))


def shown_line(text: str) -> str:
    """Text as one line: a name, a path, an error."""
    return steady(one_line(text))


def steady(text: str, dropped: str = "") -> str:
    """`text` in characters that are as wide everywhere.

    Args:
        text: printable text.
        dropped: what stands for a character that is not shown.
    """
    if text.isascii():
        return text
    return _UNSTEADY.sub(lambda found: _replacement(found[0], dropped), text)


def _replacement(char: str, dropped: str) -> str:
    if ord(char) in INDICATORS:
        return letter_of(char)
    return dropped if _DROPPED.match(char) else "\N{REPLACEMENT CHARACTER}"
