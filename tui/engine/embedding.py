"""From texts to vectors: models that were made for it, and others loaded for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.errors import (
    DecodeError,
    LocalLLMError,
    ModelLoadError,
    NoModelError,
    PromptTooLongError,
    SettingError,
)
from tui.core.events import Embedded
from tui.core.parameters import LoadParams
from tui.engine import llama_log
from tui.engine.abort import AbortFlag
from tui.engine.model import Model
from tui.engine.threads import Threads
from tui.engine.vocabulary import Vocabulary

_POOLING = {"model": -1, "none": 0, "mean": 1, "cls": 2, "last": 3, "rank": 4}  # enum llama_pooling_type
_TOGETHER = 64
"""Texts that one evaluation takes at most."""

Vector = tuple[float, ...]


class Embedder:
    """A context that gives one vector for each text.

    Args:
        model: the loaded model, which must outlive this object.
        params: sizes and types; `embeddings` is on.
        threads: how many to use.
        abort: the flag that ends an evaluation.

    Raises:
        ModelLoadError: llama.cpp could not make the context, or the model gives no vector for a text.
    """

    def __init__(self, model: Model, params: LoadParams, *, threads: Threads, abort: AbortFlag) -> None:
        self._abort = abort  # llama.cpp keeps a pointer into it
        self._model = model
        llama_log.log.begin()
        c_params = lib.llama_context_default_params()
        wanted = params.n_ctx or model.n_ctx_train
        # A model that looks at all tokens at once needs a whole text in one micro-batch.
        c_params.n_ctx = c_params.n_batch = c_params.n_ubatch = min(wanted, model.n_ctx_train or wanted)
        c_params.n_seq_max = _TOGETHER
        c_params.kv_unified = True
        c_params.embeddings = True
        c_params.pooling_type = _POOLING[params.pooling]
        c_params.n_threads, c_params.n_threads_batch = threads.decode, threads.prefill
        c_params.abort_callback, c_params.abort_callback_data = abort.callback, abort.data
        c_params.no_perf = True
        self.pointer = lib.llama_init_from_model(model.pointer, c_params)
        if not self.pointer:
            model.check_workers()
            raise ModelLoadError(
                f"llama.cpp cannot make a context for the vectors of {model.path.name}",
                why=llama_log.log.reason() or "it gave no reason",
                hint="a smaller context (-c) may help",
            )
        if lib.llama_pooling_type(self.pointer) == _POOLING["none"]:
            self.free()
            raise ModelLoadError(
                f"{model.path.name} gives a vector for each token, and none for a whole text",
                hint="--pooling mean or --pooling last makes one of them",
            )
        self.kv_bytes = llama_log.log.buffer_bytes("KV", "RS")
        self.compute_bytes = llama_log.log.buffer_bytes("compute", "output") + self._growth()
        """Bytes of compute and output buffers once the largest text was evaluated."""
        self.placed = llama_log.log.buffers_by_name("KV", "RS", "compute", "output")
        """Bytes of all these by the name of llama.cpp's buffers."""
        self.width = int(lib.llama_model_n_embd_out(model.pointer))
        """Numbers of a vector."""
        self.n_ctx = self.n_cells = int(lib.llama_n_ctx(self.pointer))
        self.n_batch: int = lib.llama_n_ubatch(self.pointer)
        self._memory = lib.llama_get_memory(self.pointer)
        self._batch = lib.llama_batch_init(self.n_batch, 0, 1)

    def free(self) -> None:
        """Give the memory back. May be called again."""
        if getattr(self, "_batch", None) is not None:
            lib.llama_batch_free(self._batch)
            self._batch = None
        if self.pointer:
            lib.llama_free(self.pointer)
            self.pointer = None

    def embed(self, texts: Sequence[Sequence[int]], cancelled: Callable[[], bool]) -> list[Vector]:
        """A vector of length 1 for each text.

        Args:
            texts: tokens of each, at least one.
            cancelled: whether to give up; asked between two evaluations.

        Returns:
            The vectors, in the order of the texts; fewer where it was given up.

        Raises:
            PromptTooLongError: a text has more tokens than the context.
            DecodeError: llama.cpp failed.
            WorkerError: a worker is lost.
        """
        for tokens in texts:
            if len(tokens) > self.n_batch:
                raise PromptTooLongError(
                    f"A text has {len(tokens):,} tokens and the model takes {self.n_batch:,}",
                    hint="split it",
                    tokens=len(tokens),
                    n_ctx=self.n_batch,
                )
        vectors: list[Vector] = []
        for group in _groups(texts, self.n_batch):
            if cancelled():
                break
            vectors += self._evaluate(group)
        return vectors

    def answer(
        self, texts: Sequence[str | Sequence[int]], vocabulary: Vocabulary, cancelled: Callable[[], bool]
    ) -> Embedded:
        """As `embed`, of texts that are not tokens yet.

        Raises:
            LocalLLMError: as `embed`; or a text is empty, or has a number that is no token.
        """
        tokens = [_tokens(text, vocabulary) for text in texts]
        return Embedded(tuple(self.embed(tokens, cancelled)), sum(map(len, tokens)))

    def _growth(self) -> int:
        """Bytes by which the output buffer grows: made for a row a text, it gets one for each token of a batch."""
        rows = int(lib.llama_n_ubatch(self.pointer))
        return max(0, llama_log.log.buffer_bytes("output") * (rows - _TOGETHER) // _TOGETHER)

    def _evaluate(self, group: Sequence[Sequence[int]]) -> Iterator[Vector]:
        batch, at = self._batch, 0
        for number, tokens in enumerate(group):
            for position, token in enumerate(tokens):
                batch.token[at], batch.pos[at] = token, position
                batch.n_seq_id[at], batch.seq_id[at][0] = 1, number
                batch.logits[at] = True
                at += 1
        batch.n_tokens = at
        if self._memory:
            lib.llama_memory_clear(self._memory, True)
        status = lib.llama_decode(self.pointer, batch)
        lib.llama_synchronize(self.pointer)
        self._model.check_workers()
        if status:
            raise DecodeError("llama.cpp could not evaluate the texts", why=f"llama_decode returned {status}")
        for number in range(len(group)):
            pointer = lib.llama_get_embeddings_seq(self.pointer, number)
            if not pointer:
                raise DecodeError("llama.cpp gave no vector for a text")
            yield _normal(pointer, self.width)


def not_for_vectors(*, loaded: bool) -> LocalLLMError:
    """The error where vectors are wanted of what gives none."""
    if not loaded:
        return NoModelError("No model is loaded", hint="choose one first")
    return SettingError("The loaded model writes text, it makes no vectors", hint="serve it with --embeddings")


def no_writer(embeds: bool) -> NoModelError:
    """The error where text is wanted and there is nobody to write it.

    Args:
        embeds: whether a model is loaded that makes vectors.
    """
    if embeds:
        return NoModelError("The loaded model makes vectors, it writes no text", hint="choose another one")
    return NoModelError("No model is loaded", hint="choose one first")


def _tokens(text: str | Sequence[int], vocabulary: Vocabulary) -> list[int]:
    tokens = vocabulary.tokenize_plain(text, whole=True) if isinstance(text, str) else list(text)
    if not text or not tokens:
        raise SettingError("A text is empty", hint="give each at least one word")
    if any(not 0 <= token < vocabulary.size for token in tokens):
        raise SettingError("A text has a number that is no token", why=f"the model has {vocabulary.size:,}")
    return tokens


def _groups(texts: Sequence[Sequence[int]], room: int) -> Iterator[list[Sequence[int]]]:
    """Texts that go into one evaluation, in order."""
    group: list[Sequence[int]] = []
    taken = 0
    for tokens in texts:
        if group and (taken + len(tokens) > room or len(group) == _TOGETHER):
            yield group
            group, taken = [], 0
        group.append(tokens)
        taken += len(tokens)
    if group:
        yield group


def _normal(pointer: Any, width: int) -> Vector:
    """A vector of length 1; zeros stay zeros."""
    values = pointer[:width]
    length = math.sqrt(sum(value * value for value in values))
    return tuple(value / length for value in values) if length else tuple(values)
