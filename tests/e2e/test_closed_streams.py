"""Standard streams that are closed when the program starts."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.running import COMMAND, ROOT, TIMEOUT


def run_with(closing: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the program from a shell that closes some of its streams."""
    script = f'exec "$@" {closing}'
    return subprocess.run(
        ["sh", "-c", script, "sh", *COMMAND, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=TIMEOUT,
        cwd=ROOT,
    )


def test_without_standard_error_standard_output_has_the_completion_alone(tiny_gguf: Path) -> None:
    arguments = ("run", "-m", str(tiny_gguf), "-c", "128", "-n", "8", "-s", "1", "-p", "abc", "--ignore-eos")
    whole, without = run_with("", *arguments), run_with("2>&-", *arguments)
    assert without.returncode == 0 and without.stdout == whole.stdout and whole.stderr


def test_without_standard_error_what_went_wrong_is_not_said_elsewhere() -> None:
    done = run_with("2>&-", "run", "-m", "/no/such/file.gguf", "-p", "abc")
    assert done.returncode == 1 and not done.stdout


def test_without_standard_output_it_says_so(tiny_gguf: Path) -> None:
    done = run_with(">&-", "run", "-m", str(tiny_gguf), "-c", "128", "-n", "4", "-p", "abc")
    assert done.returncode == 1 and b"standard output is closed" in done.stderr


def test_without_any_stream_the_model_still_loads(tiny_gguf: Path) -> None:
    """What llama.cpp writes to standard error must not end up in a file that the program opened."""
    done = run_with("<&- >&- 2>&-", "run", "-m", str(tiny_gguf), "-c", "128", "-n", "4", "-p", "abc")
    assert done.returncode == 1
