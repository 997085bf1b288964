"""`serve`: load a model, serve it, and end in good order."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

from tui.catalogue.gguf_header import read_header
from tui.catalogue.purpose import kind_of
from tui.core.errors import LocalLLMError
from tui.core.events import Failed, Loaded
from tui.core.parameters import LoadParams
from tui.engine.engine import Engine
from tui.engine.machine import Machine
from tui.monitor.cpu import free_cores, usable_cores
from tui.monitor.memory import available_memory
from tui.server.options import ServeOptions
from tui.server.running import Running
from tui.server.state import State
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings

DONE, FAILED = 0, 1


def makes_vectors(model: Path) -> bool:
    """Whether a file's header says that the model makes vectors of texts; what is wrong with a file is said later."""
    with contextlib.suppress(LocalLLMError, OSError):
        return kind_of(read_header(model)) == "embedding"
    return False


def serve(settings: Settings, load: LoadParams, model: Path, options: ServeOptions, problems: tuple[str, ...]) -> int:
    """Serve a model until a signal asks for the end.

    Args:
        settings: how tokens are chosen where a request does not say.
        load: how to load it.
        model: the GGUF file.
        options: how to serve.
        problems: lines about settings that were left out.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it cannot be served.
    """
    for problem in problems:
        _say(f"warning: {problem}")
    machine = Machine(usable_cores, free_cores, available_memory)
    host = ModelHost(Engine(options.parallel, machine))
    closed = False
    try:
        state = State(host, options, settings.generation)
        running = Running(state, _say)
        with _signals(running, state) as interrupted:
            _load(host, load, model)
            if not interrupted.is_set():
                _greet(running, state)
                running.run()
        _say("the server has ended")
    finally:
        closed = host.close(2.0)
    if not closed:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(DONE)  # a thread inside llama.cpp does not survive the interpreter's end
    return DONE


def _load(host: ModelHost, params: LoadParams, model: Path) -> None:
    _say(f"loading {model.name}")
    for event in host.load(model, replace(params, cache_disk=0)).events():
        if isinstance(event, Failed):
            raise event.error
        if isinstance(event, Loaded):
            for warning in event.model.warnings:
                _say(f"warning: {warning}")


def _greet(running: Running, state: State) -> None:
    model, options = state.model, state.options
    _say(
        f"serving {state.model_name} at {running.address}/v1: {options.parallel} requests side by side, "
        f"{model.n_ctx:,} tokens of context"
    )
    if state.keys.wanted:
        _say("clients need a key")
    elif running.is_open:
        _say("warning: whoever reaches this address may use the model, since no key is wanted (--no-api-key)")
    _say("Ctrl+C ends it")


@contextlib.contextmanager
def _signals(running: Running, state: State) -> Iterator[threading.Event]:
    """A first signal lets requests finish, a second one ends them; SIGHUP reads the keys again."""
    interrupted = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        if interrupted.is_set():
            running.kill()
            return
        interrupted.set()
        if state.host.model is None:
            raise KeyboardInterrupt
        waiting = len(state.requests.running)
        _say(f"ending{f' when {waiting} requests are done; once more ends them' if waiting else ''}")
        running.stop()

    def reload(_number: int, _frame: FrameType | None) -> None:
        try:
            state.keys.reload()
            _say("the keys were read again")
        except LocalLLMError as error:
            _say(f"warning: {error.line()} The keys stay as they were.")

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    if hasattr(signal, "SIGHUP"):
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)
