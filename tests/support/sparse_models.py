"""Folders full of models: real GGUF headers with sparse weights, so that thousands of gigabytes take no disk."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

_FAMILIES = (
    ("SmolLM2", "llama", (0.135, 0.36, 1.7), 8192),
    ("gemma-3", "gemma3", (0.27, 1, 4, 12, 27), 131072),
    ("gemma-2", "gemma2", (2, 9, 27), 8192),
    ("Qwen3", "qwen3", (0.6, 1.7, 4, 8, 14, 32), 40960),
    ("Meta-Llama-3.1", "llama", (8, 70), 131072),
    ("Mistral-Nemo", "llama", (12,), 131072),
    ("Phi-4", "phi3", (4, 14), 16384),
    ("Llama-3-ELYZA-JP", "llama", (8,), 8192),
    ("DeepSeek-R1-Distill-Qwen", "qwen2", (1.5, 7, 14, 32), 131072),
    ("OLMo-2", "olmo2", (1, 7, 13), 4096),
)
_QUANTIZATIONS = (("Q2_K", 10, 10), ("Q3_K_M", 12, 11), ("Q4_K_M", 15, 12), ("Q5_K_M", 17, 13), ("Q6_K", 18, 14),
                  ("Q8_0", 7, 8), ("F16", 1, 1))  # fmt: skip
"""Name, number of the file type, number of the tensor type."""
_BYTES = {10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 8: (32, 34), 1: (1, 2)}
"""Weights in a block and its bytes, by tensor type."""
_WIDTH = 2048
_UINT32, _STRING = 4, 8


def write_many(folder: Path, count: int) -> list[Path]:
    """Write `count` models of many families, sizes and quantizations, no two of the same name."""
    folder.mkdir(parents=True, exist_ok=True)
    paths: list[Path] = []
    edition = 0
    while len(paths) < count:
        for family, architecture, sizes, context in _FAMILIES:
            for billions in sizes:
                for quantization in _QUANTIZATIONS:
                    size = f"{billions:g}B" if billions >= 1 else f"{billions * 1000:g}M"
                    name = f"{family}-{size}-Instruct" + (f"-v{edition}" if edition else "")
                    path = folder / f"{name}-{quantization[0]}.gguf"
                    write_sparse(path, name, architecture, round(billions * 1e9), quantization, context)
                    paths.append(path)
                    if len(paths) == count:
                        return paths
        edition += 1
    return paths


def write_sparse(
    path: Path,
    name: str,
    architecture: str,
    parameters: int,
    quantization: tuple[str, int, int] = ("Q4_K_M", 15, 12),
    context: int = 8192,
) -> Path:
    """A model whose header is real and whose weights are a hole in the file.

    Args:
        path: the file.
        name: general.name.
        architecture: general.architecture.
        parameters: about how many weights it has.
        quantization: its name, the number of the file type and of the tensors' type.
        context: trained context in tokens.
    """
    _, file_type, kind = quantization
    rows = max(1, parameters // _WIDTH)
    metadata: Mapping[str, str | int] = {
        "general.architecture": architecture,
        "general.name": name,
        "general.file_type": file_type,
        f"{architecture}.block_count": 16,
        f"{architecture}.context_length": context,
        f"{architecture}.embedding_length": _WIDTH,
        f"{architecture}.feed_forward_length": 4 * _WIDTH,
        f"{architecture}.attention.head_count": 16,
        f"{architecture}.attention.head_count_kv": 4,
        "tokenizer.chat_template": "{% for message in messages %}<|im_start|>{{ message.content }}{% endfor %}",
    }
    head = struct.pack("<4sIQQ", b"GGUF", 3, 1, len(metadata))
    head += b"".join(_text(key) + _value(value) for key, value in metadata.items())
    head += _text("blk.0.ffn_up.weight") + struct.pack("<IQQIQ", 2, _WIDTH, rows, kind, 0)
    head += b"\0" * (-len(head) % 32)
    weights, size = _BYTES[kind]
    with path.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + rows * _WIDTH // weights * size)
    return path


def _text(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack("<Q", len(encoded)) + encoded


def _value(value: str | int) -> bytes:
    if isinstance(value, str):
        return struct.pack("<I", _STRING) + _text(value)
    return struct.pack("<II", _UINT32, value)
