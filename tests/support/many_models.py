"""Many model files with headers of the size that real ones have, and weights that take no space.

Written byte by byte: hundreds of files are needed, and only their headers are read.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_U32, _F32, _BOOL, _STRING, _ARRAY, _I32 = 4, 6, 7, 8, 9, 5
_Q4_K, _F32_TENSOR = 12, 0


@dataclass(frozen=True)
class Family:
    """What the files of one family have in common.

    Attributes:
        name: of the family.
        tokens: size of the vocabulary.
        merges: rules of a BPE vocabulary; 0 for a SentencePiece one, which has scores.
        layers: blocks, each of nine tensors.
    """

    name: str
    tokens: int
    merges: int
    layers: int


FAMILIES = (
    Family("Mistral-7B", 32_768, 0, 32),
    Family("Llama-2-13B", 32_000, 0, 40),
    Family("TinyLlama-1.1B", 32_000, 0, 22),
    Family("SmolLM2-360M", 49_152, 48_900, 32),
    Family("granite-3.3-8b", 49_155, 48_891, 40),
    Family("phi-3.5-mini", 32_064, 0, 32),
    Family("Llama-3.1-8B", 128_256, 280_147, 32),
    Family("Qwen2.5-7B", 152_064, 151_387, 28),
    Family("Qwen3-8B", 151_936, 151_387, 36),
    Family("gemma-2-9b", 256_000, 0, 42),
    Family("gemma-3-4b", 262_208, 0, 34),
    Family("phi-4", 100_352, 100_000, 40),
)
"""Vocabulary sizes, merges and layers of models that people have."""
SMALL = FAMILIES[:6]
_QUANTIZATIONS = (("Q4_K_M", 15), ("Q5_K_M", 17), ("Q8_0", 7), ("IQ4_XS", 30))


def write_many(folder: Path, count: int, families: Sequence[Family] = FAMILIES) -> list[Path]:
    """Write models into folders as publishers do, several quantizations and fine-tunes of each family.

    Returns:
        Their files.
    """
    heads = [_vocabulary(family) for family in families]
    written = []
    for number in range(count):
        at = number % len(families)
        family, (quantization, file_type) = families[at], _QUANTIZATIONS[number // len(families) % 4]
        title = f"{family.name}-Instruct-v{number // (4 * len(families))}"
        path = folder / f"publisher-{number % 7}" / f"{title}-GGUF" / f"{title}-{quantization}.gguf"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, _general(family, title, file_type), heads[at], family.layers)
        written.append(path)
    return written


def _write(path: Path, general: list[bytes], vocabulary: list[bytes], layers: int) -> None:
    tensors, size = _tensors(layers)
    keys = general + vocabulary
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + b"".join(tensors)
    with path.open("wb") as file:
        file.write(header)
        file.truncate(-(-len(header) // 32) * 32 + size)


def _general(family: Family, title: str, file_type: int) -> list[bytes]:
    numbers = {
        "llama.block_count": family.layers,
        "llama.context_length": 32_768,
        "llama.embedding_length": 4096,
        "llama.feed_forward_length": 14_336,
        "llama.attention.head_count": 32,
        "llama.attention.head_count_kv": 8,
        "llama.rope.dimension_count": 128,
        "llama.vocab_size": family.tokens,
        "general.file_type": file_type,
    }
    texts = {
        "general.architecture": "llama",
        "general.type": "model",
        "general.name": title,
        "general.basename": family.name,
        "general.license": "apache-2.0",
        "tokenizer.ggml.model": "gpt2" if family.merges else "llama",
        "tokenizer.ggml.pre": "default",
    }
    return [_pair(key, _STRING, _text(value.encode())) for key, value in texts.items()] + [
        _pair(key, _U32, struct.pack("<I", value)) for key, value in numbers.items()
    ]


def _vocabulary(family: Family) -> list[bytes]:
    draw = random.Random(family.name)
    letters = b"abcdefghijklmnopqrstuvwxyz"
    tokens = [
        bytes(draw.choices(letters, k=draw.choice((2, 3, 4, 5, 5, 6, 7, 8, 9, 12)))) for _ in range(family.tokens)
    ]
    tokens[::5] = ["日本語の語彙".encode()[: 3 * (1 + at % 6)] for at in range(len(tokens[::5]))]
    tokens[-1] = b"<|" + b"reserved" * 12 + b"|>"
    pairs = [_pair("tokenizer.ggml.tokens", _ARRAY, _texts(tokens))]
    if family.merges:
        merges = [
            tokens[at % family.tokens][:6] + b" " + tokens[(at * 7) % family.tokens][:6] for at in range(family.merges)
        ]
        pairs.append(_pair("tokenizer.ggml.merges", _ARRAY, _texts(merges)))
    else:
        scores = struct.pack("<IQ", _F32, family.tokens) + bytes(4 * family.tokens)
        pairs.append(_pair("tokenizer.ggml.scores", _ARRAY, scores))
    kinds = struct.pack("<IQ", _I32, family.tokens) + bytes(4 * family.tokens)
    pairs.append(_pair("tokenizer.ggml.token_type", _ARRAY, kinds))
    pairs.append(_pair("tokenizer.ggml.bos_token_id", _U32, struct.pack("<I", 1)))
    pairs.append(_pair("tokenizer.ggml.add_bos_token", _BOOL, b"\1"))
    pairs.append(_pair("tokenizer.chat_template", _STRING, _text(b"{% for message in messages %}" * 120)))
    pairs.append(_pair("general.quantization_version", _U32, struct.pack("<I", 2)))
    return pairs


def _tensors(layers: int) -> tuple[list[bytes], int]:
    """Descriptions of tensors, and the bytes of their weights."""
    described, offset = [], 0
    for name, kind, shape in _shapes(layers):
        described.append(_text(name.encode()) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset))
        elements = shape[0] * (shape[1] if len(shape) > 1 else 1)
        offset += elements // 256 * 144 if kind == _Q4_K else elements * 4
    return described, offset


def _shapes(layers: int) -> Iterator[tuple[str, int, tuple[int, ...]]]:
    yield "token_embd.weight", _Q4_K, (4096, 1024)
    for layer in range(layers):
        for norm in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{norm}.weight", _F32_TENSOR, (4096,)
        for matrix in ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"):
            yield f"blk.{layer}.{matrix}.weight", _Q4_K, (4096, 256)
    yield "output_norm.weight", _F32_TENSOR, (4096,)


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return _text(key.encode()) + struct.pack("<I", kind) + value


def _text(text: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text


def _texts(texts: Sequence[bytes]) -> bytes:
    return struct.pack("<IQ", _STRING, len(texts)) + b"".join(map(_text, texts))
