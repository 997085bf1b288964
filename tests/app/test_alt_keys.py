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


def test_letters_with_alt_that_come_quickly_are_not_typed() -> None:
    take_doubled_escapes()
    assert keys("\x1bd\x1bu\x1b1") == ["alt+d", "alt+u", "alt+1"]
    parser = XTermParser()
    events = [event for part in ("\x1bd", "\x1bu") for event in parser.feed(part) if isinstance(event, Key)]
    assert [event.key for event in events] == ["alt+d", "alt+u"] and not any(event.is_printable for event in events)


def test_other_keys_stay_what_they_are() -> None:
    take_doubled_escapes()
    assert keys("\x1b[Aa\x1b[B") == ["up", "a", "down"]
