"""The sampler chain, built and run in C."""

from __future__ import annotations

import ctypes
import secrets
from collections.abc import Sequence
from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.parameters import RANDOM_SEED, GenerationParams
from tui.engine.vocabulary import Vocabulary

_SEED_LIMIT = 0xFFFF_FFFF  # llama.cpp takes this one for "random"


class SamplerChain:
    """Chooses the next token as `params` say.

    The order is llama.cpp's default one (`common/common.h`): logit bias, penalties, top-k, top-p, min-p, temperature,
    then a draw. With temperature 0 the likeliest token is taken.

    Args:
        params: what to build.
        vocabulary: the model's tokens.
        history: tokens of the prompt, which the penalties look back on.
        n_ctx: tokens of context, for a penalty window of that size.
    """

    def __init__(self, params: GenerationParams, vocabulary: Vocabulary, history: Sequence[int], n_ctx: int) -> None:
        self.seed = secrets.randbelow(_SEED_LIMIT) if params.seed == RANDOM_SEED else params.seed
        self._chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if params.ignore_eos:
            self._add(_ban(vocabulary.end_tokens(), vocabulary.size))
        if penalties := _penalties(params, vocabulary.size, history, n_ctx):
            self._add(penalties)
        if params.temp <= 0:
            self._add(lib.llama_sampler_init_greedy())
            return
        if params.top_k > 0:
            self._add(lib.llama_sampler_init_top_k(params.top_k))
        if params.top_p < 1:
            self._add(lib.llama_sampler_init_top_p(params.top_p, 1))
        if params.min_p > 0:
            self._add(lib.llama_sampler_init_min_p(params.min_p, 1))
        self._add(lib.llama_sampler_init_temp(params.temp))
        self._add(lib.llama_sampler_init_dist(self.seed))

    def sample(self, context: Any, index: int) -> int:
        """Choose a token from the logits of one row of the last batch, and remember it for the penalties.

        Args:
            context: llama.cpp's context pointer.
            index: the row's place in the batch.
        """
        return int(lib.llama_sampler_sample(self._chain, context, index))

    def free(self) -> None:
        """Give the chain's memory back. May be called again."""
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None

    def _add(self, sampler: Any) -> None:
        lib.llama_sampler_chain_add(self._chain, sampler)


def _penalties(params: GenerationParams, n_vocab: int, history: Sequence[int], n_ctx: int) -> Any:
    """A penalties sampler that has seen the prompt; None when nothing is penalised."""
    window = n_ctx if params.repeat_last_n < 0 else params.repeat_last_n
    active = params.repeat_penalty != 1 or params.presence_penalty != 0 or params.frequency_penalty != 0
    if not (window and active):
        return None
    sampler = lib.llama_sampler_init_penalties(
        n_vocab, window, params.repeat_penalty, params.frequency_penalty, params.presence_penalty
    )
    for token in history[-window:]:
        lib.llama_sampler_accept(sampler, token)
    return sampler


def _ban(tokens: Sequence[int], n_vocab: int) -> Any:
    biases = (lib.llama_logit_bias * max(1, len(tokens)))()
    for bias, token in zip(biases, tokens, strict=False):
        bias.token = token
        bias.bias = float("-inf")
    return lib.llama_sampler_init_logit_bias(n_vocab, len(tokens), ctypes.cast(biases, lib.llama_logit_bias_p))
