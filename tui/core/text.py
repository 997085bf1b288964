"""Untrusted text made safe to show: what a terminal would obey becomes something a person can read."""

from __future__ import annotations

import re

# C0 and C1 controls, line and paragraph separators, bidirectional overrides and isolates (they reorder what
# follows, so that a file name can look like another), and halves of a surrogate pair, which no terminal can take.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

INVISIBLE = "\u00ad\u200d\u20e3\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0000-\U000e007f"
"""Soft hyphens, joiners, keycaps, variation selectors, skin tones, tags, as a part of an expression's set: the screen
shows what stands before them without."""

INDICATORS = range(0x1F1E6, 0x1F200)
"""Two of these characters are a flag; each is shown as the letter that it stands for."""

_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")


def printable(text: str, *, keep: str = "") -> str:
    """`text` without anything that acts on a terminal; safe to call on pieces of a stream.

    Args:
        text: model output, a file name, metadata of a file: anything others wrote.
        keep: control characters to leave as they are, such as a line break and a tab for running text.

    Returns:
        The text with each such character as caret notation (`^[` for escape, as `cat -v` writes it) or as its number
        (`\\x9b`, `\\u202e`); half a surrogate pair as U+FFFD.
    """
    return _UNSAFE.sub(lambda found: found[0] if found[0] in keep else _visible(found[0]), text)


def letter_of(indicator: str) -> str:
    """The letter that one half of a flag stands for."""
    return chr(ord("A") + ord(indicator) - INDICATORS.start)


def one_line(text: str) -> str:
    """`text` as one safe line: every run of white space becomes one space."""
    return printable(" ".join(text.split()))


def well_formed(text: str) -> str:
    """`text` as every encoder of UTF-8 takes it.

    Python puts half surrogate pairs for bytes of the command line that the locale does not know: where they are UTF-8
    after all, they become the characters that were meant, and otherwise U+FFFD.
    """
    return _NO_BYTE.sub("\N{REPLACEMENT CHARACTER}", text).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20 or code == 0x7F:
        return "^" + chr(code ^ 0x40)
    if 0xD800 <= code <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
