"""What the pictures show: the real program with the real starter model, brought to each view by keys."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.models import gemma3_path, smollm2_path
from tests.support.program import open_program
from tests.support.terminal import Terminal

QUESTION = "Give me three tips for a good night's sleep."
PROMPT = "The three most important things to know about the sea are:\\n\\n1."
MODEL = ("-m", "SmolLM2-135M-Instruct.Q4_1")
OPTIONS = ("--temp", "0", "-s", "1", "--ignore-eos", "-t", "1")
"""One thread: where other programs run at the same time, two wait for each other."""
_GENERATING = r"^ .* generating (?s:.)*? tok/s"


@dataclass(frozen=True, slots=True)
class Scene:
    """One view of the program.

    Attributes:
        name: the pictures' file name.
        title: what is to be seen.
        arguments: the command line.
        play: brings the program there.
        free: what the model writes begins in the row with this; empty when it writes nothing.
        exact: whether nothing in it depends on the machine.
    """

    name: str
    title: str
    arguments: tuple[str, ...]
    play: Callable[[Terminal], None]
    free: str = ""
    exact: bool = False


def _chat(terminal: Terminal) -> None:
    terminal.wait_for(r"^ .* ready\b")
    terminal.write(QUESTION)
    terminal.wait_for(re.escape(QUESTION[-12:]))
    terminal.press("enter")
    terminal.wait_for(_GENERATING)
    # Not so many that the shorter window scrolls.
    _used(terminal, 60)


def _completion(terminal: Terminal) -> None:
    # Not by -p: over another screen than the chat, the end of the load is told in a corner for some seconds.
    terminal.wait_for(r"^ .* ready\b")
    terminal.press("f5")
    terminal.wait_for("text to continue from")
    terminal.write(PROMPT)
    terminal.wait_for(re.escape(PROMPT[-12:]))
    terminal.press("enter")
    terminal.wait_for(_GENERATING)
    _used(terminal, 100)


def _models(terminal: Terminal) -> None:
    terminal.wait_for("F2 models")
    if "MODELS" in terminal.text:  # the panes are there, and their first numbers come after a moment
        terminal.wait_for(r"available +[0-9]")
    terminal.press("f2")
    terminal.wait_for("filter by name")
    terminal.wait_for(r"SmolLM2.* fits")
    terminal.wait_for(r"gemma-3-270m.* fits")
    terminal.wait_for(r"MODELS +2 .*by name")
    terminal.wait_for(r"2 models .* on disk")
    terminal.wait_for("name.* params .* memory")
    terminal.wait_for("enter load.* Esc back")
    terminal.press("down")
    terminal.wait_for("▸ +SmolLM2")
    if terminal.screen.size[0] >= 100:  # the description is beside the list
        terminal.wait_for("as llama.cpp plans it")


def _settings(terminal: Terminal) -> None:
    terminal.wait_for("F1 help")
    terminal.press("f4")
    terminal.wait_for("GENERATION")
    terminal.press("down")
    terminal.wait_for("Randomness")


def _used(terminal: Terminal, tokens: int) -> None:
    """Wait until the context holds so many tokens."""

    def reached() -> bool:
        found = re.search(r"([\d,]+) ?/ ?[\d,]+$", terminal.lines[0].rstrip())
        return found is not None and int(found[1].replace(",", "")) >= tokens

    terminal.wait_until(reached, f"{tokens} tokens in the context")


SCENES = (
    Scene("chat", "A chat while the reply streams", (*MODEL, *OPTIONS), _chat, free="● SmolLM2"),
    Scene("completion", "The completion view while it runs", (*MODEL, *OPTIONS), _completion, free="1."),
    # From the speed on, the description's words depend on the machine.
    Scene("models", "The model browser", (), _models, free="SPEED"),
    Scene("settings", "The settings form", (), _settings, exact=True),
)
"""All of them."""

SIZES = ((120, 40), (80, 24))
"""Columns and rows of the pictures."""


@contextmanager
def playing(scene: Scene, home: Path, columns: int, rows: int) -> Iterator[Terminal]:
    """The program where the scene wants it, still running.

    Args:
        scene: what to show.
        home: a home directory made by `furnish`.
        columns: width of the terminal in cells.
        rows: its height in cells.
    """
    with open_program(home, *scene.arguments, columns=columns, rows=rows) as terminal:
        scene.play(terminal)
        yield terminal


def furnish(home: Path) -> None:
    """Put models into a home directory, under the names that people know them by."""
    folder = home / "models"
    folder.mkdir(parents=True)
    for path in (smollm2_path(), gemma3_path()):
        try:
            os.link(path, folder / path.name)
        except OSError:  # another file system
            shutil.copyfile(path, folder / path.name)
