"""The engine: one thread, the only one that ever calls llama.cpp, and the queue that feeds it.

Importing this module is cheap; llama.cpp is loaded in the thread.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from tui.core.errors import CancelledError, DecodeError, LocalLLMError
from tui.core.events import Failed, ModelInfo, Unloaded
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt, Prompt, characters
from tui.engine.bindings import load_bindings
from tui.engine.fairness import Seats
from tui.engine.machine import Machine
from tui.engine.rope import check_load_params
from tui.engine.team import let_go
from tui.engine.ticket import Ticket

if TYPE_CHECKING:
    from tui.engine.questions import Questions
    from tui.engine.runtime import Runtime

_LOGGER = logging.getLogger("localllm.engine")

_LONG_COUNT = 20_000
"""Characters that take longer to count than a step of a generation should wait."""
_TURN_SECONDS = 0.001
"""How long another thread may keep the interpreter at most while this one wants it; Python's own 5 ms are a token."""
_BETWEEN_SECONDS = 0.05
"""How long commands, which take a few milliseconds each, may hold up the generations between two steps."""
_QUIET_SECONDS = 1.0
"""How long nothing is asked before conversations are kept on disk."""

Check = Callable[[Callable[[], bool]], None]
"""Looks at a file before it is loaded; its argument tells whether to give up."""
_Command = Callable[["Runtime"], None]


class Engine:
    """Loads models and generates text with them, in the background.

    Every method returns at once; what happens is told by the tickets. The thread starts with the first call.

    Args:
        sequences: how many generations may run side by side.
        machine: what is known of the machine.
    """

    def __init__(self, sequences: int = 1, machine: Machine | None = None) -> None:
        self._seats = Seats(sequences)
        self._machine = machine or Machine()
        self._commands: SimpleQueue[tuple[Ticket, _Command] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._runtime: Runtime | None = None
        self._tickets: set[Ticket] = set()
        self._closing = False

    @property
    def sequences(self) -> int:
        """How many generations may run side by side."""
        return self._seats.count

    @property
    def model(self) -> ModelInfo | None:
        """The loaded model; None while there is none."""
        runtime = self._runtime
        return runtime.info if runtime else None

    def prepare(self) -> None:
        """Load llama.cpp itself, so that the first model loads faster."""
        self._submit(lambda ticket, _runtime: ticket.close(Unloaded()))

    def load(
        self,
        path: Path,
        params: LoadParams,
        check: Check | None = None,
        begin_with: Callable[[], int | None] | None = None,
    ) -> Ticket:
        """Load a model; the one loaded before is unloaded first, and generations under way end.

        Args:
            path: the GGUF file; of a split model the first part.
            params: how to load it.
            check: called first, in the engine's thread, with what tells whether the load was cancelled meanwhile; a
                LocalLLMError of its own fails the load and leaves the loaded model as it is.
            begin_with: tells, in the engine's thread, with how many decode threads to begin where their number is
                automatic; None, as an argument or an answer, begins with all cores.

        Returns:
            A ticket: Unloaded (if a model was loaded), Loading many times, at last Loaded or Failed.
        """

        def command(ticket: Ticket, runtime: Runtime) -> None:
            check_load_params(params)
            if check is not None:
                check(lambda: ticket.cancelled)
            if ticket.cancelled:
                raise CancelledError(f"Loading {path.name} was stopped")
            runtime.load(ticket, path, params, begin_with() if begin_with else None)

        return self._submit(command)

    def unload(self) -> Ticket:
        """Unload the model and give its memory back; generations under way end.

        Returns:
            A ticket that ends with Unloaded.
        """

        def command(ticket: Ticket, runtime: Runtime) -> None:
            runtime.unload()
            ticket.close(Unloaded())

        return self._submit(command)

    @property
    def kept(self) -> Mapping[str, Path | None]:
        """Labels of the conversations that were computed for the loaded model already, and where each of them is.

        That is memory for None, or else a file, which another program may have deleted meanwhile. Any thread may ask,
        and nothing is loaded for it.
        """
        runtime = self._runtime
        return runtime.kept if runtime else {}

    def generate(
        self,
        prompt: Prompt,
        params: GenerationParams,
        *,
        durable: bool = False,
        reusable: int | None = None,
        client: str = "",
        n_probs: int | None = None,
    ) -> Ticket:
        """Generate a completion.

        Args:
            prompt: text or conversation.
            params: how to sample and when to stop.
            durable: whether the computed conversation is to be kept on disk afterwards.
            reusable: how many tokens of the prompt may be taken from what was computed before; None for all. What is
                computed in other batches is rounded otherwise, and a near tie between two tokens may then fall the
                other way.
            client: who asks, where that is not the person; the person comes first, clients in turn.
            n_probs: how many likeliest tokens are told with each token; None tells no probability at all.

        Returns:
            A ticket: Prefilling and Token many times, at last Finished or Failed.
        """
        requested = time.perf_counter()

        def command(ticket: Ticket, runtime: Runtime) -> None:
            runtime.generate(
                ticket, prompt, params, requested, durable=durable, reusable=reusable, client=client, n_probs=n_probs
            )

        return self._submit(command)

    def count(self, prompt: Prompt, params: GenerationParams, before: ChatPrompt | None = None) -> Ticket:
        """Count what a prompt would take, without evaluating it.

        A generation under way goes on: a short prompt is counted between two of its steps, a long one after it.

        Args:
            prompt: text or conversation.
            params: what happens when it does not fit, and how long the answer may be.
            before: the part of the conversation that was there before; None for nothing.

        Returns:
            A ticket that ends with Counted or Failed.
        """
        long = characters(prompt) > _LONG_COUNT

        def command(ticket: Ticket, runtime: Runtime) -> None:
            if ticket.cancelled:
                raise CancelledError("The prompt changed meanwhile")
            if long and runtime.busy:
                self._commands.put((ticket, partial(command, ticket)))
            else:
                runtime.count(ticket, prompt, params, before)

        return self._submit(command, interrupts=False)

    def set_sequences(self, count: int, own: int = 0, check: Check | None = None) -> Ticket:
        """Let another number of generations run side by side, with the same loaded model; those under way end.

        Args:
            count: at least 1.
            own: how many of them are the person's alone, whatever clients ask.
            check: called first, as in `load`; after a failure of it everything goes on as before.

        Returns:
            A ticket that ends with Loaded, with Unloaded where no model is loaded, or with Failed.
        """

        def command(ticket: Ticket, runtime: Runtime) -> None:
            if check is not None:
                check(lambda: ticket.cancelled)
            seats = Seats(count, own)
            runtime.set_seats(ticket, seats)
            self._seats = seats

        return self._submit(command)

    def embed(self, texts: Sequence[str | Sequence[int]]) -> Ticket:
        """Turn texts into vectors, with a model that was loaded for that.

        Args:
            texts: each as text or as tokens.

        Returns:
            A ticket that ends with Embedded or Failed.
        """
        return self._submit(lambda ticket, runtime: runtime.embed(ticket, texts))

    def ask(self, question: Callable[[Questions], object]) -> Ticket:
        """Ask the loaded model something that needs no evaluation, such as the tokens of a text.

        Args:
            question: called in the engine's thread between two steps, so that it must be short.

        Returns:
            A ticket that ends with Answered or Failed.
        """
        return self._submit(lambda ticket, runtime: runtime.ask(ticket, question), interrupts=False)

    def adjust(self, generation: Ticket, params: GenerationParams) -> Ticket:
        """Let a generation under way go on with other parameters, from its next token on.

        Args:
            generation: its ticket.
            params: the new parameters.

        Returns:
            A ticket that ends with Adjusted, or with Failed when the parameters make no sense or it is over; the
            generation then goes on as it was.
        """
        return self._submit(lambda ticket, runtime: runtime.adjust(ticket, generation, params))

    def force(self, generation: Ticket, text: str = "") -> Ticket:
        """Let a generation under way say something next, as if the model had chosen it, and go on from there.

        Args:
            generation: its ticket; of a conversation.
            text: what to say; empty for what ends its reasoning and begins its answer.

        Returns:
            A ticket that ends with Adjusted, or with Failed when it is over or does not think; it then goes on as it
            was.
        """
        return self._submit(lambda ticket, runtime: runtime.force(ticket, generation, text))

    def time_state(self) -> Ticket:
        """Measure what saving and bringing back the computed conversation costs.

        Returns:
            A ticket that ends with StateTimed or Failed.
        """
        return self._submit(lambda ticket, runtime: runtime.time_state(ticket))

    def set_adapters(self, lora: Sequence[str], check: Check | None = None) -> Ticket:
        """Lay other LoRA adapters over the loaded model without loading it again; generations under way end.

        Args:
            lora: `FILE` or `FILE:SCALE` each; empty takes all away.
            check: called first, as in `load`.

        Returns:
            A ticket that ends with Loaded or Failed. After Failed the adapters are as they were.
        """
        wanted = tuple(lora)

        def command(ticket: Ticket, runtime: Runtime) -> None:
            if check is not None and runtime.info is not None:
                check(lambda: ticket.cancelled)
            if ticket.cancelled:
                raise CancelledError("Laying the adapters over the model was stopped")
            runtime.set_adapters(ticket, wanted)

        return self._submit(command)

    def close(self, timeout: float = 1.0) -> bool:
        """End everything and free the model.

        Args:
            timeout: most seconds to wait for the thread.

        Returns:
            Whether the thread ended in time.
        """
        self._closing = True
        for ticket in list(self._tickets):
            ticket.cancel()
        if (thread := self._thread) is None:
            return True
        self._commands.put(None)
        thread.join(timeout)
        return not thread.is_alive()

    def _submit(self, command: Callable[[Ticket, Runtime], None], *, interrupts: bool = True) -> Ticket:
        """Put a command in line; `interrupts` is whether cancelling it ends an evaluation early."""
        ticket = Ticket(on_cancel=self._interrupt if interrupts else None)
        self._tickets.add(ticket)
        self._commands.put((ticket, lambda runtime: command(ticket, runtime)))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
            self._thread.start()
        return ticket

    def _interrupt(self) -> None:
        if self._runtime:
            self._runtime.interrupt()

    # The engine's thread

    def _run(self) -> None:
        # After each call into llama.cpp the interpreter has to be had back from whichever thread computes meanwhile.
        sys.setswitchinterval(min(sys.getswitchinterval(), _TURN_SECONDS))
        while not self._closing:
            runtime = self._runtime
            if runtime and runtime.busy:
                self._perform_waiting()
                self._step(runtime)
            else:
                # Other threads add to the set meanwhile: going through a copy, which is made in one go, is safe.
                self._tickets.difference_update([ticket for ticket in list(self._tickets) if ticket.over])
                self._wait(runtime)
        if self._runtime:
            self._runtime.unload()
        while not self._commands.empty():
            if item := self._commands.get_nowait():
                item[0].close(Failed(CancelledError("The program is closing")))

    def _wait(self, runtime: Runtime | None) -> None:
        """Wait for the next command. When none comes for a while, what is not on disk yet goes there."""
        if runtime:
            let_go()
        try:
            self._perform(self._commands.get(timeout=_QUIET_SECONDS if runtime and runtime.unsaved else None))
        except Empty:
            if runtime:
                _save(runtime)

    def _perform_waiting(self) -> None:
        """Perform all that was asked meanwhile: the prompts of clients who come together are evaluated together."""
        until = time.perf_counter() + _BETWEEN_SECONDS
        with contextlib.suppress(Empty):
            while time.perf_counter() < until:
                self._perform(self._commands.get_nowait())

    def _perform(self, item: tuple[Ticket, _Command] | None) -> None:
        if item is None:
            return
        ticket, command = item
        try:
            command(self._loaded_runtime())
        except LocalLLMError as error:
            ticket.close(Failed(error))
        except Exception as error:
            _LOGGER.exception("a command failed")
            ticket.close(Failed(_unexpected(error)))

    def _step(self, runtime: Runtime) -> None:
        try:
            runtime.step()
        except Exception as error:
            _LOGGER.exception("a step failed")
            runtime.fail_all(_unexpected(error))

    def _loaded_runtime(self) -> Runtime:
        if self._runtime is None:
            load_bindings()
            from tui.engine.runtime import Runtime

            self._runtime = Runtime(self._seats, self._machine)
        return self._runtime


def _save(runtime: Runtime) -> None:
    try:
        runtime.save()
    except Exception:  # a copy of what is in memory: nothing depends on it
        _LOGGER.exception("a conversation could not be kept on disk")


def _unexpected(error: Exception) -> LocalLLMError:
    return DecodeError("The engine failed", why=f"{type(error).__name__}: {error}", hint="the log has the details")
