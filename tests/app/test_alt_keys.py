"""What terminals send for alt and a cursor key."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from tui.app.alt_keys import take_doubled_escapes


def keys(data: str) -> list[str]:
    """The keys that are read from what a terminal sends."""
    return [event.key for event in XTermParser().feed(data) if isinstance(event, Key)]


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ("\x1b\x1b[A", "alt+up"), ("\x1b\x1bOB", "alt+down"), ("\x1b\x1b[D", "alt+left"), ("\x1b\x1b[C", "alt+right"),
        ("\x1b\x1b[5~", "alt+pageup"), ("\x1b[1;3A", "alt+up"),
    ],
)  # fmt: skip
def test_esc_before_a_cursor_key_is_alt(sent: str, key: str) -> None:
    take_doubled_escapes()
    take_doubled_escapes()
    assert keys(sent) == [key]


def test_other_keys_stay_what_they_are() -> None:
    take_doubled_escapes()
    assert keys("\x1b[Aa\x1b[B") == ["up", "a", "down"]
