"""How many prompt tokens one step evaluates."""

from __future__ import annotations

import llama_cpp.llama_cpp as lib

_FLOPS_PER_THREAD = 40e9  # what one core of a server reaches in llama.cpp's prefill


def prefill_chunk(parameters: int, threads: int, n_batch: int, seconds: float) -> int:
    """Prompt tokens to evaluate in one step. What a stop interrupts is computed again, so a step is not too long.

    Depends on the model and the number of threads alone, not on measured time: the shape of the batches changes the
    rounding, and the same seed shall give the same text.

    Args:
        parameters: of the model.
        threads: for prefill.
        n_batch: most tokens in one batch.
        seconds: what a step should take, about.

    Returns:
        A power of two from 64 up (64 costs a fourteenth of the speed, 32 would cost a fifth), no larger than
        `n_batch`; `n_batch` where a GPU may do the work.
    """
    if lib.llama_supports_gpu_offload():
        return n_batch
    tokens = seconds * _FLOPS_PER_THREAD * threads / (2 * max(1, parameters))
    chunk = 64
    while chunk * 2 <= tokens:
        chunk *= 2
    return min(chunk, n_batch)
