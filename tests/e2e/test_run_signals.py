"""`localllm-tui run` ends when it is told to, with what was generated until then."""

from __future__ import annotations

import os
import pty
import signal
from pathlib import Path

import pytest

from tests.e2e.running import TIMEOUT, read_until, started
from tests.support.tiny_gguf import write_tiny_gguf

ENDLESS = ("-c", "8192", "--ignore-eos", "--temp", "0", "-p", "Once upon a time")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_it_generates(number: int, status: int, smollm2: Path) -> None:
    with started("run", "-m", str(smollm2), *ENDLESS) as process:
        assert process.stdout and process.stderr
        text = b""
        while len(text) < 40:
            piece = process.stdout.read(64)
            assert piece, "it does not end by itself"
            text += piece
        process.send_signal(number)
        text += process.stdout.read()
        errors = process.stderr.read().decode()
        assert process.wait(TIMEOUT) == status
    text.decode()
    assert text.startswith(b", ")
    assert "Traceback" not in errors and "error" not in errors
    # Every token that was counted was printed: the tokens of this text are words, more or less.
    assert " runs " in errors and "speed = " in errors


def test_a_signal_while_the_prompt_is_read(smollm2: Path, tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("one two three four five six seven eight " * 900)
    master, slave = pty.openpty()
    arguments = ("run", "-m", str(smollm2), "-c", "8192", "-f", str(tmp_path / "prompt.txt"))
    with started(*arguments, stderr=slave) as process:
        os.close(slave)
        shown = read_until(master, b"prompt ")
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.read() == b""
        shown += read_until(master, None)
        assert process.wait(TIMEOUT) == 130
    os.close(master)
    assert b"loading SmolLM2" in shown
    assert b"Traceback" not in shown and b"error" not in shown


def test_a_signal_while_the_model_loads(gemma3: Path) -> None:
    master, slave = pty.openpty()
    with started("run", "-m", str(gemma3), "-c", "512", "-p", "x", stderr=slave) as process:
        os.close(slave)
        shown = read_until(master, b"loading ")
        process.send_signal(signal.SIGINT)
        shown += read_until(master, None)
        assert process.wait(TIMEOUT) == 130
    os.close(master)
    assert b"Traceback" not in shown and b"error" not in shown


def test_a_signal_while_it_waits_for_a_prompt(tiny_gguf: Path, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with started("run", "-m", str(tiny_gguf), "-f", str(fifo)) as process:
        with fifo.open("wb"):  # opens when the program has opened it, too
            process.send_signal(signal.SIGINT)
            assert process.wait(TIMEOUT) == 130
        assert process.stderr and process.stderr.read() == b""


def test_the_reader_goes_away(tmp_path: Path) -> None:
    model = write_tiny_gguf(tmp_path / "tiny.gguf", ascii_only=True, n_ctx_train=16384)
    with started("run", "-m", str(model), "-c", "16384", "--ignore-eos", "-p", "x") as process:
        assert process.stdout and process.stderr
        assert len(process.stdout.read(1)) == 1
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT) == 141
