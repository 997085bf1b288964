"""Whether a model fits in memory: a rule of thumb from its size, and a plan from its header."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tui.catalogue.gguf_header import Header
from tui.catalogue.kv_cache import kv_cache_bytes, padded
from tui.core.parameters import LoadParams

COMFORT = 1.5
"""A model is comfortable where this many times its file is available: KV cache, compute buffer and the rest fit too."""
NEED = 1.1
"""Below this many times its file the weights and a small context do not fit."""


class Fit(Enum):
    """How a model fits, by its file size alone."""

    FITS = "fits"
    TIGHT = "tight"
    NO = "too big"


def quick_fit(file_size: int, available: int) -> Fit:
    """The rule of thumb: × 1.5 fits, × 1.1 is tight, less is too big.

    Args:
        file_size: bytes of the model's files.
        available: bytes of memory to be had; what a loaded model would give back may be added.
    """
    if file_size * COMFORT <= available:
        return Fit.FITS
    return Fit.TIGHT if file_size * NEED <= available else Fit.NO


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """What a load takes, in bytes.

    Attributes:
        n_ctx: tokens of context it was made for.
        weights: all tensors.
        kv_cache: 0 for recurrent models; None when the header does not say enough.
        compute: estimate of the compute buffer.
    """

    n_ctx: int
    weights: int
    kv_cache: int | None
    compute: int
    _header: Header = field(repr=False)
    _load: LoadParams = field(repr=False)

    @property
    def total(self) -> int:
        """Everything together; an unknown KV cache counts as nothing."""
        return self.weights + (self.kv_cache or 0) + self.compute

    def largest_context(self, available: int) -> int:
        """Tokens of the largest context that fits in `available` bytes.

        Returns:
            A multiple of 256, at most the trained context; 0 when not even 256 tokens fit.
        """
        low, high = 0, padded(max(self._header.n_ctx_train or self.n_ctx, 256)) // 256
        while low < high:
            middle = (low + high + 1) // 2
            if _plan(self._header, self._load, middle * 256).total <= available:
                low = middle
            else:
                high = middle - 1
        return low * 256


def plan(header: Header, load: LoadParams) -> MemoryPlan:
    """What it takes to load a model with these settings, on the processor."""
    return _plan(header, load, load.n_ctx or header.n_ctx_train or 4096)


def _plan(header: Header, load: LoadParams, n_ctx: int) -> MemoryPlan:
    kv_cache = kv_cache_bytes(header, n_ctx, load.cache_type_k, load.cache_type_v)
    return MemoryPlan(n_ctx, header.tensor_bytes, kv_cache, _compute_bytes(header, load, n_ctx), header, load)


def _compute_bytes(header: Header, load: LoadParams, n_ctx: int) -> int:
    """Estimate the compute buffer of a context that asks for few outputs (n_outputs_max).

    At its peak llama.cpp holds, for each token of a micro-batch, three feed-forward rows, three rows of the residual
    stream and the queries, all f32, and the attention mask over the context: f16 with flash attention; a second one
    where layers have a sliding window. Without flash attention every head has its scores over the context, and the
    masks are f32. Within 1% of llama.cpp's own figure for SmolLM2 135M and Gemma 3 270M at micro-batches of 128 to
    1,024 and contexts of 512 to 16,384 with flash attention; up to 1.5 times as much, and never less, without.
    """
    width = header.number("embedding_length") or 4096
    feed_forward = _largest(header, "feed_forward_length") or 4 * width
    # The routed experts of one token run side by side.
    experts = (header.number("expert_used_count") or 0) * (header.number("expert_feed_forward_length") or feed_forward)
    heads = _largest(header, "attention.head_count") or 1
    queries = heads * (header.number("attention.key_length") or width // heads)
    masks = 2 if header.number("attention.sliding_window") else 1
    cells = padded(n_ctx)
    attention = 2 * masks if load.flash_attn != "off" else 4 * (heads + masks)
    row = 4 * (3 * max(feed_forward, experts) + 3 * width + queries) + attention * cells
    return row * min(load.n_ubatch, load.n_batch, cells)


def _largest(header: Header, key: str) -> int:
    value = header.value(key)
    values = value if isinstance(value, tuple) else (value,)
    return max((v for v in values if isinstance(v, int)), default=0)
