"""llama.cpp's context: the KV cache, and the evaluation of batches."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from enum import Enum
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import DecodeError, ModelLoadError
from tui.core.parameters import LoadParams
from tui.engine import llama_log
from tui.engine.abort import AbortFlag
from tui.engine.model import Model
from tui.engine.rope import set_rope
from tui.engine.threads import Threads

_KV_TYPES = {
    "f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "iq4_nl": 20, "bf16": 30,
}  # fmt: skip  # enum ggml_type
_FLASH = {"auto": -1, "off": 0, "on": 1}  # enum llama_flash_attn_type


class Outcome(Enum):
    """How an evaluation ended."""

    DONE = 0
    NO_ROOM = 1
    ABORTED = 2


class Context:
    """A KV cache and compute buffers for one model.

    Args:
        model: the loaded model, which must outlive this object.
        params: sizes and types.
        threads: how many to begin with.
        sequences: how many sequences may be evaluated side by side.
        outputs: rows of logits that one evaluation may give.
        abort: the flag that ends an evaluation.

    Raises:
        ModelLoadError: llama.cpp could not make the context.
    """

    def __init__(
        self, model: Model, params: LoadParams, threads: Threads, *, sequences: int, outputs: int, abort: AbortFlag
    ) -> None:
        self._abort = abort  # llama.cpp keeps a pointer into it
        self._threads = threads
        self._workers = model.workers
        llama_log.log.begin()
        c_params = _context_params(model, params, sequences, outputs)
        c_params.n_threads, c_params.n_threads_batch = threads.decode, threads.prefill
        c_params.abort_callback, c_params.abort_callback_data = abort.callback, abort.data
        self.pointer = lib.llama_init_from_model(model.pointer, c_params)
        if not self.pointer:
            model.check_workers()
            raise ModelLoadError(
                f"llama.cpp cannot make a context of {c_params.n_ctx:,} tokens for {model.path.name}",
                why=model.reason(),
                hint="a smaller context (-c) or other KV cache types may help",
            )
        self._memory = lib.llama_get_memory(self.pointer)
        if not self._memory:
            self.free()
            raise ModelLoadError(
                f"{model.path.name} cannot be used here", why="it makes embeddings, it does not generate text"
            )
        self.kv_bytes = llama_log.log.buffer_bytes("KV", "RS")
        self.compute_bytes = llama_log.log.buffer_bytes("compute", "output")
        self.placed = llama_log.log.buffers_by_name("KV", "RS", "compute", "output")
        """Bytes of all these by the name of llama.cpp's buffers."""
        self.graph_nodes = llama_log.log.graph_nodes
        """Nodes of the graph of a full micro-batch, about."""
        self.parts = 1 if c_params.kv_unified else sequences
        """Of the KV cache: 1 where all sequences share its cells, else each has its own."""
        self.n_ctx: int = lib.llama_n_ctx_seq(self.pointer)
        """Tokens that one sequence may have."""
        self.n_cells: int = lib.llama_n_ctx(self.pointer)
        """Tokens that all sequences may have together."""
        self._n_swa = model.n_swa
        self.slides = 0 < model.n_swa < self.n_ctx and not params.swa_full
        """Whether a sliding window may let go of tokens."""
        self.n_batch: int = lib.llama_n_batch(self.pointer)
        self.n_ubatch: int = lib.llama_n_ubatch(self.pointer)
        self.n_outputs = int(c_params.n_outputs_max)
        """Rows of logits that one evaluation may give."""
        self._batch = lib.llama_batch_init(self.n_batch, 0, sequences)

    def free(self) -> None:
        """Give the memory back. May be called again."""
        if getattr(self, "_batch", None) is not None:
            lib.llama_batch_free(self._batch)
            self._batch = None
        if self.pointer:
            lib.llama_free(self.pointer)
            self.pointer = None

    def clear_batch(self) -> None:
        """Begin a new batch."""
        self._batch.n_tokens = 0

    def add(self, tokens: Sequence[int], position: int, sequence: int, *, logits: int) -> int:
        """Append tokens of one sequence to the batch.

        Args:
            tokens: consecutive tokens.
            position: the first one's place in the sequence.
            sequence: the sequence's number.
            logits: how many of them, from the last backwards, shall have logits.

        Returns:
            The last token's index in the batch; `SamplerChain.sample` takes such an index.
        """
        batch, at = self._batch, self._batch.n_tokens
        for offset, token in enumerate(tokens):
            index = at + offset
            batch.token[index] = token
            batch.pos[index] = position + offset
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = offset >= len(tokens) - logits
        batch.n_tokens = at + len(tokens)
        return int(batch.n_tokens) - 1

    def evaluate(self) -> Outcome:
        """Compute the batch: its tokens go into the KV cache, logits of the wanted rows become available.

        Returns:
            How it ended. After ABORTED part of the batch may be in the cache: see `length`.

        Raises:
            DecodeError: llama.cpp failed.
            WorkerError: a worker is lost.
        """
        status = lib.llama_decode(self.pointer, self._batch)
        if self._workers:
            lib.llama_synchronize(self.pointer)  # what workers compute is waited for only now
            self._workers.check()
        if status in (0, 1, 2):
            return Outcome(status)
        raise DecodeError("llama.cpp could not evaluate the tokens", why=f"llama_decode returned {status}")

    def length(self, sequence: int) -> int:
        """Tokens of the sequence that the KV cache holds."""
        return int(lib.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def keep(self, sequence: int, count: int) -> int:
        """Cut a sequence back to its first `count` tokens.

        Returns:
            How many could be kept: `count`, or 0 where the model's memory cannot be cut there (recurrent models, or a
            sliding window that has moved on) and everything has to be evaluated again.
        """
        if self.length(sequence) == count:
            return count
        if count and lib.llama_memory_seq_rm(self._memory, sequence, count, -1) and self._window_kept(sequence, count):
            return count
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return 0

    def share(self, source: int, target: int, count: int) -> int:
        """Let an empty sequence begin with what another one holds.

        Where they share the cells, both point to the same ones and nothing is copied.

        Args:
            source: the other one's number.
            target: the empty one's number.
            count: how many tokens of it.

        Returns:
            How many it holds now: `count`, or 0.
        """
        if self.parts == 1:
            lib.llama_memory_seq_cp(self._memory, source, target, 0, count)
            return count
        # llama.cpp would copy the whole cache, and only at the next evaluation: what happens before it would count.
        return self.keep(target, count) if self.restore(target, self.save(source), self.length(source)) else 0

    def holds(self, sequence: int, count: int) -> bool:
        """Whether the cache still has what the token after the first `count` looks back on.

        A sliding window lets go of what it has passed. Memory that cannot be cut back at all is not asked about here.
        """
        return not count or self.length(sequence) == count or self._window_kept(sequence, count)

    def shift(self, sequence: int, keep: int, discard: int) -> bool:
        """Take tokens out of a sequence, and move those after them up.

        Args:
            sequence: its number.
            keep: tokens at the start that stay.
            discard: tokens after those that go.

        Returns:
            Whether the model's memory can do that; if not, nothing has changed.
        """
        if not lib.llama_memory_can_shift(self._memory):
            return False
        if not lib.llama_memory_seq_rm(self._memory, sequence, keep, keep + discard):
            return False
        lib.llama_memory_seq_add(self._memory, sequence, keep + discard, -1, -discard)
        return True

    def state_bytes(self, sequence: int) -> int:
        """How many bytes `save` would give."""
        return int(lib.llama_state_seq_get_size(self.pointer, sequence))

    def save(self, sequence: int) -> memoryview:
        """The state of a sequence, for `restore`; tens of kilobytes for each token. Empty where a worker is lost."""
        size = self.state_bytes(sequence)
        memory = memoryview(bytearray(size))  # most of the time it takes is that for fresh pages: no copy of it
        array = (ctypes.c_uint8 * size).from_buffer(memory)
        written = int(lib.llama_state_seq_get_data(self.pointer, array, size, sequence))
        return memory[: 0 if self._workers and self._workers.lost else written]

    def restore(self, sequence: int, data: memoryview, length: int) -> bool:
        """Put a saved state in place of what a sequence holds.

        Args:
            sequence: its number.
            data: what `save` gave, or a writable copy of it.
            length: how many tokens that is.

        Returns:
            Whether llama.cpp took it; if not, the sequence is empty.
        """
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        array = (ctypes.c_uint8 * len(data)).from_buffer(data)
        taken = lib.llama_state_seq_set_data(self.pointer, array, len(data), sequence)
        if taken and self.length(sequence) == length:
            return True
        lib.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    @property
    def may_move(self) -> bool:
        """Whether moving sequences helps, and is quick: they share the cells, and these are on this machine."""
        return self.parts == 1 and not self._workers

    def set_threads(self, threads: Threads) -> None:
        """Change the number of threads for the evaluations to come."""
        if threads != self._threads:
            self._threads = threads
            lib.llama_set_n_threads(self.pointer, threads.decode, threads.prefill)

    def _window_kept(self, sequence: int, count: int) -> bool:
        """Whether the cache still has every token that the sliding window sees from position `count` on."""
        if not self._n_swa:
            return True
        first = int(lib.llama_memory_seq_pos_min(self._memory, sequence))
        return 0 <= first <= max(0, count - self._n_swa + 1)


def _context_params(model: Model, params: LoadParams, sequences: int, outputs: int) -> Any:
    c_params = lib.llama_context_default_params()
    c_params.n_ctx = params.n_ctx or model.n_ctx_train
    c_params.n_batch = max(min(params.n_batch, c_params.n_ctx), sequences)
    c_params.n_ubatch = min(params.n_ubatch, c_params.n_batch)
    c_params.n_seq_max = sequences
    # The compute buffer is sized for the rows of logits; no more are ever read.
    c_params.n_outputs_max = min(outputs, c_params.n_batch)
    c_params.flash_attn_type = _FLASH[params.flash_attn]
    c_params.type_k, c_params.type_v = _KV_TYPES[params.cache_type_k], _KV_TYPES[params.cache_type_v]
    c_params.swa_full = params.swa_full
    c_params.kv_unified = params.kv_unified or sequences == 1
    c_params.no_perf = True
    set_rope(c_params, params)
    return c_params
