"""Tiny random models of other architectures, written as real GGUF files that llama.cpp loads.

Tensors and keys are those of llama.cpp's `src/models/`. The vocabulary is the byte-level one of `tiny_gguf`; what they
generate is random printable ASCII, so that it can go into the next prompt token for token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from tests.support.tiny_gguf import BOS, EOS, FIRST_BYTE, IM_END, IM_START, N_VOCAB, UNK, add_vocabulary

FloatArray = npt.NDArray[np.float32]
Tensors = Iterator[tuple[str, FloatArray]]

_LAYERS, _WIDTH, _FEED, _HEADS = 2, 64, 128, 4
_HEAD = _WIDTH // _HEADS
_N_CTX_TRAIN = 512
_STATE, _KERNEL, _RANK = 8, 4, 4
WINDOW = 32
"""Tokens of the sliding window of `write_sliding`."""


class _Random:
    """Weights that keep the size of what goes through them."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)

    def matrix(self, rows: int, columns: int, scale: float = 1.0) -> FloatArray:
        spread = scale / columns**0.5
        drawn: FloatArray = (self._random.standard_normal((rows, columns)) * spread).astype(np.float32)
        return drawn

    def embedding(self) -> FloatArray:
        return self.matrix(N_VOCAB, _WIDTH, scale=_WIDTH**0.5)

    def output(self) -> FloatArray:
        """Printable ASCII alone is likely."""
        output = self.matrix(N_VOCAB, _WIDTH, scale=3.0)
        output[[UNK, BOS, EOS, IM_START, IM_END]] = 0.0
        output[: FIRST_BYTE + 0x20] = output[FIRST_BYTE + 0x7F :] = 0.0
        return output


def write_recurrent(path: Path) -> Path:
    """Write a Mamba model: its memory is one running state, not an entry for each token."""

    def keys(writer: gguf.GGUFWriter) -> None:
        _add_state_space(writer)
        writer.add_head_count(0)
        writer.add_feed_forward_length(0)
        writer.add_layer_norm_rms_eps(1e-5)

    def tensors(random: _Random) -> Tensors:
        yield "token_embd.weight", random.embedding()
        for layer in range(_LAYERS):
            yield f"blk.{layer}.attn_norm.weight", _ones(_WIDTH)
            yield from _state_space(random, f"blk.{layer}")
        yield "output_norm.weight", _ones(_WIDTH)
        yield "output.weight", random.output()

    return _write(path, "mamba", keys, tensors)


def write_hybrid(path: Path) -> Path:
    """Write a Jamba model: one layer with a running state, one with attention."""

    def keys(writer: gguf.GGUFWriter) -> None:
        _add_state_space(writer)
        writer.add_head_count(_HEADS)
        writer.add_head_count_kv([0, 2])
        writer.add_feed_forward_length(_FEED)
        writer.add_layer_norm_rms_eps(1e-5)

    def tensors(random: _Random) -> Tensors:
        yield "token_embd.weight", random.embedding()
        for layer in range(_LAYERS):
            prefix = f"blk.{layer}"
            yield f"{prefix}.attn_norm.weight", _ones(_WIDTH)
            if layer:
                yield from _attention(random, prefix)
            else:
                yield from _state_space(random, prefix)
                for name, width in (("dt", _RANK), ("b", _STATE), ("c", _STATE)):
                    yield f"{prefix}.ssm_{name}_norm.weight", _ones(width)
            yield f"{prefix}.ffn_norm.weight", _ones(_WIDTH)
            yield from _feed_forward(random, prefix)
        yield "output_norm.weight", _ones(_WIDTH)
        yield "output.weight", random.output()

    return _write(path, "jamba", keys, tensors)


def write_sliding(path: Path) -> Path:
    """Write a Gemma 3 model whose first layer sees the last `WINDOW` tokens only."""

    def keys(writer: gguf.GGUFWriter) -> None:
        writer.add_head_count(_HEADS)
        writer.add_head_count_kv(2)
        writer.add_key_length(_HEAD)
        writer.add_value_length(_HEAD)
        writer.add_feed_forward_length(_FEED)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_sliding_window(WINDOW)
        writer.add_sliding_window_pattern([True, False])

    def tensors(random: _Random) -> Tensors:
        yield "token_embd.weight", random.embedding()
        for layer in range(_LAYERS):
            prefix = f"blk.{layer}"
            for name in ("attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"):
                yield f"{prefix}.{name}.weight", _ones(_WIDTH)
            for name in ("attn_q_norm", "attn_k_norm"):
                yield f"{prefix}.{name}.weight", _ones(_HEAD)
            yield from _attention(random, prefix)
            yield from _feed_forward(random, prefix)
        yield "output_norm.weight", _ones(_WIDTH)
        yield "output.weight", random.output()

    return _write(path, "gemma3", keys, tensors)


def write_encoder_decoder(path: Path) -> Path:
    """Write a T5 model."""

    def keys(writer: gguf.GGUFWriter) -> None:
        writer.add_head_count(_HEADS)
        writer.add_feed_forward_length(_FEED)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_relative_attn_buckets_count(32)
        writer.add_decoder_start_token_id(0)

    def tensors(random: _Random) -> Tensors:
        yield "token_embd.weight", random.embedding()
        for side, parts in (("enc", ("attn",)), ("dec", ("attn", "cross_attn"))):
            yield f"{side}.output_norm.weight", _ones(_WIDTH)
            for layer in range(_LAYERS):
                prefix = f"{side}.blk.{layer}"
                yield f"{prefix}.attn_rel_b.weight", random.matrix(32, _HEADS)
                yield f"{prefix}.ffn_norm.weight", _ones(_WIDTH)
                yield from _feed_forward(random, prefix)
                for part in parts:
                    yield f"{prefix}.{part}_norm.weight", _ones(_WIDTH)
                    for name in "qkvo":
                        yield f"{prefix}.{part}_{name}.weight", random.matrix(_WIDTH, _WIDTH)
        yield "output.weight", random.output()

    return _write(path, "t5", keys, tensors)


def write_embedding(path: Path) -> Path:
    """Write a BERT model, which turns text into vectors."""

    def keys(writer: gguf.GGUFWriter) -> None:
        writer.add_head_count(_HEADS)
        writer.add_feed_forward_length(_FEED)
        writer.add_layer_norm_eps(1e-5)
        writer.add_causal_attention(False)
        writer.add_pooling_type(gguf.PoolingType.MEAN)
        writer.add_token_type_count(2)

    def tensors(random: _Random) -> Tensors:
        yield "token_embd.weight", random.embedding()
        yield "position_embd.weight", random.matrix(_N_CTX_TRAIN, _WIDTH)
        yield from _norm("token_embd_norm")
        for layer in range(_LAYERS):
            prefix = f"blk.{layer}"
            for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
                yield f"{prefix}.{name}.weight", random.matrix(_WIDTH, _WIDTH)
            yield from _norm(f"{prefix}.attn_output_norm")
            yield f"{prefix}.ffn_up.weight", random.matrix(_FEED, _WIDTH)
            yield f"{prefix}.ffn_down.weight", random.matrix(_WIDTH, _FEED)
            yield from _norm(f"{prefix}.layer_output_norm")

    return _write(path, "bert", keys, tensors)


def _write(
    path: Path, architecture: str, keys: Callable[[gguf.GGUFWriter], None], tensors: Callable[[_Random], Tensors]
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"Tiny {architecture}")
    writer.add_type("model")
    writer.add_file_type(int(gguf.LlamaFileType.ALL_F32))
    writer.add_block_count(_LAYERS)
    writer.add_context_length(_N_CTX_TRAIN)
    writer.add_embedding_length(_WIDTH)
    writer.add_vocab_size(N_VOCAB)
    keys(writer)
    add_vocabulary(writer)
    for name, data in tensors(_Random(0)):
        writer.add_tensor(name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _add_state_space(writer: gguf.GGUFWriter) -> None:
    writer.add_ssm_conv_kernel(_KERNEL)
    writer.add_ssm_inner_size(2 * _WIDTH)
    writer.add_ssm_state_size(_STATE)
    writer.add_ssm_time_step_rank(_RANK)


def _state_space(random: _Random, prefix: str) -> Tensors:
    inner = 2 * _WIDTH
    yield f"{prefix}.ssm_in.weight", random.matrix(2 * inner, _WIDTH)
    yield f"{prefix}.ssm_conv1d.weight", random.matrix(inner, _KERNEL)
    yield f"{prefix}.ssm_conv1d.bias", np.zeros(inner, np.float32)
    yield f"{prefix}.ssm_x.weight", random.matrix(_RANK + 2 * _STATE, inner)
    yield f"{prefix}.ssm_dt.weight", random.matrix(inner, _RANK)
    yield f"{prefix}.ssm_dt.bias", np.full(inner, -3.0, np.float32)  # a long memory
    yield f"{prefix}.ssm_a", -np.tile(np.arange(1, _STATE + 1, dtype=np.float32), (inner, 1))
    yield f"{prefix}.ssm_d", _ones(inner)
    yield f"{prefix}.ssm_out.weight", random.matrix(_WIDTH, inner)


def _attention(random: _Random, prefix: str) -> Tensors:
    yield f"{prefix}.attn_q.weight", random.matrix(_WIDTH, _WIDTH)
    yield f"{prefix}.attn_k.weight", random.matrix(2 * _HEAD, _WIDTH)
    yield f"{prefix}.attn_v.weight", random.matrix(2 * _HEAD, _WIDTH)
    yield f"{prefix}.attn_output.weight", random.matrix(_WIDTH, _WIDTH)


def _feed_forward(random: _Random, prefix: str) -> Tensors:
    yield f"{prefix}.ffn_gate.weight", random.matrix(_FEED, _WIDTH)
    yield f"{prefix}.ffn_up.weight", random.matrix(_FEED, _WIDTH)
    yield f"{prefix}.ffn_down.weight", random.matrix(_WIDTH, _FEED)


def _norm(name: str) -> Tensors:
    yield f"{name}.weight", _ones(_WIDTH)
    yield f"{name}.bias", np.zeros(_WIDTH, np.float32)


def _ones(width: int) -> FloatArray:
    return np.ones(width, np.float32)
