"""`serve`: serve one model, or a folder of them, and end in good order."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType

from tui.catalogue.gguf_header import read_header
from tui.catalogue.purpose import kind_of
from tui.core.errors import LocalLLMError
from tui.core.events import Failed
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine
from tui.engine.machine import Machine
from tui.engine.sampling import sampler_names
from tui.monitor.cpu import free_cores, usable_cores
from tui.monitor.memory import available_memory
from tui.server.options import ServeOptions
from tui.server.running import Running
from tui.server.state import State
from tui.services.model_host import ModelHost
from tui.services.model_pool import Lease, ModelPool

DONE = 0


def serve(
    models: Mapping[str, Path],
    load: LoadParams,
    generation: GenerationParams,
    options: ServeOptions,
    problems: tuple[str, ...],
    notes: tuple[str, ...] = (),
) -> int:
    """Serve models until a signal asks for the end.

    Args:
        models: the files by the names that clients use; one is loaded at once, several when they are asked for.
        load: how to load them; models that make vectors are loaded for that by themselves.
        generation: how tokens are chosen where a request does not say.
        options: how to serve.
        problems: lines about settings that were left out.
        notes: lines for the person who starts it, said when it serves.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it cannot be served.
    """
    for problem in problems:
        _say(f"warning: {problem}")
    _check(generation)
    pool = ModelPool(
        models,
        lambda path: _load_params(path, load),
        lambda: ModelHost(Engine(options.parallel, Machine(usable_cores, free_cores, available_memory))),
        any_name=not options.loads_on_request,
        idle_seconds=options.sleep_idle,
    )
    closed = False
    try:
        state = State(pool, options, generation)
        running = Running(state, _say)
        with _signals(running, state) as interrupted:
            running.start()
            if not options.loads_on_request:
                _load(pool, next(iter(models)), generation, interrupted)
            if not interrupted.is_set():
                _greet(running, state, notes)
            while not running.join(0.5):
                pass
        _say("the server has ended")
    finally:
        closed = pool.close(2.0)
    if not closed:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()
        os._exit(DONE)  # a thread inside llama.cpp does not survive the interpreter's end
    return DONE


def _check(generation: GenerationParams) -> None:
    """See before any model is loaded what can be seen without one.

    Raises:
        SettingError: a sampler or a grammar of the command line makes no sense.
    """
    sampler_names(generation.samplers)
    if generation.grammar or generation.json_schema:
        from tui.engine.grammar import grammar_text  # NumPy comes with it, 10 MB

        grammar_text(generation)


def _load_params(path: Path, load: LoadParams) -> LoadParams:
    return replace(load, embeddings=load.embeddings or _makes_vectors(path), cache_disk=0)


def _makes_vectors(path: Path) -> bool:
    """Whether a file's header says that the model makes vectors; what is wrong with it is said when it is loaded."""
    with contextlib.suppress(LocalLLMError, OSError):
        return kind_of(read_header(path)) == "embedding"
    return False


def _load(pool: ModelPool, name: str, generation: GenerationParams, interrupted: threading.Event) -> None:
    _say(f"loading {name}")
    with contextlib.closing(pool.lend(name, interrupted.is_set)) as lease:
        for warning in lease.model.warnings:
            _say(f"warning: {warning}")
        if not lease.model.params.embeddings:
            _try(lease, generation)


def _try(lease: Lease, generation: GenerationParams) -> None:
    """See that requests that say nothing of their own can be answered.

    Raises:
        LocalLLMError: a sampler, a grammar or a bias of the command line makes no sense to this model.
    """
    *_, last = lease.host.engine.generate(RawPrompt("."), replace(generation, n_predict=0)).events()
    if isinstance(last, Failed):
        raise last.error


def _greet(running: Running, state: State, notes: tuple[str, ...]) -> None:
    options, names = state.options, state.models.names
    if lease := state.models.lend_loaded(names[0]):
        what, room = names[0], f", up to {lease.model.n_ctx:,} tokens of context each"
        lease.close()
    else:
        what, room = f"{len(names)} models, each loaded when it is asked for", ""
    _say(f"serving {what} at {running.address}/v1: {options.parallel} requests side by side{room}")
    if state.keys.wanted:
        _say("clients need a key")
    elif running.is_open:
        _say("warning: whoever reaches this address may use the model, since no key is wanted (--no-api-key)")
    for note in notes:
        _say(note)
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
        count = state.requests.count
        waiting = f" when {count} request{'s' * (count != 1)} {'are' if count != 1 else 'is'} done, at most"
        _say(f"ending{waiting} {state.options.stop_seconds:.0f} s; once more ends it now" if count else "ending")
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
    """Past Python's own buffer where there is a descriptor: a signal may have something to say within another line."""
    with contextlib.suppress(OSError, ValueError):
        try:
            descriptor = sys.stderr.fileno()
        except (OSError, ValueError):
            print(line, file=sys.stderr, flush=True)
        else:
            os.write(descriptor, f"{line}\n".encode(sys.stderr.encoding, sys.stderr.errors or "replace"))
