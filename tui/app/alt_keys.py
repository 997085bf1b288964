"""alt and a letter or a digit, alt and a cursor key, as the keys they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from textual import _ansi_sequences
from textual._xterm_parser import XTermParser
from textual.events import Paste
from textual.message import Message

from tui.app.pasting import Pasting

_DOUBLED = re.compile("\x1b\x1b(?:\\[|O)(?:(?P<letter>[ABCDFH])|(?P<number>[56])~)")
_LETTERS = re.compile("(?:\x1b[a-z0-9])+")


def take_alt_digits() -> None:
    """Let terminals say alt+1 to alt+9.

    Every terminal sends Esc and the digit for them. Textual takes that for what WezTerm sends on macOS for Option and
    a digit, and would type a character such as the trade mark sign.
    """
    sequences = cast("dict[str, Any]", _ansi_sequences.ANSI_SEQUENCES_KEYS)
    for digit in "123456789":
        sequences.pop(f"\x1b{digit}", None)


def take_doubled_escapes() -> None:
    """Let terminals say alt and a cursor key by putting Esc before the key, as PuTTY and rxvt do.

    Textual would take that for Esc, and then the key alone. Of two letters with alt within a tenth of a second, as a
    key that is held gives them, it would type the first. What is pasted is taken out before. To be called before the
    application runs.
    """
    plain = XTermParser.feed

    def feed(parser: XTermParser, data: str) -> Iterable[Message]:
        if not data:  # the end
            yield from plain(parser, data)
            return
        for part in vars(parser).setdefault("pasting", Pasting()).split(data):
            messages = plain(parser, _as_keys(part)) if isinstance(part, str) else (part,)
            yield from (message for message in messages if not isinstance(message, Paste) or message.text)

    if not hasattr(plain, "doubled"):
        feed.doubled = True  # type: ignore[attr-defined]
        cast("Any", XTermParser).feed = feed


def _as_keys(data: str) -> str:
    if _LETTERS.fullmatch(data):
        data = "".join(f"\x1b[{ord(letter)};3u" for letter in data[1::2])
    return _DOUBLED.sub(_as_xterm, data)


def _as_xterm(found: re.Match[str]) -> str:
    """The same key as xterm says it, with the modifier in a number."""
    letter, number = found["letter"], found["number"]
    return f"\x1b[1;3{letter}" if letter else f"\x1b[{number};3~"
