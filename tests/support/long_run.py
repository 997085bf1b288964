"""Much of the same in one process: `python -m tests.support.long_run WHAT MODEL`, to see whether memory grows.

Prints the resident bytes after the first tenth, which warms up, and at the end.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.support.engines import events_of, load, reply
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, Prompt, RawPrompt
from tui.engine.dry_run import resident_bytes
from tui.engine.engine import Engine

_ROOT = Path(__file__).resolve().parents[2]
_GRAMMAR = 'root ::= "yes" | "no" | [a-z]+'


def memory_growth(what: str, model: Path) -> float:
    """Resident memory at the end ÷ after the warm-up, in a process of its own.

    Args:
        what: `generations` (1,000), `loads` (60, with conversations that go to the disk within a small budget) or
            `states` (400 switches between conversations that are kept in memory within a small budget).
        model: the GGUF file.
    """
    command = [sys.executable, "-m", "tests.support.long_run", what, str(model)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True, timeout=900)
    warm, end = (int(number) for number in done.stdout.split())
    return end / warm


def _generations(engine: Engine, model: Path) -> Callable[[int], None]:
    load(engine, model, n_ctx=256, threads=1)

    def once(number: int) -> None:
        prompt: Prompt = RawPrompt(f"number {number} and some words")
        extra: dict[str, object] = {}
        if number % 3 == 1:
            prompt = ChatPrompt((Message("user", f"question {number}"),))
        if number % 10 == 5:
            extra = {"grammar": _GRAMMAR}
        elif number % 2:
            extra = {"dry_multiplier": 0.8, "repeat_penalty": 1.1, "xtc_probability": 0.5}
        reply(engine, prompt, n_predict=8, seed=number, ignore_eos="grammar" not in extra, **extra)

    return once


def _loads(engine: Engine, model: Path) -> Callable[[int], None]:
    def once(number: int) -> None:
        load(engine, model, n_ctx=256, threads=1, cache_disk=1)
        _converse(engine, number)  # a conversation goes to the disk when its model goes
        if number % 2:
            events_of(engine.unload())

    return once


def _states(engine: Engine, model: Path) -> Callable[[int], None]:
    load(engine, model, n_ctx=256, threads=1, cache_ram=1)
    return lambda number: _converse(engine, number % 40)


def _converse(engine: Engine, number: int) -> None:
    prompt = RawPrompt(f"{number} conversation " + "word after word " * 6)
    events_of(engine.generate(prompt, GenerationParams(n_predict=4, temp=0.0, ignore_eos=True), durable=True))


_KINDS: dict[str, tuple[int, Callable[[Engine, Path], Callable[[int], None]]]] = {
    "generations": (1000, _generations),
    "loads": (60, _loads),
    "states": (400, _states),
}


def main() -> None:
    """Do it, and print the two numbers."""
    times, prepare = _KINDS[sys.argv[1]]
    engine = Engine()
    once = prepare(engine, Path(sys.argv[2]))
    warm = 0
    for number in range(times):
        once(number)
        if number == times // 10:
            warm = resident_bytes()
    print(warm, resident_bytes())
    engine.close(120)


if __name__ == "__main__":
    main()
