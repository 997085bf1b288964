"""How likely the model found a token, and what else it thought of: before any sampler."""

from __future__ import annotations

from typing import Any

import llama_cpp.llama_cpp as lib

from tui.core.probabilities import Candidate
from tui.engine.vocabulary import Vocabulary


def candidates(context: Any, row: int, vocabulary: Vocabulary, token: int, count: int) -> tuple[Candidate, ...]:
    """A chosen token, then the likeliest ones, each with its log probability.

    Args:
        context: llama.cpp's context pointer.
        row: place of the logits in the last batch.
        vocabulary: the model's tokens.
        token: the chosen one.
        count: how many of the likeliest.

    Returns:
        `count` + 1 of them, or as many as the vocabulary has; the chosen one first, the others by probability.
    """
    import numpy  # only who asks for probabilities waits for it

    size = vocabulary.size
    logits = numpy.ctypeslib.as_array(lib.llama_get_logits_ith(context, row), shape=(size,)).astype(numpy.float64)
    logits -= logits.max()
    logits -= numpy.log(numpy.exp(logits).sum())
    most = min(count, size)
    likeliest = numpy.argpartition(logits, size - most)[size - most :] if most else numpy.array([], dtype=int)
    ordered = sorted((int(one) for one in likeliest), key=lambda one: -logits[one])
    return tuple(Candidate(one, vocabulary.piece(one, special=True), float(logits[one])) for one in (token, *ordered))
