"""LoRA adapters for the tiny model, written as real GGUF files."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from tests.support.tiny_gguf import TINY


def write_tiny_lora(
    path: Path,
    *,
    architecture: str = "llama",
    general_type: str = "adapter",
    adapter_type: str = "lora",
    rank: int = 4,
    seed: int = 1,
    tensor: str = "blk.{layer}.attn_q.weight",
    width: int = TINY.embedding,
) -> Path:
    """Write an adapter that changes the queries of every layer.

    Args:
        path: where to.
        architecture: general.architecture.
        general_type: general.type.
        adapter_type: adapter.type.
        rank: of the change.
        seed: of its random numbers.
        tensor: name of the tensors it changes.
        width: width of the model's residual stream; another one is an adapter for another model.

    Returns:
        `path`.
    """
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_type(general_type)
    writer.add_string("adapter.type", adapter_type)
    writer.add_float32("adapter.lora.alpha", float(rank))
    for layer in range(TINY.layers):
        name = tensor.format(layer=layer)
        writer.add_tensor(f"{name}.lora_a", random.standard_normal((rank, width)).astype(np.float32))
        writer.add_tensor(f"{name}.lora_b", random.standard_normal((width, rank)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
