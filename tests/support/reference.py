"""The plainest loop over llama.cpp that generates greedily: what the engine's output is held against."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp.llama_cpp as lib
import numpy as np
import numpy.typing as npt


class Reference:
    """A model with a fresh context for each question. No cache, no chunks, no sampler.

    Args:
        path: the GGUF file.
        n_ctx: tokens of context.
        threads: threads for everything.
    """

    def __init__(self, path: Path, n_ctx: int = 512, threads: int = 1) -> None:
        @lib.llama_log_callback  # type: ignore[untyped-decorator]
        def silent(_level: int, _text: bytes, _data: Any) -> None:
            pass

        self._silent = silent
        self._n_ctx, self._threads = n_ctx, threads
        self._model = lib.llama_model_load_from_file(str(path).encode(), lib.llama_model_default_params())
        assert self._model
        self._vocab = lib.llama_model_get_vocab(self._model)
        self.n_vocab: int = lib.llama_vocab_n_tokens(self._vocab)

    def close(self) -> None:
        """Free the model."""
        lib.llama_model_free(self._model)

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a prompt, special tokens recognised and the first one added."""
        data = text.encode()
        tokens = (lib.llama_token * (len(data) + 8))()
        count = lib.llama_tokenize(self._vocab, data, len(data), tokens, len(tokens), True, True)
        assert count >= 0
        return list(tokens[:count])

    def logits(self, tokens: Sequence[int]) -> npt.NDArray[np.float32]:
        """Logits after `tokens`, shape (n_vocab,), from a fresh context and one batch."""
        context = self._context()
        try:
            self._decode(context, tokens)
            return np.ctypeslib.as_array(lib.llama_get_logits_ith(context, -1), (self.n_vocab,)).copy()
        finally:
            lib.llama_free(context)

    def greedy(self, prompt: Sequence[int], count: int) -> list[int]:
        """The likeliest tokens after `prompt`, at most `count`, the end token not among them."""
        context = self._context()
        try:
            tokens: list[int] = []
            self._decode(context, prompt)
            while len(tokens) < count:
                row = np.ctypeslib.as_array(lib.llama_get_logits_ith(context, -1), (self.n_vocab,))
                token = int(row.argmax())
                if lib.llama_vocab_is_eog(self._vocab, token):
                    break
                tokens.append(token)
                self._decode(context, [token])
            return tokens
        finally:
            lib.llama_free(context)

    def same_up_to_near_ties(self, prompt: Sequence[int], got: Sequence[int], wanted: Sequence[int]) -> bool:
        """Whether two greedy continuations are equal, or first differ where two candidates are as good as equal.

        The shape of a batch changes llama.cpp's rounding, so candidates whose logits lie within 0.1 may swap.
        """
        for at, (left, right) in enumerate(zip(got, wanted, strict=False)):
            if left != right:
                row = self.logits([*prompt, *wanted[:at]])
                return abs(float(row[left]) - float(row[right])) <= 0.1
        return True

    def _context(self) -> Any:
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = self._n_ctx
        params.n_threads = params.n_threads_batch = self._threads
        context = lib.llama_init_from_model(self._model, params)
        assert context
        return context

    @staticmethod
    def _decode(context: Any, tokens: Sequence[int]) -> None:
        array = (lib.llama_token * len(tokens))(*tokens)
        assert lib.llama_decode(context, lib.llama_batch_get_one(array, len(tokens))) == 0
