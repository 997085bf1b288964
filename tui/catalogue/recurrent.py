"""Layers that keep one running state in place of a KV cache, and its size (llama.cpp `src/llama-hparams.cpp`)."""

from __future__ import annotations

from tui.catalogue.gguf_header import Header

RECURRENT = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
"""Architectures with a state of fixed size in place of a KV cache (llama.cpp `src/llama-arch.cpp`)."""
_BY_HEADS = frozenset(
    {
        "bailingmoe3",
        "granitehybrid",
        "jamba",
        "kimi-k3",
        "kimi-linear",
        "lfm2",
        "lfm2moe",
        "nemotron_h",
        "nemotron_h_moe",
    }
    | {"plamo2"}
)
"""A layer without key heads is recurrent."""
_BY_INTERVAL = {"minimax-01": 8, "qwen35": 4, "qwen35moe": 4, "qwen3next": 4}
"""One layer of so many has attention, unless the header says otherwise."""
HYBRID = _BY_HEADS | frozenset(_BY_INTERVAL) | {"falcon-h1"}
"""Architectures with both kinds of layers."""
_F32 = 4


def recurrent_layers(header: Header, heads: tuple[int, ...]) -> tuple[bool, ...]:
    """For each layer, whether it keeps a state.

    Args:
        header: of the model.
        heads: key heads of each layer, without the layers that only predict further tokens.
    """
    architecture, layers = header.architecture, len(heads)
    if architecture in RECURRENT or architecture == "falcon-h1":
        return (True,) * layers
    if architecture in ("nemotron_h", "nemotron_h_moe"):  # a third kind of layer has neither, only a feed-forward net
        forward = header.per_layer("feed_forward_length", layers) or (0,) * layers
        return tuple(not count and not width for count, width in zip(heads, forward, strict=True))
    if architecture in _BY_HEADS:
        return tuple(not count for count in heads)
    if architecture not in _BY_INTERVAL:
        return (False,) * layers
    said = header.value("attention.recurrent_layers")
    if isinstance(said, tuple) and len(said) >= layers:
        return tuple(bool(value) for value in said[:layers])
    interval = header.number("full_attention_interval") or _BY_INTERVAL[architecture]
    return tuple((layer + 1) % interval != 0 for layer in range(layers))


def attention_layers(header: Header, recurrent: tuple[bool, ...]) -> tuple[bool, ...]:
    """For each layer, whether it has a KV cache."""
    if header.architecture == "falcon-h1":  # both side by side in every layer
        return (True,) * len(recurrent)
    return tuple(not state for state in recurrent)


def state_bytes(header: Header) -> int:
    """Bytes of one layer's state for one sequence: the last inputs of its convolution, and the state itself, as f32."""
    width = header.number("embedding_length") or 0
    heads = max(header.per_layer("attention.head_count", 1) or (0,))
    kernel = header.number("ssm.conv_kernel") or 0
    if size := header.number("wkv.head_size"):  # RWKV
        shifts = header.number("token_shift_count")
        return _F32 * ((2 if shifts is None else shifts) * width + width * size)
    if cached := header.number("shortconv.l_cache"):  # LFM2
        return _F32 * width * (cached - 1)
    if size := header.number("kda.head_dim"):  # Kimi
        return _F32 * (3 * ((kernel or 4) - 1) * heads * size + size * size * heads)
    if header.architecture == "minimax-01":
        size = header.number("attention.key_length") or (width // heads if heads else 0)
        return _F32 * size * size * heads
    inner, state = header.number("ssm.inner_size") or 0, header.number("ssm.state_size") or 0
    groups = header.number("ssm.group_count") or 0
    return _F32 * (max(kernel - 1, 0) * (inner + 2 * groups * state) + state * inner)
