"""What a terminal really sends for alt and a digit, and what it gets for its clipboard."""

from __future__ import annotations

import base64

from tests.e2e.conftest import Start
from tui.store.records import ModelIdentity, ReplyFacts
from tui.store.store import Store

CODE = 'print("東京")\n\tx\x1b[31m'


def test_alt_and_a_digit_copy_a_block_of_code(start: Start, without_starter: dict[str, str]) -> None:
    store = Store()
    said = store.add_prompt(store.create().id, None, "A question")
    reply = store.begin_reply(said.id, ReplyFacts(ModelIdentity("tiny")))
    store.finish_reply(reply.id, f"First:\n\n```py\none\n```\n\nThen:\n\n```py\n{CODE}\n```\n\nThat is all.")
    store.close()
    terminal = start(env=without_starter, python=("-S",), columns=80, rows=60)
    terminal.wait_for("That is all")
    terminal.wait_for(r"^ ?2 ▏ print")
    for number, text in ((1, "one"), (2, CODE)):
        terminal.press(f"alt+{number}")
        terminal.wait_for(f"copied code block {number}")
        assert b"\x1b]52;c;" + base64.b64encode(text.encode()) + b"\x07" in terminal.raw
    assert "™" not in terminal.text
    terminal.press("ctrl+f")
    terminal.wait_for("in this chat")
    terminal.write("東京")
    terminal.wait_for("1/1")
    terminal.press("tab")
    terminal.wait_for("1/1", absent=True)
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert terminal.left_behind() == []
