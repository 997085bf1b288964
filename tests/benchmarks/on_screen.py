"""The application as a person runs it: in a terminal of 120×40, measured from outside."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.measure import Measurement, Setup, alternate, peak_memory, percentile, spread
from tests.support.program import environment, open_program, program
from tests.support.terminal import Terminal

QUESTION = "Write a long story about a lighthouse and the sea."
_ENDED = r"\d tokens ·".encode()
_READY = r"\bready\b"
_MARKS = "§¶¤ÞÐ"


def app_decode(setup: Setup) -> Iterator[Measurement]:
    """Decode speed in the application while it draws ÷ `run` with the same settings."""
    for threads in ("auto", "2", "1"):
        options = _options(setup, threads)
        ratio, ours, theirs = alternate(
            lambda options=options: _app_speed(setup, options)[0],  # type: ignore[misc]
            lambda options=options: _run_speed(setup, options),  # type: ignore[misc]
            setup.sizes.rounds,
        )
        yield Measurement(
            f"decode in the application ÷ run, -t {threads}", ratio, at_least=0.95,
            detail=f"{ours:.1f} ÷ {theirs:.1f} tok/s",
        )  # fmt: skip


def traffic(setup: Setup) -> Iterator[Measurement]:
    """Bytes written to the terminal for each generated token."""
    per_token = [_app_speed(setup, _options(setup, "auto"))[1] for _ in range(2)]
    yield Measurement("bytes to the terminal for a token, chat", min(per_token), "bytes", at_most=80)


def first_frame(setup: Setup) -> Iterator[Measurement]:
    """Seconds from the start of the program, without a model, to its first usable frame."""
    home = _home(setup)
    frames: list[float] = []

    def frame() -> float:
        with open_program(home) as terminal:
            frames.append(terminal.wait_for("F1 help"))
        return frames[-1]

    ratio, ours, theirs = alternate(frame, _import_textual, setup.sizes.rounds)
    yield Measurement("first frame, no model, warm", ours, "s", at_most=0.7, detail=spread(frames[1:], "s"))
    yield Measurement("first frame ÷ python -c 'import textual.app'", ratio, detail=f"{ours:.2f} ÷ {theirs:.2f} s")
    frames.clear()
    for _ in range(setup.sizes.rounds):
        _forget_files()
        frame()
    yield Measurement(
        "first frame, no model, code not in the page cache", percentile(frames, 0.5), "s", detail=spread(frames, "s")
    )


def idle(setup: Setup) -> Iterator[Measurement]:
    """Processor time of the waiting application, gauges running, in per cent of one core."""
    for what, arguments in (("no model", []), ("model loaded", ["-m", str(setup.model)])):
        with open_program(_home(setup), *arguments) as terminal:
            terminal.wait_for(_READY if arguments else "no model")
            terminal.wait_for(r"available +\d")
            time.sleep(6)  # what start-up left to do, the first look for garbage too, is not idling
            before, started, written = terminal.cpu_seconds(), time.monotonic(), terminal.bytes_out
            time.sleep(setup.sizes.idle_seconds)
            seconds = time.monotonic() - started
            share = 100 * (terminal.cpu_seconds() - before) / seconds
            rate = (terminal.bytes_out - written) / seconds
        yield Measurement(f"idle, {what}", share, "% of a core", at_most=1.5, detail=f"{rate:.0f} bytes/s written")


def echo(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from a key press to its echo while a reply streams, 95th percentile."""
    times: list[float] = []
    with _chatting(setup, _options(setup, "auto", tokens=2000)) as terminal:
        for number in range(setup.sizes.samples * 2):
            mark = _MARKS[number % len(_MARKS)]
            written = terminal.bytes_out
            started = time.perf_counter()
            terminal.write(mark)
            terminal.wait_for_bytes(mark.encode(), since=written)
            times.append((time.perf_counter() - started) * 1000)
            time.sleep(0.05 + 0.013 * (number % 7))  # not in step with the application's own clock
        assert re.search(r"\bgenerating\b", terminal.text), "the reply ended too early"
    yield Measurement("key press to echo while generating, p95", percentile(times, 0.95), "ms", at_most=50,
                      detail=spread(times, "ms"))  # fmt: skip


def leave(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds from the key that quits until the process is gone, 95th percentile."""
    times: list[float] = []
    for _ in range(setup.sizes.samples // 2):
        with _chatting(setup, _options(setup, "auto", tokens=2000)) as terminal:
            started = time.perf_counter()
            terminal.press("ctrl+q")
            terminal.wait_exit()
            times.append((time.perf_counter() - started) * 1000)
    yield Measurement(
        "quit while generating, p95", percentile(times, 0.95), "ms", at_most=1000, detail=spread(times, "ms")
    )


def memory(setup: Setup) -> Iterator[Measurement]:
    """Peak resident memory in MiB."""
    options = _options(setup, "2")
    command = [*program(), "run", "--chat", *options, "-p", QUESTION]
    peak = peak_memory(command, _environment(setup))
    yield Measurement("peak resident memory, run", peak / 2**20, "MiB")
    with _chatting(setup, options) as terminal:
        terminal.wait_for_bytes(_ENDED, since=terminal.bytes_out)
        yield Measurement("peak resident memory, application", terminal.peak_memory() / 2**20, "MiB")


def _options(setup: Setup, threads: str, tokens: int = 0) -> list[str]:
    return [
        "-m", str(setup.model), "-t", threads, "-c", str(setup.sizes.n_ctx), "-n", str(tokens or setup.sizes.reply),
        "--temp", "0", "--ignore-eos",
    ]  # fmt: skip


def _chatting(setup: Setup, options: list[str]) -> Terminal:
    """The application with a reply streaming."""
    home = _home(setup)
    # The last chat would be shown again, and gone on with.
    for file in home.glob(".local/share/localllm-tui/chats.db*"):
        file.unlink()
    terminal = open_program(home, *options)
    try:
        terminal.wait_for(_READY)
        terminal.write(QUESTION)
        terminal.wait_for(re.escape(QUESTION[-10:]))
        terminal.press("enter")
        terminal.wait_for(r"\bgenerating\b")
    except TimeoutError:
        terminal.close()
        raise
    return terminal


def _app_speed(setup: Setup, options: list[str]) -> tuple[float, float]:
    """tok/s that the application shows at the end of a reply, and bytes written for each of its tokens."""
    with _chatting(setup, options) as terminal:
        before = terminal.bytes_out
        # Reading the screen costs what the program then lacks, so only the bytes are looked at until the end.
        terminal.wait_for_bytes(_ENDED, since=before)
        written = terminal.bytes_out - before
        terminal.wait_for(_READY)
        return _number(r"ready +([\d.,]+) tok/s", terminal), written / _number(r"([\d,]+) tokens ·", terminal)


def _number(pattern: str, terminal: Terminal) -> float:
    found = re.search(pattern, terminal.text)
    assert found, terminal.text
    return float(found[1].replace(",", ""))


def _run_speed(setup: Setup, options: list[str]) -> float:
    command = [*program(), "run", "--chat", *options, "-p", QUESTION]
    done = subprocess.run(command, env=_environment(setup), capture_output=True, check=True, text=True)
    found = re.search(r" eval time = .*runs.*?([\d.]+) tokens per second", done.stderr)
    assert found, done.stderr
    return float(found[1])


def _home(setup: Setup) -> Path:
    home = setup.scratch / "home"
    home.mkdir(exist_ok=True)
    return home


def _environment(setup: Setup) -> dict[str, str]:
    changes = environment(_home(setup))
    return {name: value for name, value in (os.environ | changes).items() if value is not None}


def _import_textual() -> float:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
    return time.monotonic() - started


def _forget_files() -> None:
    """Ask the system to read the program's code from the disk again."""
    for name in ("tui", "textual", "rich", "platformdirs", "tomlkit", "psutil"):
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations if spec else None) or ():
            for path in Path(folder).rglob("*.py*"):
                with path.open("rb") as file:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
