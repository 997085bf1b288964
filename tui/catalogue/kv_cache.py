"""The size of the KV cache, from a model's header alone."""

from __future__ import annotations

from types import MappingProxyType

from tui.catalogue.gguf_header import Header

BITS = MappingProxyType(
    {"f32": 32, "f16": 16, "bf16": 16, "q8_0": 8.5, "q5_1": 6, "q5_0": 5.5, "q4_1": 5, "q4_0": 4.5, "iq4_nl": 4.5}
)
"""Bits for each value in each cache type: a block of 32 values and its scale."""
RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
"""Architectures with a state of fixed size in place of a KV cache (llama.cpp `src/llama-arch.cpp`)."""
_PAD = 256
_MAX_LAYERS = 4096


def padded(n_ctx: int) -> int:
    """Cells that llama.cpp makes for a context: the next multiple of 256."""
    return -(-n_ctx // _PAD) * _PAD


def kv_cache_bytes(header: Header, n_ctx: int, type_k: str, type_v: str) -> int | None:
    """Bytes of the KV cache.

    Layers with a sliding window count with the whole context (`swa_full`), so for such models it is the most there can
    be; the engine's own plan has the exact figure.

    Args:
        header: of the model.
        n_ctx: tokens of context.
        type_k: number format of the keys, such as `f16`.
        type_v: number format of the values.

    Returns:
        0 for recurrent models; None when the header does not say enough.
    """
    if header.architecture in RECURRENT:
        return 0
    layers = header.number("block_count")
    if not layers or layers > _MAX_LAYERS or type_k not in BITS or type_v not in BITS:
        return None
    heads = _per_layer(header, "attention.head_count_kv", layers) or _per_layer(header, "attention.head_count", layers)
    keys = _lengths(header, "key", layers)
    values = _lengths(header, "value", layers)
    if heads is None or keys is None or values is None:
        return None
    # Multi-head latent attention: the values are a part of the keys.
    has_values = header.number("attention.key_length_mla") is None
    bits = 0.0
    for layer in range(layers):
        if _has_cache(header, layer, layers):
            width_v = values[layer] * BITS[type_v] if has_values else 0
            bits += heads[layer] * (keys[layer] * BITS[type_k] + width_v)
    return int(bits / 8 * padded(n_ctx))


def _has_cache(header: Header, layer: int, layers: int) -> bool:
    # Layers that use the cache of an earlier layer (Gemma 3n, Gemma 4), and linear attention between full ones (Qwen3
    # Next); other mixed models say 0 heads for such a layer.
    shared = header.number("attention.shared_kv_layers") or 0
    interval = header.number("full_attention_interval") or 1
    return layer < layers - shared and (layer + 1) % interval == 0


def _lengths(header: Header, which: str, layers: int) -> list[int] | None:
    """Values in one head's row, for each layer."""
    full = header.number(f"attention.{which}_length")
    if full is None:
        width, heads = header.number("embedding_length"), _per_layer(header, "attention.head_count", layers)
        if not width or not heads or not max(heads):
            return None
        full = width // max(heads)
    window = header.number(f"attention.{which}_length_swa")
    if window is None:
        return [full] * layers
    pattern = header.value("attention.sliding_window_pattern")
    if isinstance(pattern, tuple) and len(pattern) >= layers:
        return [window if pattern[layer] else full for layer in range(layers)]
    return [max(full, window)] * layers


def _per_layer(header: Header, key: str, layers: int) -> list[int] | None:
    single, value = header.number(key), header.value(key)
    if single is not None:
        return [single] * layers
    if isinstance(value, tuple):
        numbers = [v for v in value[:layers] if isinstance(v, int) and v >= 0]
        return numbers if len(numbers) == layers else None
    return None
