"""The program under test as a person has it: installed, in a terminal, with a home of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.terminal import Terminal

_OWN_VARIABLES = ("HF_", "HUGGINGFACE_", "LOCALLLM_", "LLAMA_ARG_", "XDG_", "PYTHON", "COVERAGE_")


def program() -> list[str]:
    """How the program is started: the installed script where there is one, or else the package."""
    script = Path(sys.executable).with_name("localllm-tui")
    return [str(script)] if script.exists() else [sys.executable, "-m", "tui"]


def environment(home: Path, **more: str | None) -> dict[str, str | None]:
    """What differs in the program's environment: another home, nothing of the person's settings, no network.

    Args:
        home: the home directory.
        more: further variables; None takes one away.
    """
    away: dict[str, str | None] = {name: None for name in os.environ if name.startswith(_OWN_VARIABLES)}
    return away | {"HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"} | more


def open_program(
    home: Path,
    *arguments: str | Path,
    columns: int = 120,
    rows: int = 40,
    env: Mapping[str, str | None] | None = None,
    term: str = "xterm-256color",
    python: Sequence[str] = (),
) -> Terminal:
    """Start the program in a terminal.

    Args:
        home: its home directory.
        arguments: its command line.
        columns: width of the terminal in cells.
        rows: its height in cells.
        env: further environment variables; None takes one away.
        term: what the terminal calls itself.
        python: options for the interpreter; the package is started with them, not the script.
    """
    argv = [sys.executable, *python, "-m", "tui"] if python else program()
    argv += map(str, arguments)
    return Terminal(argv, columns=columns, rows=rows, env=environment(home, **(env or {})), term=term)
