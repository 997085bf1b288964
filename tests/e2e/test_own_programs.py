"""The person's own editor and pager: they get the terminal, and give it back with what was written."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.support.terminal import Terminal
from tui.services.editing import editing_dir
from tui.store.records import ModelIdentity, ReplyFacts
from tui.store.store import Store

ASKS = """#!/bin/sh
printf 'EDITOR HAS: %s.' "$(cat "$1")" > /dev/tty
read answer < /dev/tty
printf '%s\\n' "$answer" >> "$1"
"""


Environment = dict[str, str | None]
BARE: dict[str, tuple[str, ...]] = {"python": ("-S",)}


@pytest.fixture
def editor(tmp_path: Path, without_starter: dict[str, str]) -> Environment:
    """The environment with an editor that shows the text, and adds the line that is typed."""
    path = tmp_path / "an editor"
    path.write_text(ASKS)
    path.chmod(0o755)
    return {**without_starter, "VISUAL": f"'{path}'", "EDITOR": "false"}


def type_in(terminal: Terminal, text: str) -> None:
    """Type once it is known where: with models to choose from, the list of them has the keys at first."""
    terminal.wait_for("There is no model yet|^ SmolLM2.* ready")
    terminal.write(text)
    terminal.wait_for(text)


def leave(terminal: Terminal) -> None:
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert terminal.left_behind() == []


def test_the_prompt_goes_to_the_editor_and_back(start: Start, editor: Environment) -> None:
    terminal = start(env=editor, **BARE, columns=100, rows=30)
    type_in(terminal, "first line")
    terminal.press("ctrl+x", "ctrl+e")
    terminal.wait_for(r"EDITOR HAS: first line\.")
    assert len(list(editing_dir().iterdir())) == 1
    terminal.resize(120, 34)
    terminal.send("second 東京\r")
    terminal.wait_for("❯ first line")
    terminal.wait_for("second 東京")
    terminal.wait_until(lambda: "F1 help" in terminal.lines[33], "the screen in its new size")
    assert terminal.torn() == []
    assert not list(editing_dir().iterdir())
    assert b"\x1b]52;" not in terminal.raw, "the chord has put nothing on the clipboard"
    leave(terminal)


def test_a_reply_goes_on_while_the_editor_is_open(start: Start, smollm2: Path, editor: Environment) -> None:
    terminal = start("-m", smollm2, "-n", "40", "--temp", "0", "-t", "1", env=editor)
    terminal.wait_for(r"^.* ready\b")
    type_in(terminal, "Tell me a long story about the sea.")
    terminal.press("enter")
    terminal.wait_for("● SmolLM2-135M-Instruct")
    terminal.write("next")
    terminal.wait_for("❯ next")
    terminal.press("alt+e")
    terminal.wait_for(r"EDITOR HAS: next\.")
    mark = len(terminal.raw)
    # All of the reply is generated and stored while somebody else has the terminal.
    database = next(Path(os.environ["HOME"]).rglob("chats.db"))
    terminal.wait_until(lambda: is_over(database), "the reply to be stored to its end")
    assert b"40 tok" not in terminal.raw[mark:]
    terminal.send("one\r")
    terminal.wait_for(r"40 tok")
    terminal.wait_for("❯ next")
    leave(terminal)


def is_over(database: Path) -> bool:
    """Whether the store knows why the reply ended."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        return bool(store.execute("SELECT 1 FROM reply WHERE stop_reason <> ''").fetchall())


def test_what_was_in_the_editor_when_the_program_was_killed_is_offered(start: Start, editor: Environment) -> None:
    first = start(env=editor, **BARE)
    type_in(first, "precious")
    first.press("alt+e")
    first.wait_for(r"EDITOR HAS: precious\.")
    os.kill(first.pid, signal.SIGKILL)
    first.wait_exit()
    second = start(env=editor, **BARE)
    second.wait_for("alt\\+e opens it there again")
    second.press("alt+e")
    second.wait_for(r"EDITOR HAS: precious\.")
    second.send("words\r")
    second.wait_for("❯ precious")
    second.wait_for("words")
    leave(second)


def test_an_editor_that_fails_changes_nothing(start: Start, without_starter: dict[str, str]) -> None:
    terminal = start(env={**without_starter, "EDITOR": "false", "VISUAL": None}, **BARE)
    type_in(terminal, "hello")
    terminal.press("alt+e")
    terminal.wait_for("false ended with status 1")
    terminal.wait_for("❯ hello")
    leave(terminal)
    terminal = start(env={**without_starter, "EDITOR": "no-such-editor", "VISUAL": None}, **BARE)
    type_in(terminal, "hello")
    terminal.press("alt+e")
    terminal.wait_for("no-such-editor is not here")
    leave(terminal)


def test_what_is_not_utf_8_is_opened_again(start: Start, tmp_path: Path, without_starter: dict[str, str]) -> None:
    path = tmp_path / "editor"
    path.write_text(
        '#!/bin/sh\nif [ -e "$0.gone" ]; then rm "$1"; exit; fi\n'
        "printf 'EDITOR HAS: %s.' \"$(cat -v \"$1\" | tr '\\n' ' ')\" > /dev/tty\nread answer < /dev/tty\n"
        '[ "$answer" = bad ] && printf \'caf\\351\' > "$1" || printf \'%s\' "$answer" > "$1"\n'
    )
    path.chmod(0o755)
    env = {**without_starter, "VISUAL": str(path)}
    terminal = start(env=env, **BARE)
    type_in(terminal, "hello")
    terminal.press("alt+e")
    terminal.wait_for(r"EDITOR HAS: hello ?\.")
    terminal.send("bad\r")
    terminal.wait_for("The text is not UTF-8; alt\\+e opens")
    leave(terminal)
    again = start(env=env, **BARE)
    again.wait_for("alt\\+e opens it there again")
    again.wait_for("❯ hello")
    again.press("alt+e")
    again.wait_for(r"EDITOR HAS: cafM-i  hello ?\.")
    again.send("café\r")
    again.wait_for("❯ café")
    Path(f"{path}.gone").touch()
    again.press("alt+e")
    again.wait_for("cannot be read back")
    assert "opens what was saved" not in again.text
    assert "❯ café" in again.text
    leave(again)


def test_ctrl_c_in_the_other_program_is_not_meant_for_us(
    start: Start, tmp_path: Path, without_starter: dict[str, str]
) -> None:
    path = tmp_path / "editor"
    path.write_text(
        "#!/bin/sh\ntrap 'echo INTERRUPTED > /dev/tty' INT\necho READY > /dev/tty\n" + "read x < /dev/tty\n" * 2
    )
    path.chmod(0o755)
    terminal = start(env={**without_starter, "EDITOR": str(path), "VISUAL": None}, **BARE)
    type_in(terminal, "hello")
    terminal.press("alt+e")
    terminal.wait_for("READY")
    terminal.press("ctrl+c")
    terminal.wait_for("INTERRUPTED")
    terminal.send("\r\r")
    terminal.wait_for("nothing was changed in the editor")
    terminal.wait_for("❯ hello")
    leave(terminal)


def test_the_completion_view_has_the_same_key(start: Start, editor: Environment) -> None:
    terminal = start(env=editor, **BARE)
    terminal.wait_for("There is no model yet")
    terminal.press("f5", "alt+e")
    terminal.wait_for(r"EDITOR HAS: \.")
    terminal.send("Once upon\r")
    terminal.wait_for("Once upon$")
    terminal.wait_for("edited: enter goes on from here")
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert not list(editing_dir().iterdir())


def test_a_pager_gets_the_text_without_what_acts_on_a_terminal(
    start: Start, tmp_path: Path, without_starter: dict[str, str]
) -> None:
    store = Store()
    said = store.add_prompt(store.create().id, None, "A question")
    reply = store.begin_reply(said.id, ReplyFacts(ModelIdentity("tiny")))
    store.finish_reply(reply.id, "An \x1b[31manswer\x1b]0;title\x07 東京\n\tindented")
    store.close()
    pager = tmp_path / "pager"
    pager.write_text('#!/bin/sh\ncat > "$0.got"\nprintf "PAGER HAS IT" > /dev/tty\nread x < /dev/tty\n')
    pager.chmod(0o755)
    terminal = start(env={**without_starter, "PAGER": str(pager)}, **BARE)
    terminal.wait_for("An ")
    terminal.press("alt+v")
    terminal.wait_for(r"READ  the last reply")
    terminal.press("p")
    terminal.wait_for("PAGER HAS IT")
    assert (tmp_path / "pager.got").read_text() == "An ^[[31manswer^[]0;title^G 東京\n\tindented\n"
    terminal.send("\r")
    terminal.wait_for(r"READ  the last reply")
    leave(terminal)
