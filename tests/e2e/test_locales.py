"""Where the locale is C or POSIX, with and without Python's own way out of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.e2e.running import localllm

PLAIN = ({"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C", "PYTHONUTF8": "0"})
"""Python takes UTF-8 in the first two of these, whatever the locale says, and ASCII in the last one."""

COMMANDS = (
    (), ("run",), ("serve",), ("attach",), ("worker",), ("bench",), ("doctor",),
    ("models",), ("models", "list"), ("models", "show"), ("models", "search"), ("models", "pull"), ("models", "rm"),
    ("chats",), ("chats", "list"), ("chats", "search"), ("chats", "export"), ("chats", "import"), ("chats", "replay"),
    ("presets",), ("presets", "list"), ("presets", "show"), ("presets", "import"),
)  # fmt: skip


ASCII = PLAIN[-1]


def _run(plain: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """The program to its end, in one of these locales."""
    environment = {"LC_ALL": "", "LANG": "", "PYTHONIOENCODING": "", "PYTHONUTF8": "", **plain}
    return localllm(*arguments, stdin=b"", **environment)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_help_can_be_read_in_ascii(arguments: tuple[str, ...]) -> None:
    done = _run(ASCII, *arguments, "--help")
    assert done.returncode == 0 and not done.stderr
    assert done.stdout.isascii() and b"\\u2" not in done.stdout


@pytest.mark.parametrize("plain", PLAIN, ids=lambda plain: "-".join(plain.values()))
def test_chats_in_any_script_are_listed(plain: dict[str, str], tmp_path: Path) -> None:
    chat = '{"messages": [{"role": "user", "content": "天気 ─ weather"}, {"role": "assistant", "content": "晴れ"}]}\n'
    (tmp_path / "chats.jsonl").write_text(chat, encoding="utf-8")
    assert _run(plain, "chats", "import", str(tmp_path / "chats.jsonl")).returncode == 0
    done = _run(plain, "chats", "list")
    assert done.returncode == 0 and "天気 ─ weather".encode() in done.stdout


def test_an_error_on_standard_error_can_be_read() -> None:
    done = _run(ASCII, "run", "-m", "天気─x", "-p", "x")
    assert done.returncode == 1 and b"\\u" not in done.stderr and done.stderr.startswith(b"error: ")


@pytest.mark.parametrize("plain", PLAIN, ids=lambda plain: "-".join(plain.values()))
def test_no_border_is_a_number_on_the_screen(plain: dict[str, str], start: Start) -> None:
    variables = ("LC_ALL", "LANG", "PYTHONIOENCODING", "PYTHONUTF8")
    terminal = start(env={**dict.fromkeys(variables), **plain})
    terminal.wait_for("Ask anything~")
    assert "\\u2" not in terminal.text
    if plain.get("PYTHONUTF8") == "0":
        assert terminal.text.isascii() and "|-----" in terminal.text
