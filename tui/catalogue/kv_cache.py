"""The size of the KV cache and of recurrent states, from a model's header alone: the sums of llama.cpp's
`src/llama-kv-cache*.cpp` and `src/llama-memory-*.cpp` for one sequence."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from tui.catalogue.gguf_header import Header
from tui.catalogue.recurrent import attention_layers, recurrent_layers, state_bytes
from tui.catalogue.windows import window, windowed_layers
from tui.core.parameters import LoadParams

BITS = MappingProxyType(
    {"f32": 32, "f16": 16, "bf16": 16, "q8_0": 8.5, "q5_1": 6, "q5_0": 5.5, "q4_1": 5, "q4_0": 4.5, "iq4_nl": 4.5}
)
"""Bits for each value in each cache type: a block of 32 values and its scale."""
_OTHERWISE = frozenset(
    {"deepseek4", "dflash", "dots3note", "eagle3", "gemma4-assistant", "glm5-next", "graniteswitch", "hy_v4"}
    | {"minimax-m3", "nanbeige", "qwen4exp"}
)
"""Architectures whose memory has parts that are not known here."""
_INDEXED = frozenset({"deepseek32", "glm-dsa"})
"""Sparse attention: one more small key for each token."""
_PAD = 256
_MAX_LAYERS = 4096


@dataclass(frozen=True, slots=True)
class Layers:
    """What the layers of a model keep of each token, without those that only predict further tokens.

    Attributes:
        heads: key and value heads of each layer; 0 for a layer that keeps nothing or a state.
        keys: values in the key of one head.
        values: values in the value of one head; 0 where the value is a part of the key (latent attention).
        windowed: whether the layer keeps a sliding window only.
        recurrent: whether the layer keeps a state.
        window: tokens of the window; 0 for none.
        latent: whether keys and values are kept compressed together (MLA).
    """

    heads: tuple[int, ...]
    keys: tuple[int, ...]
    values: tuple[int, ...]
    windowed: tuple[bool, ...]
    recurrent: tuple[bool, ...]
    window: int
    latent: bool


def padded(n_ctx: int) -> int:
    """Cells that llama.cpp makes for a context: the next multiple of 256."""
    return -(-n_ctx // _PAD) * _PAD


def window_cells(header: Header, load: LoadParams, n_ctx: int) -> int:
    """Cells of a layer that sees the window only: the window and one micro-batch; 0 for a model without windows."""
    width, cells = window(header), padded(n_ctx)
    if not width or load.swa_full:
        return cells if width else 0
    return padded(min(cells, width + min(load.n_ubatch, load.n_batch, n_ctx)))


def kv_cache_bytes(header: Header, load: LoadParams, n_ctx: int) -> int | None:
    """Bytes of the KV cache and of recurrent states.

    Args:
        header: of the model.
        load: its cache types, window and micro-batch are used.
        n_ctx: tokens of context.

    Returns:
        None when the header does not say enough, or the architecture keeps something that is not known here.
    """
    layers = layers_of(header)
    if layers is None or load.cache_type_k not in BITS or load.cache_type_v not in BITS:
        return None
    bits_k, bits_v = BITS[load.cache_type_k], BITS[load.cache_type_v]
    # Without flash attention llama.cpp gives every layer the widest value, for those that are stored transposed.
    rows = [heads * width for heads, width in zip(layers.heads, layers.values, strict=True)]
    if load.flash_attn == "off" and not layers.latent:
        rows = [max(rows, default=0) if heads else 0 for heads in layers.heads]
    whole, narrow = padded(n_ctx), window_cells(header, load, n_ctx)
    bits = 0.0
    for heads, key, row, windowed in zip(layers.heads, layers.keys, rows, layers.windowed, strict=True):
        bits += (heads * key * bits_k + row * bits_v) * (narrow if windowed else whole)
    if header.architecture in _INDEXED:
        bits += len(layers.heads) * (header.number("attention.indexer.key_length") or 0) * bits_k * whole
    return int(bits / 8) + sum(layers.recurrent) * state_bytes(header)


def layers_of(header: Header) -> Layers | None:
    """What each layer keeps; None when the header does not say enough."""
    total = header.number("block_count")
    if not total or total > _MAX_LAYERS or header.architecture in _OTHERWISE:
        return None
    count = total - (header.number("nextn_predict_layers") or 0)
    heads = header.per_layer("attention.head_count_kv", count) or header.per_layer("attention.head_count", count)
    if count <= 0 or heads is None:
        return None
    recurrent = recurrent_layers(header, heads)
    attention = attention_layers(header, recurrent)
    owned = _owned(header, count)
    kept = tuple(number if attention[layer] and layer < owned else 0 for layer, number in enumerate(heads))
    windowed = windowed_layers(header, count)
    keys, values = _widths(header, "key", windowed), _widths(header, "value", windowed)
    if any(kept) and (keys is None or values is None):
        return None
    latent = bool(header.number("attention.key_length_mla") and header.number("attention.value_length_mla"))
    nothing = (0,) * count
    return Layers(
        heads=kept,
        keys=keys or nothing,
        values=nothing if latent else values or nothing,
        windowed=windowed,
        recurrent=recurrent,
        window=window(header),
        latent=latent,
    )


def _owned(header: Header, count: int) -> int:
    """Layers from the first on that have a cache of their own; the others use the cache of an earlier one."""
    if header.architecture == "gemma3n":
        return 20
    return count - (header.number("attention.shared_kv_layers") or 0)


def _widths(header: Header, which: str, windowed: tuple[bool, ...]) -> tuple[int, ...] | None:
    """Values in one head's row, for each layer."""
    full = header.number(f"attention.{which}_length")
    if full is None:
        width, heads = header.number("embedding_length"), header.per_layer("attention.head_count", len(windowed))
        if not width or not heads or not max(heads):
            return None
        # llama.cpp divides by the first layer's heads; in mixed models that layer may have none.
        full = width // (heads[0] or max(heads))
    narrow = header.number(f"attention.{which}_length_swa")
    return tuple(full if narrow is None or not window else narrow for window in windowed)
