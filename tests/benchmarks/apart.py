"""An engine or a plain loop in a process of its own, as in the program itself.

Where more threads compute in a process than there are processors, libgomp (GNU's OpenMP, which llama.cpp's threads are
of) waits at each of the graph's barriers in the kernel instead of looking on: two engines in one process decode a third
slower at two threads than each of them alone, also while the other one has nothing to do.
"""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as llama_cpp

from tests.benchmarks.plain import PROMPT, Plain
from tests.support.engines import load, reply
from tui.core.events import Timings
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine

_here: dict[str, Any] = {}
"""In the other process: what is measured there."""


class EngineApart:
    """The engine with a model.

    Args:
        path: the GGUF file.
        sequences: how many generations it may run side by side.
        options: how it is loaded, as `LoadParams` names it.
    """

    def __init__(self, path: Path, *, sequences: int = 1, **options: Any) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin_engine, (path, sequences, options))

    def decode(self, tokens: int) -> float:
        """tok/s of a greedy decode of so many tokens."""
        return self._pool.submit(_engine_decode, tokens).result()

    def prefill(self, text: str) -> float:
        """tok/s of the evaluation of a prompt."""
        return self._pool.submit(_engine_prefill, text).result()

    def timings(self, text: str, **params: Any) -> Timings:
        """llama.cpp's figures of a reply to a raw prompt, with parameters as `GenerationParams` names them."""
        return self._pool.submit(_engine_timings, text, params).result()

    def close(self) -> None:
        """End the process."""
        self._pool.submit(_end_engine).result()
        self._pool.shutdown()


class PlainApart:
    """A plain loop with a model; arguments are those of `Plain`."""

    def __init__(self, path: Path, threads: int, n_ctx: int) -> None:
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin_plain, (path, threads, n_ctx))

    def decode(self, tokens: int) -> float:
        """tok/s of a greedy decode of so many tokens."""
        return self._pool.submit(_plain_decode, tokens).result()

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a prompt."""
        return self._pool.submit(_plain_tokenize, text).result()

    def prefill(self, text: str) -> float:
        """tok/s of the evaluation of a prompt with one call."""
        return self._pool.submit(_plain_prefill, text).result()

    def close(self) -> None:
        """End the process."""
        self._pool.submit(_end_plain).result()
        self._pool.shutdown()


# In the other process


def _begin_engine(path: Path, sequences: int, options: dict[str, Any]) -> None:
    _here["engine"] = Engine(sequences)
    load(_here["engine"], path, **options)


def _engine_timings(text: str, params: dict[str, Any]) -> Timings:
    return reply(_here["engine"], RawPrompt(text), **params).finished.timings


def _engine_decode(tokens: int) -> float:
    done = reply(_here["engine"], RawPrompt(PROMPT), n_predict=tokens, temp=0.0, ignore_eos=True)
    return done.finished.timings.decode_speed


def _engine_prefill(text: str) -> float:
    return reply(_here["engine"], RawPrompt(text), n_predict=1, temp=0.0).finished.timings.prompt_speed


def _end_engine() -> None:
    _here["engine"].close(10)


def _begin_plain(path: Path, threads: int, n_ctx: int) -> None:
    _here["log"] = llama_cpp.llama_log_callback(lambda level, text, data: None)  # has to outlive the model
    llama_cpp.llama_log_set(_here["log"], None)
    _here["plain"] = Plain(path, threads, n_ctx)


def _plain_decode(tokens: int) -> float:
    plain: Plain = _here["plain"]
    return plain.decode(plain.tokenize(PROMPT), tokens)


def _plain_tokenize(text: str) -> list[int]:
    plain: Plain = _here["plain"]
    return plain.tokenize(text)


def _plain_prefill(text: str) -> float:
    plain: Plain = _here["plain"]
    return plain.prefill(plain.tokenize(text))


def _end_plain() -> None:
    _here["plain"].close()
