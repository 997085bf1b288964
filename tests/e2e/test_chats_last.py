"""A chat outlasts the program, however it ends: killed in the middle of a reply, it goes on at the next start."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

from tests.e2e.conftest import Start
from tests.support.terminal import Terminal
from tui.store.store import Store

QUESTION = "Tell me a long story about the sea."
KEPT = 40
"""Characters of a reply that the test waits for."""


def said(terminal: Terminal) -> str:
    """What is on the screen as one line, without the lines between the panes."""
    return " ".join(re.sub(r"[▕▏│]", " ", terminal.text).split())


def test_a_killed_program_goes_on_where_it_was(start: Start, smollm2: Path, isolated_home: Path) -> None:
    arguments = ("-m", smollm2, "--temp", "0", "-t", "1", "--ignore-eos", "-n", "4000", "-c", "8192")
    terminal = start(*arguments, columns=90)
    terminal.wait_for(r"^.* ready\b")
    terminal.write(QUESTION)
    terminal.wait_for(re.escape(QUESTION))
    terminal.press("enter")
    terminal.wait_for(r"generating")
    file = isolated_home / ".local/share/localllm-tui/chats.db"
    store = Store(file)

    def stored() -> str:
        last = store.last_conversation()
        path = store.path_to(last.leaf) if last is not None else []
        return path[-1].text if len(path) == 2 else ""

    terminal.wait_until(lambda: len(stored()) > KEPT, "a part of the reply in the store")
    os.kill(terminal.pid, signal.SIGKILL)
    terminal.wait_exit()
    text = stored()
    store.close()

    again = start(*arguments, columns=90)
    again.wait_for(r"interrupted: ctrl\+o goes on with it")
    again.wait_for(r"^.* ready\b")
    assert QUESTION in said(again)
    store = Store(file)
    last = store.last_conversation()
    assert last is not None
    prompt, reply = store.path_to(last.leaf)
    assert (prompt.text, reply.state) == (QUESTION, "interrupted")
    assert reply.text.startswith(text)

    again.press("ctrl+o")
    again.wait_until(lambda: len(store.message(reply.id).text) > len(reply.text) + KEPT, "the reply to go on")
    assert store.message(reply.id).text.startswith(reply.text)
    assert [record.id for record in store.messages(last.id)] == [prompt.id, reply.id]
    store.close()
