"""Colours and attributes of text (SGR), set with as few bytes as it takes.

A style is the parameters that set it after a reset, joined by semicolons; the empty text is the terminal's own style.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

RESET = "\x1b[m"

_SEEN_ON_BLANKS = frozenset(("4", "5", "6", "7", "9", "21", "51", "52", "53"))
"""Underlined, blinking, reversed, struck through, framed, overlined."""


class Style(NamedTuple):
    """A style in its parts.

    Attributes:
        attributes: such as bold.
        color: what sets the colour of the text; empty for the terminal's own.
        background: likewise, behind it.
    """

    attributes: tuple[str, ...]
    color: str
    background: str

    def __str__(self) -> str:
        return ";".join(part for part in (*self.attributes, self.color, self.background) if part)


@lru_cache(4096)
def parts_of(style: str) -> Style:
    """Take a style apart."""
    attributes: list[str] = []
    color = background = ""
    codes = iter(style.split(";") if style else ())
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes, "")
            code = ";".join((code, kind, *(next(codes, "") for _ in range(3 if kind == "2" else 1))))
        number = int(code.partition(";")[0])
        if 30 <= number <= 39 or 90 <= number <= 97:
            color = code
        elif 40 <= number <= 49 or 100 <= number <= 107:
            background = code
        else:
            attributes.append(code)
    return Style(tuple(attributes), color, background)


@lru_cache(4096)
def on_blanks(style: str) -> str:
    """What of a style can be seen where there is only space."""
    attributes, color, background = parts_of(style)
    seen = tuple(code for code in attributes if code in _SEEN_ON_BLANKS)
    return str(Style(seen, color if seen else "", background))


@lru_cache(4096)
def change(now: str, wanted: str, blank: bool = False) -> tuple[str, str]:
    """How to come from one style to another.

    Args:
        now: the style that holds.
        wanted: the one to come to.
        blank: whether only spaces follow, of which the colour does not matter.

    Returns:
        The sequence, and the style that holds then.
    """
    if now == wanted or (blank and on_blanks(now) == wanted):
        return "", now
    old, new = parts_of(now), parts_of(wanted)
    if blank and not _SEEN_ON_BLANKS.intersection(old.attributes + new.attributes):
        new = Style(old.attributes, old.color, new.background)
    codes = [code for code in new.attributes if code not in old.attributes]
    if old.color != new.color:
        codes.append(new.color or "39")
    if old.background != new.background:
        codes.append(new.background or "49")
    less = not set(old.attributes) <= set(new.attributes)
    if not codes and not less:
        return "", now
    sequence = f"\x1b[{';'.join(codes)}m"
    anew = f"\x1b[0;{wanted}m" if wanted else RESET
    if less or len(anew) < len(sequence):
        return anew, wanted
    return sequence, str(new)
