"""How fast a model can be expected to write on this machine, before it is loaded.

A token's evaluation reads every weight that works on it once, so memory bandwidth divided by these bytes is the most
there can be. What llama.cpp reaches of it is taken from benches of other models on this machine where there are any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from tui.catalogue.gguf_header import Header
from tui.catalogue.kv_cache import kv_cache_bytes
from tui.catalogue.weights import active_bytes, active_weights
from tui.core.parameters import LoadParams
from tui.monitor.bandwidth import Bandwidth, memory_bandwidth
from tui.services.bench_results import Decoded, decoded, fastest_decode

USUAL, USUAL_SMALL = 0.75, 0.65
"""Share of the bandwidth that llama.cpp reaches on a processor where nothing is known better; less with small models,
which are limited by computing as well. Two cores that read 20 to 25 GB/s wrote 150 tok/s with SmolLM2 135M Q4_1 and 62
with Gemma 3 270M Q4_K_M, which is 0.6 to 0.75 of it."""
_NEAR = math.log(8)
"""Benches of models up to so many times larger or smaller tell something of this one."""
_LEAST, _MOST = 0.2, 1.2
"""Shares that can be; anything else was measured in other circumstances."""
_SMALL = 1_000_000_000
"""Working weights of a small model."""


@dataclass(frozen=True, slots=True)
class SpeedEstimate:
    """How fast a model may write on this machine.

    Attributes:
        tokens_per_second: decode speed with a short prompt.
        at_full_context: the same with the whole context filled; None when the KV cache is not known.
        bytes_per_token: weights read for each token.
        measured: whether a bench of this very model on this machine said so; an estimate otherwise.
        basis: what it was derived from, in words.
    """

    tokens_per_second: float
    at_full_context: float | None
    bytes_per_token: int
    measured: bool
    basis: str


def estimate_speed(header: Header, load: LoadParams, path: Path | None = None) -> SpeedEstimate | None:
    """Estimate how fast a model writes; blocks for up to 0.3 s the first time: for worker threads.

    Args:
        header: of the model.
        load: its context, cache types and window are used.
        path: the file, when it is here: a bench of it is used.

    Returns:
        None for a file without weights.
    """
    read = active_bytes(header)
    if read <= 0:
        return None
    known = fastest_decode(path) if path else None
    if known:
        share, basis = 1.0, "measured by a bench of this model on this machine"
        reached = known * read
    else:
        bandwidth = memory_bandwidth()
        share, basis = _share(bandwidth, read, usual=USUAL_SMALL if active_weights(header) < _SMALL else USUAL)
        reached = bandwidth.bytes_per_second * share
        basis = _words(bandwidth, header, basis)
    context = load.n_ctx or header.n_ctx_train or 4096
    cache = kv_cache_bytes(header, load, context)
    return SpeedEstimate(
        tokens_per_second=reached / read,
        at_full_context=None if cache is None else reached / (read + cache),
        bytes_per_token=read,
        measured=known is not None,
        basis=basis,
    )


def speed_of_size(file_size: int, parameters: int) -> float:
    """Tokens a second to expect of a model of which only the size is known, and which is no mixture of experts.

    As rough as that is; blocks for up to 0.3 s the first time: for worker threads.

    Args:
        file_size: bytes, more than 0.
        parameters: number of weights.
    """
    bandwidth = memory_bandwidth()
    share, _ = _share(bandwidth, file_size, usual=USUAL_SMALL if parameters < _SMALL else USUAL)
    return bandwidth.bytes_per_second * share / file_size


def _share(bandwidth: Bandwidth, read: int, usual: float) -> tuple[float, str]:
    """The share of the bandwidth that decoding reaches here, and how that is known."""
    near = [
        (abs(math.log(result.bytes_per_token / read)), result) for result in decoded() if result.bytes_per_token > 0
    ]
    near = [pair for pair in near if pair[0] <= _NEAR and _LEAST <= _reached(pair[1], bandwidth) <= _MOST]
    if not near:
        return usual, f"of which llama.cpp usually reaches {usual:.0%}"
    best = min(near, key=lambda pair: pair[0])[1]
    share = _reached(best, bandwidth)
    return share, f"of which the bench of {best.model} reached {share:.0%}"


def _reached(result: Decoded, bandwidth: Bandwidth) -> float:
    return result.tokens_per_second * result.bytes_per_token / bandwidth.bytes_per_second


def _words(bandwidth: Bandwidth, header: Header, share: str) -> str:
    text = f"estimate: this machine reads {bandwidth.bytes_per_second / 1e9:.1f} GB/s from memory, {share}"
    if active_weights(header) < _SMALL:
        text += " with models this small, which computing limits too"
    if bandwidth.busy:
        text += "; measured while other programs were running, so it can be faster"
    return text
