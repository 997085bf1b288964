"""`localllm-tui run` on a terminal: nothing that the model says acts on it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.running import localllm, on_terminal

PREDICT = ("-c", "512", "-n", "600", "--context-policy", "shift", "--ignore-eos", "-s", "1", "--no-perf", "-p", "x")


def test_control_characters_reach_a_pipe_and_not_a_terminal(tiny_gguf: Path) -> None:
    raw = localllm("run", "-m", str(tiny_gguf), *PREDICT).stdout
    assert b"\x1b" in raw and b"\x07" in raw  # random bytes
    status, received, errors = on_terminal("run", "-m", str(tiny_gguf), *PREDICT)
    assert (status, errors) == (0, b"")
    text = received.decode().replace("\r\n", "\n")
    assert not any(ord(character) < 0x20 and character not in "\n\t" for character in text)
    assert "^[" in text and "^G" in text


def test_the_last_line_is_ended(smollm2: Path) -> None:
    options = ("run", "-m", str(smollm2), "-c", "512", "-n", "6", "--temp", "0", "--no-perf", "-p", "Once upon a time")
    _, received, _ = on_terminal(*options)
    assert received == localllm(*options).stdout.replace(b"\n", b"\r\n") + b"\r\n"


def test_colours_on_a_terminal(tiny_gguf: Path) -> None:
    options = ("run", "-m", str(tiny_gguf), "-c", "512", "-n", "1", "--temp", "0", "--no-perf", "-p", r"a\x1b[31mb")
    coloured = b"\x1b[33ma^[[31mb\x1b[0m"
    assert on_terminal(*options, "-co", "auto")[1].startswith(coloured)
    assert on_terminal(*options, "-co")[1].startswith(coloured)
    assert on_terminal(*options, "-co", NO_COLOR="1")[1].startswith(b"a^[[31mb")
    assert b"[31mb" not in on_terminal(*options)[1]
