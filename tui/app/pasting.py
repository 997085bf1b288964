"""What is pasted is text, whatever is in it: no part of it acts as a key."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from textual.events import Paste

_START, _END = "\x1b[200~", "\x1b[201~"
_SEQUENCE = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI, such as a colour
    "|\x1b[]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\\\|\x9c)"  # OSC, DCS, SOS, PM, APC: a title, a link
    "|\x1b[ -/]+[0-~]"  # such as a character set
    "|\x9b[0-?]*[ -/]*[@-~]"
)
_KEY = re.compile("(?!\x1b\\[201~)(?:\x1b\\[[0-?]*[A-Za-z~]|\x1bO.|\x1b?[^\x1b]|\x1b)", re.DOTALL)
SILENCE = 5.0
"""Seconds without a sign of the terminal, after which a key in a paste is somebody's who waits for it."""

_BREAK = re.compile("\r\n?")
_CONTROLS = {code: None for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in (0x09, 0x0A)}


def plain_text(pasted: str) -> str:
    """A pasted text without what acts on a terminal: whole escape sequences, and control characters but tab and line
    break. Line breaks are one character each.
    """
    return _BREAK.sub("\n", _SEQUENCE.sub("", pasted)).translate(_CONTROLS)


class Pasting:
    """Takes pastes out of what a terminal sends.

    Only the terminal's mark ends a paste, since nothing in it can be told from a key. (Textual ends it at the first
    Esc and takes the rest for keys; without any it keeps all that is typed from then on.) Where the mark was lost, the
    first key that comes alone after a silence ends the paste, and acts.

    Args:
        clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard = clock()
        self._parts: list[str] | None = None
        """What was pasted so far; None outside a paste."""
        self._begun = ""
        """The last characters where they begin a mark; outside a paste they were handed on already."""

    def split(self, data: str) -> Iterator[str | Paste]:
        """Tell text and keys apart.

        Args:
            data: what came; marks may be cut anywhere between two calls.

        Yields:
            What is no paste, as it came, and pastes.
        """
        silence, self._heard = self._clock() - self._heard, self._clock()
        if self._parts is not None and silence > SILENCE and _KEY.fullmatch(data):
            yield self._end()
        while data:
            if self._parts is None:
                handed, (keys, found, data) = len(self._begun), (self._begun + data).partition(_START)
                self._begun = "" if found else _beginning(keys, _START)
                if found:
                    self._parts = []
                if handed and not keys:  # the mark's other half: let Textual begin a paste and end it
                    keys = (_START + _END) if found else keys
                if keys[handed:]:
                    yield keys[handed:]
            else:
                text, found, data = (self._begun + data).partition(_END)
                self._begun = "" if found else _beginning(text, _END)
                self._parts.append(text.removesuffix(self._begun) if self._begun else text)
                if found:
                    yield self._end()

    def _end(self) -> Paste:
        text = "".join(self._parts or ()) + self._begun
        self._parts, self._begun = None, ""
        return Paste(plain_text(text))


def _beginning(text: str, mark: str) -> str:
    """The end of a text that may begin a mark."""
    return next((mark[:size] for size in range(len(mark) - 1, 0, -1) if text.endswith(mark[:size])), "")
