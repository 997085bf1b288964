"""What is pasted acts as text only, however the terminal cuts it."""

from __future__ import annotations

import time

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Event, Key, Paste

from tui.app.alt_keys import take_doubled_escapes
from tui.app.pasting import SILENCE, Pasting

START, END = "\x1b[200~", "\x1b[201~"
LOG = "one \x1b[31mRED\x1b[0m \x1b]0;title\x07two\x07\r\nthree\x1b]8;;http://x\x1b\\link\x1b\tfour\r東京\x00\x9b1mfive\x1b"
PLAIN = "one RED two\nthreelink\tfour\n東京five"


def told(parts: list[str]) -> list[str]:
    """Keys by name, pastes by text."""
    take_doubled_escapes()
    parser = XTermParser()
    events = [event for part in parts for event in parser.feed(part)]
    assert all(isinstance(event, Event) for event in events)
    return [
        event.text if isinstance(event, Paste) else event.key for event in events if isinstance(event, (Key, Paste))
    ]


def test_nothing_in_a_paste_acts() -> None:
    assert told([f"a{START}{LOG}{END}b"]) == ["a", PLAIN, "b"]
    assert told([f"{START}{END}x"]) == ["x"]


@pytest.mark.parametrize("at", range(1, len(START + LOG + END)))
def test_it_may_be_cut_anywhere(at: int) -> None:
    sent = START + LOG + END
    assert told([sent[:at], sent[at:] + "\x1b[A"]) == [PLAIN, "up"]


def test_it_may_come_in_single_characters() -> None:
    assert told(list(f"x{START}{LOG}{END}{START}more{END}y")) == ["x", PLAIN, "more", "y"]


def test_after_its_end_keys_are_keys() -> None:
    assert told([f"{START}a{END}\r{END}", "\x1bd\x1bu", "\x1b\x1b[A"]) == ["a", "enter", "alt+d", "alt+u", "alt+up"]


def test_a_long_one_is_instant() -> None:
    long = "\x1b[1mline\x1b]\x1b[0m\r\n" * 10_000
    began = time.process_time()
    (text,) = told([START, *(long[at : at + 4096] for at in range(0, len(long), 4096)), END])
    assert text == "line]\n" * 10_000
    assert time.process_time() - began < 2


def test_one_that_never_ends_gives_the_keys_back() -> None:
    now = [0.0]
    pasting = Pasting(lambda: now[0])

    def split(data: str) -> list[str]:
        return [part if isinstance(part, str) else f"<{part.text}>" for part in pasting.split(data)]

    assert split(f"{START}lost") == []
    now[0] += SILENCE - 1
    assert split("x") == []
    now[0] += SILENCE + 1
    assert split("the rest of it\r") == []  # it was only late
    now[0] += SILENCE + 1
    assert split("\x1b[A") == ["<lostxthe rest of it\n>", "\x1b[A"]
    assert split("b") == ["b"]
    assert split(f"{START}again{END}") == ["<again>"]
    assert split(f"{START}late") == []
    now[0] += SILENCE + 1
    assert split(END) == ["<late>"]
