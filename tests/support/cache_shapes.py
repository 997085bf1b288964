"""Small models without sense, one for each way of keeping a context: llama.cpp says what their memory takes.

Tensors and keys are those of llama.cpp's `src/models/`; all weights are zero, since nothing is ever generated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import gguf
import numpy as np

from tests.support.tiny_gguf import N_VOCAB, add_vocabulary

Tensor = tuple[str, tuple[int, ...]]
"""Name, and sizes in ggml's order."""
Key = int | float | list[int] | bool

_WIDTH, _FEED, _HEADS, _KEYS, _HEAD = 128, 256, 4, 2, 32
_KV = _KEYS * _HEAD
_STATE = {"ssm.conv_kernel": 4, "ssm.inner_size": 256, "ssm.state_size": 64, "ssm.time_step_rank": 4}


def write_short_convolutions(path: Path) -> Path:
    """Write an LFM2 model: two layers with a short convolution, one with attention."""
    heads = [0, _KEYS, 0]

    def tensors() -> Iterator[Tensor]:
        yield "token_embd_norm.weight", (_WIDTH,)
        for layer, keys in enumerate(heads):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm", "ffn_norm")
            yield from _feed_forward(prefix)
            if keys:
                yield from _attention(prefix)
                yield from ((f"{prefix}.attn_{name}_norm.weight", (_HEAD,)) for name in "qk")
            else:
                yield f"{prefix}.shortconv.conv.weight", (3, _WIDTH)
                yield f"{prefix}.shortconv.in_proj.weight", (_WIDTH, 3 * _WIDTH)
                yield f"{prefix}.shortconv.out_proj.weight", (_WIDTH, _WIDTH)

    keys: dict[str, Key] = {"attention.head_count_kv": heads, "shortconv.l_cache": 3}
    return _write(path, "lfm2", 3, keys, tensors(), norm=False)


def write_granite_hybrid(path: Path) -> Path:
    """Write a Granite 4 hybrid: three Mamba 2 layers and one with attention."""
    heads = [0, 0, _KEYS, 0]

    def tensors() -> Iterator[Tensor]:
        for layer, keys in enumerate(heads):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm", "ffn_norm")
            yield from _feed_forward(prefix)
            yield from _attention(prefix) if keys else _state_space(prefix, 2 * 256 + 2 * 64 + 4)

    keys: dict[str, Key] = {"attention.head_count_kv": heads, **_STATE, "ssm.group_count": 1}
    return _write(path, "granitehybrid", 4, keys, tensors())


def write_side_by_side(path: Path) -> Path:
    """Write a Falcon-H1 model: attention and Mamba 2 in each layer."""

    def tensors() -> Iterator[Tensor]:
        for layer in range(2):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm")
            yield f"{prefix}.ffn_norm", (_WIDTH,)
            yield from _feed_forward(prefix)
            yield from _attention(prefix)
            yield from _state_space(prefix, 2 * 256 + 2 * 64 + 4)

    keys: dict[str, Key] = {"attention.head_count_kv": _KEYS, **_STATE, "ssm.group_count": 1}
    return _write(path, "falcon-h1", 2, keys, tensors())


def write_linear_attention(path: Path) -> Path:
    """Write a Qwen 3 Next model: of four layers three have linear attention; experts everywhere."""
    key_size, value_size, experts, expert_feed = 2 * 64, 4 * 64, 4, 64

    def tensors() -> Iterator[Tensor]:
        for layer in range(4):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm", "post_attention_norm")
            if layer == 3:
                yield from _attention(prefix, queries=2)
                yield from ((f"{prefix}.attn_{name}_norm.weight", (_HEAD,)) for name in "qk")
            else:
                yield f"{prefix}.attn_qkv.weight", (_WIDTH, 2 * key_size + value_size)
                yield f"{prefix}.attn_gate.weight", (_WIDTH, value_size)
                yield f"{prefix}.ssm_conv1d.weight", (4, 2 * key_size + value_size)
                yield f"{prefix}.ssm_dt.bias", (4,)
                yield f"{prefix}.ssm_a", (4,)
                yield f"{prefix}.ssm_ba.weight", (_WIDTH, 8)
                yield f"{prefix}.ssm_norm.weight", (64,)
                yield f"{prefix}.ssm_out.weight", (value_size, _WIDTH)
            yield f"{prefix}.ffn_gate_inp.weight", (_WIDTH, experts)
            yield f"{prefix}.ffn_gate_exps.weight", (_WIDTH, expert_feed, experts)
            yield f"{prefix}.ffn_up_exps.weight", (_WIDTH, expert_feed, experts)
            yield f"{prefix}.ffn_down_exps.weight", (expert_feed, _WIDTH, experts)
            yield f"{prefix}.ffn_gate_inp_shexp.weight", (_WIDTH,)
            yield f"{prefix}.ffn_gate_shexp.weight", (_WIDTH, expert_feed)
            yield f"{prefix}.ffn_up_shexp.weight", (_WIDTH, expert_feed)
            yield f"{prefix}.ffn_down_shexp.weight", (expert_feed, _WIDTH)

    keys: dict[str, Key] = {
        "attention.head_count_kv": _KEYS,
        "ssm.conv_kernel": 4,
        "ssm.inner_size": value_size,
        "ssm.state_size": 64,
        "ssm.time_step_rank": 4,
        "ssm.group_count": 2,
        "expert_count": experts,
        "expert_used_count": 2,
        "expert_feed_forward_length": expert_feed,
        "expert_shared_feed_forward_length": expert_feed,
        "full_attention_interval": 4,
    }
    return _write(path, "qwen3next", 4, keys, tensors())


def write_latent(path: Path) -> Path:
    """Write a DeepSeek V2 model: keys and values are kept compressed together (MLA)."""
    rank, rope, plain, value = 64, 16, 32, 32

    def tensors() -> Iterator[Tensor]:
        for layer in range(2):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm", "ffn_norm")
            yield from _feed_forward(prefix)
            yield f"{prefix}.attn_q_a_norm.weight", (rank,)
            yield f"{prefix}.attn_kv_a_norm.weight", (rank,)
            yield f"{prefix}.attn_q_a.weight", (_WIDTH, rank)
            yield f"{prefix}.attn_q_b.weight", (rank, _HEADS * (plain + rope))
            yield f"{prefix}.attn_kv_a_mqa.weight", (_WIDTH, rank + rope)
            yield f"{prefix}.attn_k_b.weight", (plain, rank, _HEADS)
            yield f"{prefix}.attn_v_b.weight", (rank, value, _HEADS)
            yield f"{prefix}.attn_output.weight", (_HEADS * value, _WIDTH)

    keys: dict[str, Key] = {
        "attention.head_count_kv": 1,
        "attention.q_lora_rank": rank,
        "attention.kv_lora_rank": rank,
        "attention.key_length": rank + rope,
        "attention.value_length": rank,
        "attention.key_length_mla": plain + rope,
        "attention.value_length_mla": value,
        "rope.dimension_count": rope,
        "leading_dense_block_count": 2,
        "expert_feed_forward_length": 64,
        "expert_shared_count": 1,
    }
    return _write(path, "deepseek2", 2, keys, tensors())


def write_alternating_windows(path: Path) -> Path:
    """Write a Gemma 2 model: every other layer sees a window, of which the header says nothing but the width."""

    def tensors() -> Iterator[Tensor]:
        for layer in range(4):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm")
            yield from _feed_forward(prefix)
            yield from _attention(prefix)

    keys: dict[str, Key] = {
        "attention.head_count_kv": _KEYS,
        "attention.key_length": _HEAD,
        "attention.value_length": _HEAD,
        "attention.sliding_window": 512,
    }
    return _write(path, "gemma2", 4, keys, tensors())


def write_receptance(path: Path) -> Path:
    """Write an RWKV 7 model: a matrix for each head in place of a KV cache."""
    rank, wide = 16, 2 * _WIDTH
    vectors = ("w0", "a0", "v0", "k_k", "k_a", "r_k", "ln")

    def tensors() -> Iterator[Tensor]:
        yield from ((f"token_embd_norm.{kind}", (_WIDTH,)) for kind in ("weight", "bias"))
        yield "output_norm.bias", (_WIDTH,)
        yield "output.weight", (_WIDTH, N_VOCAB)
        for layer in range(2):
            prefix = f"blk.{layer}"
            yield from _norms(prefix, "attn_norm", "attn_norm_2", *(f"time_mix_{name}" for name in vectors))
            yield from ((f"{prefix}.{name}.bias", (_WIDTH,)) for name in ("attn_norm", "attn_norm_2", "time_mix_ln"))
            for name in "wavg":
                yield f"{prefix}.time_mix_{name}1.weight", (_WIDTH, rank)
                yield f"{prefix}.time_mix_{name}2.weight", (rank, _WIDTH)
            yield f"{prefix}.time_mix_lerp_fused.weight", (_WIDTH, 1, 1, 6)
            for name in ("key", "value", "receptance", "output"):
                yield f"{prefix}.time_mix_{name}.weight", (_WIDTH, _WIDTH)
            yield f"{prefix}.channel_mix_lerp_k.weight", (_WIDTH, 1, 1)
            yield f"{prefix}.channel_mix_key.weight", (_WIDTH, wide)
            yield f"{prefix}.channel_mix_value.weight", (wide, _WIDTH)

    ranks = ("decay", "iclr", "value_residual_mix", "gate")
    keys: dict[str, Key] = {f"attention.{name}_lora_rank": rank for name in ranks}
    return _write(path, "rwkv7", 2, keys | {"wkv.head_size": 64, "attention.head_count": 0}, tensors())


def _write(
    path: Path, architecture: str, layers: int, keys: Mapping[str, Key], tensors: Iterator[Tensor], *, norm: bool = True
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_file_type(int(gguf.LlamaFileType.ALL_F32))
    writer.add_block_count(layers)
    writer.add_context_length(32_768)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_FEED)
    if "attention.head_count" not in keys:
        writer.add_head_count(_HEADS)
    writer.add_vocab_size(N_VOCAB)
    writer.add_layer_norm_rms_eps(1e-5)
    for key, value in keys.items():
        name = f"{architecture}.{key}"
        if isinstance(value, list):
            writer.add_array(name, value)
        else:
            writer.add_uint32(name, int(value))
    add_vocabulary(writer)
    for name, sizes in (("token_embd.weight", (_WIDTH, N_VOCAB)), *tensors):
        writer.add_tensor(name, np.zeros(sizes[::-1], np.float32))
    if norm:
        writer.add_tensor("output_norm.weight", np.zeros(_WIDTH, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _norms(prefix: str, *names: str) -> Iterator[Tensor]:
    yield from ((f"{prefix}.{name}.weight", (_WIDTH,)) for name in names)


def _attention(prefix: str, queries: int = 1) -> Iterator[Tensor]:
    yield f"{prefix}.attn_q.weight", (_WIDTH, queries * _HEADS * _HEAD)
    yield f"{prefix}.attn_k.weight", (_WIDTH, _KV)
    yield f"{prefix}.attn_v.weight", (_WIDTH, _KV)
    yield f"{prefix}.attn_output.weight", (_HEADS * _HEAD, _WIDTH)


def _feed_forward(prefix: str) -> Iterator[Tensor]:
    yield f"{prefix}.ffn_gate.weight", (_WIDTH, _FEED)
    yield f"{prefix}.ffn_up.weight", (_WIDTH, _FEED)
    yield f"{prefix}.ffn_down.weight", (_FEED, _WIDTH)


def _state_space(prefix: str, projected: int) -> Iterator[Tensor]:
    """Mamba 2 with one group."""
    inner, state = _STATE["ssm.inner_size"], _STATE["ssm.state_size"]
    yield f"{prefix}.ssm_in.weight", (_WIDTH, projected)
    yield f"{prefix}.ssm_conv1d.weight", (4, inner + 2 * state)
    yield f"{prefix}.ssm_conv1d.bias", (inner + 2 * state,)
    yield f"{prefix}.ssm_dt.bias", (4,)
    yield f"{prefix}.ssm_a", (1, 4)
    yield f"{prefix}.ssm_d", (1, 4)
    yield f"{prefix}.ssm_norm.weight", (inner, 1)
    yield f"{prefix}.ssm_out.weight", (inner, _WIDTH)
