"""Whether a model fits in memory: a rule of thumb from its size, and a plan from its header."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from tui.catalogue.gguf_header import Header
from tui.catalogue.kv_cache import kv_cache_bytes, layers_of, padded, window_cells
from tui.catalogue.recurrent import RECURRENT
from tui.core.parameters import LoadParams

COMFORT = 1.5
"""A model is comfortable where this many times its file is available: KV cache, compute buffer and the rest fit too."""
NEED = 1.1
"""Below this many times its file the weights and a small context do not fit."""


GUESSED = 15
"""Most tokens that the engine guesses ahead (speculation)."""
_BARE, _TOKEN, _MERGE = 3_460_000, 170, 190
"""Bytes of llama.cpp itself, of each token of a vocabulary, and of each of its merges."""


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
        kv_cache: with recurrent states; None when the header does not say enough.
        compute: estimate of the compute and output buffers.
        other: estimate of what llama.cpp keeps besides, most of it the vocabulary.
    """

    n_ctx: int
    weights: int
    kv_cache: int | None
    compute: int
    other: int
    _header: Header = field(repr=False)
    _load: LoadParams = field(repr=False)

    @property
    def total(self) -> int:
        """Everything together; an unknown KV cache counts as nothing."""
        return self.weights + (self.kv_cache or 0) + self.compute + self.other

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
    kv_cache = kv_cache_bytes(header, load, n_ctx)
    return MemoryPlan(
        n_ctx=n_ctx,
        weights=header.tensor_bytes,
        kv_cache=kv_cache,
        compute=_compute_bytes(header, load, n_ctx),
        other=_other_bytes(header),
        _header=header,
        _load=load,
    )


def _other_bytes(header: Header) -> int:
    """Estimate what llama.cpp keeps besides: measured for vocabularies of 300 to 262,144 tokens, with and without
    merges, and within 5% of it."""
    pairs = header.length("tokenizer.ggml.merges")
    return _BARE + _TOKEN * (header.n_vocab or 0) + _MERGE * pairs


def _compute_bytes(header: Header, load: LoadParams, n_ctx: int) -> int:
    """Estimate the compute and output buffers of a context that asks for few outputs (n_outputs_max).

    At its peak llama.cpp holds, for each token of a micro-batch, three feed-forward rows, three rows of the residual
    stream and the queries, all f32, and the attention mask over the context: f16 with flash attention; a second one
    over the window where layers have one. Without flash attention every head has its scores over the context, the
    masks are f32, and the processor converts the scores once more to f16. With a large vocabulary and small
    micro-batches the logits are the most. Within 4% of llama.cpp's own figures for SmolLM2 135M and Gemma 3 270M
    with flash attention at contexts from 2,048 tokens on, and 8% without.
    """
    width = header.number("embedding_length") or 4096
    feed_forward = _largest(header, "feed_forward_length") or 4 * width
    # The routed experts of one token run side by side.
    experts = _largest(header, "expert_used_count") * (_largest(header, "expert_feed_forward_length") or feed_forward)
    heads = _largest(header, "attention.head_count") or 1
    queries = heads * (header.number("attention.key_length") or width // heads)
    tokens = min(load.n_ubatch, load.n_batch, padded(n_ctx))
    widest = max(3 * max(feed_forward, experts) + 3 * width + queries, _state_row(header, width))
    row = 4 * widest + _attention_bytes(header, load, n_ctx, heads)
    logits = 4 * (header.n_vocab or 0)
    return max(row * tokens, _outputs(header, load) * (logits + 4 * width)) + logits


def _state_row(header: Header, width: int) -> int:
    """Numbers of each token in a state space layer: projections and convolution twice, and its output; or of RWKV."""
    if header.number("wkv.head_size"):
        return 18 * width
    inner = header.number("ssm.inner_size") or 0
    groups = (header.number("ssm.group_count") or 0) * (header.number("ssm.state_size") or 0)
    return 2 * (3 * inner + 4 * groups) + inner + width if inner else 0


def _attention_bytes(header: Header, load: LoadParams, n_ctx: int, heads: int) -> int:
    """Bytes of masks and scores for each token of a micro-batch."""
    layers = layers_of(header)
    if layers is not None and not any(layers.heads):
        return 0
    cells = padded(n_ctx)
    masked = cells + window_cells(header, load, n_ctx)
    if load.flash_attn != "off":
        return 2 * masked
    return 4 * (heads * cells + masked) + (0 if load.cache_type_v == "f32" else 2 * heads * cells)


def _outputs(header: Header, load: LoadParams) -> int:
    """Rows of logits in one batch: the next token's, and those of a guess where guesses are made."""
    guessed = load.spec_type != "none" and header.architecture not in RECURRENT
    return min(1 + (GUESSED if guessed else 0), load.n_batch)


def _largest(header: Header, key: str) -> int:
    value = header.value(key)
    values = value if isinstance(value, tuple) else (value,)
    return max((v for v in values if isinstance(v, int)), default=0)
