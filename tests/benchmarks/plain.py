"""The least that anyone can do with llama.cpp: what the engine is measured against.

Like llama-bench, with llama.cpp's own default parameters; unlike it, with a greedy sampler in C, since a program that
generates has to choose its tokens.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib

PROMPT = "The sea is wide and deep, and"
"""What a decode begins with."""


class Plain:
    """A model, a context, a greedy sampler, and no care for anything else.

    Args:
        path: the GGUF file.
        threads: threads for everything.
        n_ctx: tokens of context.
    """

    def __init__(self, path: Path, threads: int, n_ctx: int) -> None:
        lib.llama_backend_init()
        self._model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        params = lib.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = n_ctx, n_ctx, min(512, n_ctx)
        params.n_threads = params.n_threads_batch = threads
        self._context = lib.llama_init_from_model(self._model, params)
        assert self._context
        self._sampler = lib.llama_sampler_init_greedy()
        self._vocab = lib.llama_model_get_vocab(self._model)

    def close(self) -> None:
        """Free everything."""
        lib.llama_sampler_free(self._sampler)
        lib.llama_free(self._context)
        lib.llama_model_free(self._model)

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a prompt, special tokens recognised and the first one added."""
        data = text.encode()
        tokens = (lib.llama_token * (len(data) + 8))()
        count = lib.llama_tokenize(self._vocab, data, len(data), tokens, len(tokens), True, True)
        return list(tokens[:count])

    def prefill(self, prompt: Sequence[int]) -> float:
        """Evaluate a prompt in an empty context with one call.

        Returns:
            tok/s.
        """
        lib.llama_memory_clear(lib.llama_get_memory(self._context), True)
        started = time.perf_counter()
        self._decode((lib.llama_token * len(prompt))(*prompt), len(prompt))
        lib.llama_synchronize(self._context)
        return len(prompt) / (time.perf_counter() - started)

    def decode(self, prompt: Sequence[int], count: int) -> float:
        """Generate after a prompt, end tokens or not.

        Returns:
            tok/s of the decode, the first token not counted.
        """
        self.prefill(prompt)
        token = (lib.llama_token * 1)(self._sample())
        started = time.perf_counter()
        for _ in range(count - 1):
            self._decode(token, 1)
            token[0] = self._sample()
        return (count - 1) / (time.perf_counter() - started)

    def _sample(self) -> int:
        return int(lib.llama_sampler_sample(self._sampler, self._context, -1))

    def _decode(self, tokens: Any, count: int) -> None:
        assert lib.llama_decode(self._context, lib.llama_batch_get_one(tokens, count)) == 0
