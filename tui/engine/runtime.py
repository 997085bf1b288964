"""What the engine's thread owns: the loaded model, its context and the generations that run on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import LocalLLMError, NoModelError
from tui.core.events import Adjusted, Answered, Dropped, Failed, Loaded, Loading, ModelInfo, Unloaded
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import ChatPrompt, Prompt
from tui.engine import llama_log, speculation
from tui.engine.abort import abort_flag
from tui.engine.adapters import Adapters, adapter_of
from tui.engine.chunk import prefill_chunk
from tui.engine.context import Context
from tui.engine.counting import Counter
from tui.engine.embedding import Embedder, no_writer, not_for_vectors
from tui.engine.fairness import Seats
from tui.engine.generation import Generation
from tui.engine.info import info_of
from tui.engine.machine import Machine
from tui.engine.model import Model
from tui.engine.prefix_cache import PrefixCache, fingerprint
from tui.engine.prompting import PromptReader
from tui.engine.questions import Questions
from tui.engine.reasoning_switch import reasoning_of
from tui.engine.rope import warnings_of
from tui.engine.rpc import check_workers, hurry
from tui.engine.sampling import SamplerChain
from tui.engine.scheduler import Scheduler
from tui.engine.state_cache import StateCache
from tui.engine.template import ChatTemplate
from tui.engine.thinking import forced_tokens, thinking_of
from tui.engine.threads import Threads, Tuners
from tui.engine.ticket import Ticket
from tui.engine.trim import trim
from tui.settings.paths import kv_cache_dir

MEBIBYTE = 1024 * 1024
_WRITE_SECONDS = 0.5
_STEP_SECONDS = 1.0
_STEP_SECONDS_BLIND = 0.2  # where a step cannot be stopped, or its progress not be seen


class Runtime:
    """Loads, unloads and generates. Every method is called from the engine's thread, except `interrupt`.

    Args:
        seats: how many generations may run side by side, and whose.
        machine: what is known of the machine.
    """

    def __init__(self, seats: Seats, machine: Machine) -> None:
        llama_log.install()
        lib.llama_backend_init()
        self._seats = seats
        self._machine = machine
        self._cores = machine.cores()
        self._abort = abort_flag()
        self._may_abort = False
        self._model: Model | None = None
        self._context: Context | None = None
        self._scheduler: Scheduler | None = None
        self._template: ChatTemplate | None = None
        self._reader: PromptReader | None = None
        self._counter: Counter | None = None
        self._adapters: Adapters | None = None
        self._embedder: Embedder | None = None
        self._params = LoadParams()
        self._speculates = False
        self.info: ModelInfo | None = None

    @property
    def busy(self) -> bool:
        """Whether `step` has something to do."""
        return self._scheduler is not None and self._scheduler.busy

    def step(self) -> None:
        """Advance every generation by one step."""
        if self._scheduler:
            self._scheduler.step()

    @property
    def kept(self) -> dict[str, Path | None]:
        """As `Engine.kept`."""
        return self._scheduler.places.kept if self._scheduler else {}

    def interrupt(self) -> None:
        """Make the evaluation under way end early, so that a cancel is seen at once. Any thread.

        Recurrent memory cannot take back half an evaluation; there a cancel waits for the end of the step.
        """
        if self._may_abort:
            self._abort.raise_()
        hurry(self._model.workers if self._model else None)

    def fail_all(self, error: LocalLLMError) -> None:
        """End every generation with an error that nobody foresaw; the model stays."""
        if self._scheduler:
            self._scheduler.fail_all(error)

    def load(self, ticket: Ticket, path: Path, params: LoadParams, begin_with: int | None = None) -> None:
        """Load a model; what was loaded before is unloaded first. Errors end the ticket.

        Args:
            ticket: where its events go.
            path: the file.
            params: how to load it.
            begin_with: decode threads to begin with where their number is automatic; None for all cores.

        Raises:
            LocalLLMError: an adapter or the means for workers are missing; what is loaded stays.
        """
        for lora in params.lora:
            adapter_of(lora)
        check_workers(params)
        if self._model:
            self.unload()
            ticket.post(Unloaded())
        try:
            self._load(ticket, path, params, begin_with or self._cores)
        except LocalLLMError as error:
            self.unload()
            ticket.close(Failed(error))

    @property
    def unsaved(self) -> bool:
        """Whether a conversation waits to be kept on disk."""
        return self._scheduler is not None and self._scheduler.places.unsaved

    def save(self) -> None:
        """Hand the conversations that wait for it to the disk."""
        if self._scheduler:
            self._scheduler.places.save()

    def unload(self) -> None:
        """End the generations and give the model's memory back to the system."""
        self._close()
        if self._model:
            self._model.free()
        self._template = self._reader = self._counter = self._adapters = self._model = self.info = None
        trim()

    def set_seats(self, ticket: Ticket, seats: Seats) -> None:
        """Let another number of generations run side by side. Those under way end, the weights stay.

        Raises:
            LocalLLMError: there is not enough memory for the context; it is as it was.
        """
        before, self._seats = self._seats, seats
        if not (self._model and self.info) or seats == before:
            ticket.close(Loaded(self.info) if self.info else Unloaded())
            return
        self._close()
        try:
            self._open(self._model, self._params, self.info.threads)
        except LocalLLMError:
            self._seats = before
            self._open(self._model, self._params, self.info.threads)
            raise
        ticket.close(Loaded(self.info))

    def set_adapters(self, ticket: Ticket, lora: tuple[str, ...]) -> None:
        """Lay other LoRA adapters over the loaded model. Generations end, the weights stay.

        Raises:
            LocalLLMError: there is no model, or an adapter does not fit; what held before still holds.
        """
        if not (self._model and self._adapters and self.info):
            raise NoModelError("No model is loaded", hint="choose one first")
        started = time.perf_counter()
        self._adapters.load(lora)
        # A new context: llama.cpp sizes its graph for the adapters, and nothing computed without them may be reused.
        self._close()
        self._adapters.forget()
        try:
            self._open(self._model, replace(self._params, lora=lora), self.info.threads)
        except LocalLLMError:
            self.unload()
            raise
        self.info = replace(self.info, load_seconds=time.perf_counter() - started)
        ticket.close(Loaded(self.info))

    def _close(self) -> None:
        """End the generations and free the context."""
        if self._scheduler:
            self._scheduler.cancel_all()
            self._scheduler.places.save()
            self._scheduler.close(_WRITE_SECONDS)
        for opened in (self._context, self._embedder):
            if opened:
                opened.free()
        self._may_abort = False
        self._scheduler = self._context = self._embedder = None

    def adjust(self, ticket: Ticket, generation: Ticket, params: GenerationParams) -> None:
        """Let a generation under way go on with other parameters.

        Raises:
            LocalLLMError: it is over, or the parameters make no sense; it goes on as it was.
        """
        found = self._scheduler.places.generation_of(generation) if self._scheduler else None
        if found is None or not (self._model and self._context and self._template):
            raise LocalLLMError("That generation is over")
        vocabulary, n_ctx = self._model.vocabulary, self._context.n_ctx
        gate = found.gate(params, vocabulary)
        sampler = SamplerChain(params, vocabulary, found.prompt, n_ctx, found.generated, gate)
        found.adjust(params, sampler)
        ticket.close(Adjusted())

    def force(self, ticket: Ticket, generation: Ticket, text: str) -> None:
        """Let a generation under way say something next, or end its reasoning.

        Raises:
            LocalLLMError: it is over, it does not think, or its grammar does not allow that; it goes on as it was.
        """
        found = self._scheduler.places.generation_of(generation) if self._scheduler else None
        if found is None or self._model is None:
            raise LocalLLMError("That generation is over")
        found.force(forced_tokens(found.thinking, text, self._model.vocabulary), self._model.vocabulary)
        ticket.close(Adjusted())

    def time_state(self, ticket: Ticket) -> None:
        """Measure how long it takes to save and bring back what the KV cache holds."""
        if self._scheduler is None or (timed := self._scheduler.time_state()) is None:
            raise NoModelError("There is no computed conversation to save", hint="evaluate a prompt first")
        ticket.close(timed)

    def count(self, ticket: Ticket, prompt: Prompt, params: GenerationParams, before: ChatPrompt | None) -> None:
        """Count what a prompt would take.

        Raises:
            LocalLLMError: there is no model, or its template refuses the prompt.
        """
        if self._counter is None:
            raise NoModelError("No model is loaded", hint="choose one first")
        ticket.close(self._counter.count(prompt, params, before))

    def ask(self, ticket: Ticket, question: Callable[[Questions], object]) -> None:
        """Answer a question about the loaded model.

        Raises:
            LocalLLMError: there is no model, or the question has no answer.
        """
        if not (self._model and self._reader):
            raise NoModelError("No model is loaded", hint="choose one first")
        ticket.close(Answered(question(Questions(self._model.vocabulary, self._reader))))

    def embed(self, ticket: Ticket, texts: Sequence[str | Sequence[int]]) -> None:
        """Turn texts into vectors.

        Raises:
            LocalLLMError: no model is loaded for that, or a text is too long.
        """
        if not (self._model and self._embedder):
            raise not_for_vectors(loaded=self._model is not None)
        self._abort.lower()
        ticket.close(self._embedder.answer(texts, self._model.vocabulary, lambda: ticket.cancelled))

    def generate(
        self,
        ticket: Ticket,
        prompt: Prompt,
        params: GenerationParams,
        requested: float,
        *,
        durable: bool,
        reusable: int | None,
        client: str,
        n_probs: int | None,
    ) -> None:
        """Put a generation in line. Errors end the ticket.

        Args:
            ticket: where its events go.
            prompt: text or conversation.
            params: how to sample and when to stop.
            requested: `time.perf_counter()` when it was asked for.
            durable: whether its KV state is to be kept on disk.
            reusable: how many tokens of the prompt may be reused; None for all.
            client: who asks; empty for the person.
            n_probs: how many likeliest tokens are told with each token; None for none.
        """
        try:
            generation = self._prepare(
                ticket, prompt, params, requested, durable=durable, reusable=reusable, client=client, n_probs=n_probs
            )
        except LocalLLMError as error:
            ticket.close(Failed(error))
        else:
            assert self._scheduler
            self._scheduler.submit(generation, self._machine.free)

    def _load(self, ticket: Ticket, path: Path, params: LoadParams, begin_with: int) -> None:
        started = time.perf_counter()

        def progress(fraction: float) -> bool:
            ticket.post(Loading(str(path), fraction))
            return not ticket.cancelled

        self._model = model = Model(path, params, progress)
        self._adapters = Adapters(model.pointer)
        self._adapters.load(params.lora)
        self._open(model, params, begin_with)
        model.check_workers()
        assert self.info
        self.info = replace(self.info, load_seconds=time.perf_counter() - started)
        ticket.close(Loaded(self.info))

    def _open(self, model: Model, params: LoadParams, begin_with: int) -> None:
        """Make a context for a loaded model, and all that works on it."""
        threads = self._threads(params, begin_with)
        self._abort.lower()
        if params.embeddings:
            self._embedder = embedder = Embedder(model, params, threads=threads, abort=self._abort)
            self._template = ChatTemplate("", model.chat_template, "", "")
            self._reader = PromptReader(model.vocabulary, self._template, embedder.n_ctx)
            self.info = info_of(model, embedder, threads, lib.llama_version().decode(), params, ())
            return
        count, rows = self._seats.count, self._outputs(model, params)
        self._context = context = Context(model, params, threads, sequences=count, outputs=rows, abort=self._abort)
        assert self._adapters
        self._adapters.apply(context.pointer)
        build, n_ctx = lib.llama_version().decode(), context.n_ctx
        states = StateCache(
            kv_cache_dir(),
            fingerprint(model.path, params, build, n_ctx if model.positions_follow_context else None, context.parts),
            ram=params.cache_ram * MEBIBYTE,
            disk=params.cache_disk * MEBIBYTE,
            spare=self._machine.spare,
            cuttable=not (model.recurrent or context.slides),
        )
        watched = self._abort.nodes() is not None and not (model.recurrent or model.workers)
        seconds = _STEP_SECONDS if watched else _STEP_SECONDS_BLIND
        self._scheduler = Scheduler(
            context,
            model.vocabulary,
            PrefixCache(context, states, cuttable=not model.recurrent),
            seats=self._seats,
            chunk=prefill_chunk(model.parameters, threads.prefill, context.n_batch, seconds),
            tuners=Tuners(
                threads,
                self._cores,
                free=self._machine.free,
                tune_decode=params.threads <= 0,
                tune_prefill=max(params.threads, params.threads_batch) <= 0,
            ),
            abort=self._abort,
        )
        vocabulary = model.vocabulary
        self._template = ChatTemplate(
            params.chat_template, model.chat_template, vocabulary.bos_text, vocabulary.eos_text
        )
        self._reader = PromptReader(vocabulary, self._template, n_ctx, context.parts)
        self._counter = Counter(self._reader, vocabulary, self._scheduler.places.foresee)
        self._may_abort = not model.recurrent
        self._params = params
        info = info_of(model, context, threads, build, params, warnings_of(params, n_ctx, model.n_ctx_train))
        self.info = replace(info, template_hash=self._template.digest, reasoning=reasoning_of(self._template))

    def _outputs(self, model: Model, params: LoadParams) -> int:
        """Rows of logits in one batch: one for each sequence, and those of a guess."""
        count = self._seats.count
        rows = speculation.rows_of_logits(count, params.spec_type, recurrent=model.recurrent)
        self._speculates = rows > count
        return rows

    def _threads(self, params: LoadParams, begin_with: int) -> Threads:
        """The counts to begin with. Fixed decode threads hold for prefill too, as in llama.cpp."""
        decode = params.threads if params.threads > 0 else begin_with
        otherwise = params.threads if params.threads > 0 else self._cores
        return Threads(decode, params.threads_batch if params.threads_batch > 0 else otherwise)

    def _prepare(
        self, ticket: Ticket, prompt: Prompt, params: GenerationParams, requested: float, **more: Any
    ) -> Generation:
        if not (self._model and self._context and self._template and self._reader):
            raise no_writer(self._embedder is not None)
        self._model.check_workers()
        template_stops = self._template.stops if isinstance(prompt, ChatPrompt) else ()
        tokens, dropped = self._reader.read(prompt, params)
        if dropped:
            ticket.post(Dropped(dropped))
        vocabulary = self._model.vocabulary
        thinking = thinking_of(prompt, tokens, params, self._template, vocabulary)
        gate = thinking.gate(params, vocabulary) if thinking else None
        return Generation(
            ticket, tokens, params, SamplerChain(params, vocabulary, tokens, self._context.n_ctx, gate=gate), requested,
            template_stops=template_stops, thinking=thinking, **more,
            speculation=speculation.Speculation(tokens) if self._speculates else None,
            label=prompt.label if isinstance(prompt, ChatPrompt) else "",
            scored=not isinstance(prompt, ChatPrompt) and prompt.scored,
        )  # fmt: skip
