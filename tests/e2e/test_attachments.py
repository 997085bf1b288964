"""Attachments in a real terminal: piped in, with the keyboard still the terminal's."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.e2e.test_application import GREEDY, ask, leave, reply, wait_to_be_told
from tests.support.program import environment, program
from tests.support.terminal import Terminal


def piped(home: Path, before: str, *arguments: str | Path, after: str = "") -> Terminal:
    """The program in a pipeline or with a redirection, as a shell runs it."""
    line = f"{before} {shlex.join([*program(), *map(str, arguments)])} {after}"
    return Terminal(["/bin/sh", "-c", line], env=environment(home))


def test_what_is_piped_in_is_attached_and_the_keyboard_works(
    isolated_home: Path, tmp_path: Path, smollm2: Path
) -> None:
    text = tmp_path / "x.txt"
    text.write_text("The password of the day is swordfish.\n" * 3)
    with piped(isolated_home, f"cat {text} |", "-m", smollm2, *GREEDY, "-n", "40") as terminal:
        terminal.wait_for(r"@stdin 114 B 38 tokens")
        terminal.wait_for(r"^.* ready\b")
        ask(terminal, "What is the password of the day?")
        terminal.wait_for("@stdin 114 B", absent=True)
        wait_to_be_told(terminal, r"❯ you @stdin 114 B 38 tokens What is the password of the day\?")
        terminal.wait_until(lambda: "tok/s" in reply(terminal), "the end of the reply")
        assert "swordfish" in reply(terminal)
        terminal.resize(80, 24)
        terminal.wait_for(r"F1 help")
        leave(terminal)


def test_a_redirected_file_is_attached_as_well(isolated_home: Path, tmp_path: Path) -> None:
    text = tmp_path / "x.txt"
    text.write_text("é" * 10)
    with piped(isolated_home, "", after=f"< {text}") as terminal:
        terminal.wait_for(r"@stdin 20 B ~\d+ tokens")
        terminal.press("alt+a")
        terminal.wait_for("In the prompt, @ finds files")
        terminal.press("tab", "delete")
        terminal.wait_for("@stdin", absent=True)
        terminal.press("escape")
        terminal.write("typed")
        terminal.wait_for("typed")
        leave(terminal)


def test_what_is_no_text_is_refused_with_a_line(isolated_home: Path, tmp_path: Path) -> None:
    data = tmp_path / "x.bin"
    data.write_bytes(b"\x7fELF\0\0\0")
    with piped(isolated_home, f"cat {data} |") as terminal:
        wait_to_be_told(terminal, r"stdin is not attached: it is binary \(it has NUL bytes\)")
        leave(terminal)


@pytest.mark.parametrize("keyboard", ["<&-", "< /dev/null", ""])
def test_without_a_terminal_it_says_so_and_waits_for_nothing(isolated_home: Path, keyboard: str) -> None:
    reading, writing = os.pipe()  # never ends
    try:
        done = subprocess.run(
            f"{shlex.join(program())} {keyboard}",
            shell=True, stdin=reading, capture_output=True, text=True, timeout=900, start_new_session=True,
            env={name: value for name, value in (os.environ | environment(isolated_home)).items() if value is not None},
        )  # fmt: skip
    finally:
        os.close(reading)
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == "error: the application needs a terminal. In scripts, use localllm-tui run\n"


def test_a_prompt_to_complete_may_come_that_way_or_beside_it(
    isolated_home: Path, tmp_path: Path, tiny_gguf: Path
) -> None:
    text = tmp_path / "x.txt"
    text.write_text("Once upon")
    with piped(isolated_home, "", "-m", tiny_gguf, "-n", "3", "-f", "-", after=f"< {text}") as terminal:
        terminal.wait_for("Once upon")
        terminal.press("f5")
        terminal.wait_for("Ask anything")
        assert "stdin" not in terminal.text and "standard input" not in terminal.text
        leave(terminal)
    with piped(isolated_home, "", "-m", tiny_gguf, "-n", "3", "-p", "There was", after=f"< {text}") as terminal:
        wait_to_be_told(terminal, "There was")
        terminal.wait_for("standard input goes with what is said in the chat")
        terminal.press("f5")
        terminal.wait_for("@stdin 9 B")
        leave(terminal)


def test_ctrl_c_ends_a_pipe_that_does_not_end(isolated_home: Path) -> None:
    with piped(isolated_home, "trap : INT; tail -f /dev/null |", after="; exit $?") as terminal:
        terminal.wait_for("reading standard input to its end; ctrl")
        terminal.press("ctrl+c")
        assert terminal.wait_exit() == 130
        assert terminal.left_behind() == []
