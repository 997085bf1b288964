"""Peak resident memory next to llama.cpp's own program."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks import llama_programs
from tests.benchmarks.measure import Measurement, Setup, peak_memory
from tests.support.program import environment, open_program, program

_CONTEXT, _PROMPT_TOKENS, _COMPLETION = 8192, 400, 64
_LLAMA_COMPLETION = {"": 326, "Gemma 3": 379}
"""MB that llama-completion took at its peak where it is not at hand: same files, context, length of prompt, threads."""
_MEGABYTE = 1_000_000


def footprint(setup: Setup) -> Iterator[Measurement]:
    """Peak resident memory above llama-completion's, in MB: 8,192 tokens of context, a prompt of 400."""
    binary = llama_programs.find("llama-completion")
    for name, path in {"": setup.model, **setup.other}.items():
        prompt = setup.scratch / "prompt.txt"
        prompt.write_text(_text(path), encoding="utf-8")
        options = [
            "-m", str(path), "-c", str(_CONTEXT), "-t", "2", "-n", str(_COMPLETION), "--temp", "0", "--ignore-eos",
            "-f", str(prompt),
        ]  # fmt: skip
        # With no conversation of its own: the prompt is what is in the file, as for `run`.
        theirs = peak_memory([binary, *options, "-no-cnv"]) / _MEGABYTE if binary else _LLAMA_COMPLETION[name]
        for what, peak, most in (("run", _run, 40), ("application", _application, 100)):
            ours = peak(setup, options) / _MEGABYTE
            yield Measurement(
                f"peak memory above llama-completion's{name and ', ' + name}, {what}", ours - theirs, "MB",
                at_most=most, detail=f"{ours:.0f} − {theirs:.0f} MB{'' if binary else ', measured before'}",
            )  # fmt: skip


def _text(model: Path) -> str:
    """A text of 400 tokens."""
    from tests.benchmarks.plain import Plain

    plain = Plain(model, 1, 512)
    words: list[str] = []
    try:
        while len(plain.tokenize(" ".join(words))) < _PROMPT_TOKENS:
            words.append(f"ship {len(words)} sails")
        return " ".join(words)
    finally:
        plain.close()


def _run(setup: Setup, options: list[str]) -> int:
    return peak_memory([*program(), "run", *options], _environment(setup))


def _application(setup: Setup, options: list[str]) -> int:
    with open_program(setup.scratch, *options) as terminal:
        terminal.wait_for(r"ready +[\d.,]+ tok/s")
        return terminal.peak_memory()


def _environment(setup: Setup) -> dict[str, str]:
    changed = os.environ | environment(setup.scratch)
    return {name: value for name, value in changed.items() if value is not None}
