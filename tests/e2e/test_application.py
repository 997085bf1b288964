"""The program as a person uses it: installed, in a real terminal, with real models."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.support.damaged import (
    write_empty,
    write_html,
    write_truncated_data,
    write_truncated_header,
    write_unknown_architecture,
)
from tests.support.program import environment
from tests.support.terminal import Terminal

QUESTION = "Tell me a long story about the sea."
ANSWERING = r"^ SmolLM2-135M-Instruct .* generating "
ONE_THREAD = ("-t", "1")
"""Where other tests run at the same time, two threads wait for each other."""

GREEDY = ("--temp", "0", *ONE_THREAD)
BORDERS = ("▕", "▏")


def load(start: Start, model: Path, *arguments: str, **how: object) -> Terminal:
    """The program with a model ready to be asked."""
    terminal = start("-m", model, *arguments, **how)
    terminal.wait_for(r"^.* ready\b")
    return terminal


def ask(terminal: Terminal, text: str) -> None:
    """Type a message and send it once it is on the screen."""
    terminal.write(text)
    terminal.wait_for(re.escape(text))
    terminal.press("enter")


def pane(terminal: Terminal) -> list[str]:
    """The rows of the middle pane; the whole rows where the panes at the sides are folded away."""
    columns, rows = terminal.screen.size
    left, right = borders(terminal) or (-1, columns)
    return ["".join(terminal.screen.cell(x, y).data for x in range(left + 1, right)) for y in range(1, rows - 1)]


def said(terminal: Terminal) -> str:
    """The text of the middle pane as one line."""
    return " ".join(" ".join(pane(terminal)).split())


def wait_to_be_told(terminal: Terminal, pattern: str) -> None:
    """Wait until the middle pane says something, wherever its lines break."""
    terminal.wait_until(lambda: re.search(pattern, said(terminal)) is not None, f"{pattern!r} to be said")


def borders(terminal: Terminal) -> tuple[int, int] | None:
    """The columns in which the two borders between the panes run straight from the status line to the keys."""
    columns, rows = terminal.screen.size
    terminal.lines  # noqa: B018  # brings the screen up to date
    straight = [
        x for x in range(columns) if all(terminal.screen.cell(x, y).data in BORDERS for y in range(1, rows - 1))
    ]
    return (straight[0], straight[1]) if len(straight) == 2 else None


def reply(terminal: Terminal, heading: str = "● SmolLM2-135M-Instruct") -> str:
    """What the last reply says so far; empty when it has not begun."""
    lines = pane(terminal)[:-2]
    starts = [at for at, line in enumerate(lines) if line.strip() == heading]
    # A long reply scrolls its heading away.
    return " ".join(" ".join(lines[starts[-1] + 1 if starts else 0 :]).split())


def wait_for_growth(terminal: Terminal) -> None:
    """Wait until a reply is seen to grow."""
    terminal.wait_until(lambda: bool(reply(terminal)), "a reply")
    before = reply(terminal)
    terminal.wait_until(lambda: reply(terminal) != before, "more of the reply")


def leave(terminal: Terminal) -> None:
    """Quit, and see that everything ends and the terminal is as it was."""
    terminal.press("ctrl+q")
    assert terminal.wait_exit() == 0
    assert terminal.left_behind() == []


def test_the_main_job(start: Start, models_folder: Path, tiny_gguf: Path) -> None:
    (models_folder / tiny_gguf.name).symlink_to(tiny_gguf)
    terminal = start(*GREEDY)
    terminal.wait_for("F1 help")
    terminal.wait_for(r"SmolLM2-135M.* fits")
    terminal.wait_for(r"tiny-random.* fits")
    choose(terminal, "SmolLM2-135M")
    terminal.wait_for("SmolLM2-135M-Instruct is ready")
    terminal.wait_for(r"^ SmolLM2-135M-Instruct.* ready\b")

    terminal.press("escape")
    ask(terminal, QUESTION)
    terminal.wait_for(ANSWERING)
    wait_for_growth(terminal)
    terminal.press("escape")
    terminal.wait_for(r"■ stopped")
    assert len(reply(terminal)) > 10

    terminal.press("ctrl+r")
    terminal.wait_for(r"■ stopped", absent=True)
    terminal.wait_for(ANSWERING)
    wait_for_growth(terminal)
    assert terminal.text.count("● SmolLM2-135M-Instruct") == 1
    terminal.press("escape")
    terminal.wait_for(r"■ stopped")

    choose(terminal, "tiny-random")
    terminal.wait_for("tiny-random is ready")
    terminal.wait_for(r"^ tiny-random.* ready\b")
    leave(terminal)


def choose(terminal: Terminal, name: str) -> None:
    """Load a model from the list, with the arrow keys and Enter."""
    terminal.press("f2")
    terminal.wait_for("filter by name")
    marked = next_mark(terminal, "")
    for _ in range(len(terminal.lines)):
        if re.search(rf"{name}.* fits", marked):
            break
        terminal.press("down")
        marked = next_mark(terminal, marked)
    terminal.press("enter")


def next_mark(terminal: Terminal, before: str) -> str:
    """The marked row, once another one is marked; while the screen is drawn again there may be none."""
    terminal.wait_until(lambda: marked_row(terminal) not in ("", before), "another row to be marked")
    return marked_row(terminal)


def marked_row(terminal: Terminal) -> str:
    """The row of the model list that the mark is on, told by its background; without the other panes' text."""
    for y, line in enumerate(terminal.lines):
        if " fits" in line and terminal.screen.cell(3, y).bg != terminal.screen.cell(3, 1).bg:
            return line.partition(BORDERS[0])[0]
    return ""


def test_without_any_model_the_screen_says_what_to_do(start: Start, without_starter: Mapping[str, str]) -> None:
    terminal = start(env=without_starter, python=("-S",))
    terminal.wait_for("There is no model yet")
    terminal.wait_for(re.escape("localllm-tui[starter]"))
    terminal.wait_for("-m path/to/model.gguf")
    ask(terminal, "Hello?")
    terminal.wait_for("no model is loaded")
    leave(terminal)


def test_a_prompt_on_the_command_line_runs_in_the_completion_view(start: Start, smollm2: Path) -> None:
    terminal = start("-m", smollm2, "-p", r"Three colours:\n1. red\n2.", "-n", "12", *GREEDY)
    terminal.wait_for(r"Three colours:$")
    terminal.wait_for(r"1\. red$")
    terminal.wait_for(r"12 tokens")
    assert re.search(r"2\. \w+", terminal.text)
    leave(terminal)


def test_japanese_that_is_typed_is_shown_whole(start: Start, smollm2: Path) -> None:
    terminal = load(start, smollm2, "-n", "24", *ONE_THREAD)
    ask(terminal, "こんにちは。あなたの名前は何ですか？")
    terminal.wait_for("❯ you")
    terminal.wait_for("こんにちは。あなたの名前は何ですか？")
    terminal.wait_for(r"24 tokens|\d tokens? ·")
    assert terminal.torn() == []
    assert borders(terminal)
    leave(terminal)


def test_japanese_that_is_generated_is_shown_whole(start: Start, gemma3: Path) -> None:
    terminal = start("-m", gemma3, "-p", "日本の首都は東京です。東京には、", "-n", "80", "-s", "7", *ONE_THREAD)
    terminal.wait_for("日本の首都は東京です。東京には、")

    def over() -> bool:
        assert terminal.torn() == []
        assert "\N{REPLACEMENT CHARACTER}" not in terminal.text
        return re.search(r"\d+ tokens", terminal.text) is not None

    terminal.wait_until(over, "the end of the completion")
    written = terminal.text.split("東京には、", 1)[1]
    assert len(re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]", written)) > 30
    leave(terminal)


def write_nothing(path: Path) -> Path:
    """No file at all."""
    return path


def write_folder(path: Path) -> Path:
    """A directory under a model's name."""
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (write_nothing, "there is no file"),
        (write_folder, "is a directory|is a folder"),
        (write_empty, "is empty"),
        (write_html, "HTML|web page"),
        (write_truncated_header, "ends within its header"),
        (write_truncated_data, "is cut off"),
        (write_unknown_architecture, "nosuchmodel"),
    ],
)
def test_what_is_no_model_is_told_in_one_line(
    start: Start, isolated_home: Path, write: Callable[[Path], Path], reason: str
) -> None:
    terminal = start("-m", write(isolated_home / "x.gguf"))
    wait_to_be_told(terminal, reason)
    assert "x.gguf" in said(terminal).replace(" ", "")
    assert "Traceback" not in terminal.text
    ask(terminal, "Still there?")
    terminal.wait_for("no model is loaded")
    leave(terminal)


def test_a_context_larger_than_memory_is_told_in_one_line(start: Start, smollm2: Path) -> None:
    terminal = start("-m", smollm2, "-c", "16000000")
    wait_to_be_told(terminal, r"memory.*-c|-c.*memory")
    ask(terminal, "Still there?")
    terminal.wait_for("no model is loaded")
    leave(terminal)


def test_a_prompt_longer_than_the_context_is_told_in_one_line(start: Start, smollm2: Path) -> None:
    terminal = load(start, smollm2, "-c", "256")
    terminal.paste("All work and no play makes Jack a dull boy. " * 60)
    terminal.wait_for("dull boy")
    terminal.press("enter")
    wait_to_be_told(terminal, r"[0-9,]+ tokens too many: shorten it, or load with more \(-c\)")
    leave(terminal)


def test_quit_while_a_model_is_loading(start: Start, gemma3: Path) -> None:
    terminal = start("-m", gemma3, "--no-mmap")
    terminal.wait_for("loading")
    leave(terminal)


def test_quit_while_a_reply_is_generated(start: Start, smollm2: Path) -> None:
    terminal = load(start, smollm2, "--ignore-eos", *GREEDY)
    ask(terminal, QUESTION)
    terminal.wait_for(ANSWERING)
    wait_for_growth(terminal)
    leave(terminal)


def test_quit_while_a_prompt_is_read(start: Start, smollm2: Path) -> None:
    terminal = load(start, smollm2)
    terminal.paste("All work and no play makes Jack a dull boy. " * 250)
    terminal.wait_for("dull boy")
    terminal.press("enter")
    terminal.wait_for(r"\bprefill +[0-9]")
    leave(terminal)


def test_the_window_changes_its_size_while_a_reply_streams(start: Start, smollm2: Path) -> None:
    terminal = load(start, smollm2, "--ignore-eos", *GREEDY)
    ask(terminal, QUESTION)
    terminal.wait_for(ANSWERING)
    assert borders(terminal)
    for columns, rows in ((80, 24), (200, 50), (120, 40)):
        terminal.resize(columns, rows)
        terminal.wait_until(
            lambda rows=rows: len(terminal.lines) == rows and "F1 help" in terminal.lines[-1],  # type: ignore[misc]
            "the keys in the last row",
        )
        terminal.wait_until(lambda wide=columns >= 100: (borders(terminal) is not None) is wide, "the panes")  # type: ignore[misc]
        wait_for_growth(terminal)
        assert "generating" in terminal.lines[0]
        assert terminal.torn() == []
    terminal.press("escape")
    terminal.wait_for(r"■ stopped")
    leave(terminal)


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "screen-256color"])
def test_terminals_of_few_colours(start: Start, smollm2: Path, term: str) -> None:
    terminal = load(start, smollm2, "-n", "8", *GREEDY, term=term, env={"COLORTERM": None})
    ask(terminal, "Hi")
    terminal.wait_for(r"8 tokens ·|\d tokens? ·")
    assert re.search(rb"\x1b\[[0-9;]*[34]8;2;", terminal.raw) is None, "24-bit colour without COLORTERM"
    leave(terminal)


def test_no_color(start: Start, smollm2: Path) -> None:
    terminal = load(start, smollm2, "-n", "8", *GREEDY, env={"NO_COLOR": "1"})
    ask(terminal, "Hi")
    terminal.wait_for(r"8 tokens ·|\d tokens? ·")
    for red, green, blue in re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", terminal.raw):
        assert red == green == blue, "a colour that is not a grey"
    leave(terminal)


def test_without_a_terminal_it_says_so(isolated_home: Path) -> None:
    import os
    import subprocess

    changes = {**os.environ, **environment(isolated_home)}
    env = {name: value for name, value in changes.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-m", "tui"], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "terminal" in done.stderr
