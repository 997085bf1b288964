"""Does it fit: the rule of thumb, and the plan held against llama.cpp's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.tiny_gguf import Shape, Value, write_tiny_gguf
from tui.catalogue.fit import Fit, plan, quick_fit
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.gguf_reader import Value as HeaderValue
from tui.catalogue.kv_cache import kv_cache_bytes
from tui.core.parameters import LoadParams

MIB = 1 << 20
GIB = 1 << 30


def test_rule_of_thumb() -> None:
    assert quick_fit(4 * GIB, 6 * GIB) is Fit.FITS
    assert quick_fit(4 * GIB, 6 * GIB - 1) is Fit.TIGHT
    assert quick_fit(10 * GIB, 11 * GIB) is Fit.TIGHT
    assert quick_fit(10 * GIB, 11 * GIB - 1) is Fit.NO
    assert quick_fit(1, 0) is Fit.NO


@pytest.mark.parametrize(("model", "mebibytes"), [("smollm2", 45.0), ("gemma3", 36.0)])
def test_kv_cache_is_what_llama_cpp_logs(model: str, mebibytes: float, request: pytest.FixtureRequest) -> None:
    header = read_header(request.getfixturevalue(model))
    assert kv_cache_bytes(header, 2048, "f16", "f16") == mebibytes * MIB
    assert kv_cache_bytes(header, 2000, "f16", "f16") == mebibytes * MIB
    assert kv_cache_bytes(header, 8192, "f16", "f16") == 4 * mebibytes * MIB
    assert kv_cache_bytes(header, 2048, "q8_0", "q8_0") == mebibytes * MIB * 8.5 / 16
    assert kv_cache_bytes(header, 2048, "f32", "f16") == mebibytes * MIB * 1.5


# llama.cpp's "CPU compute buffer size" in MiB with n_outputs_max = 1 and swa_full, by its own log.
COMPUTE = [
    ("smollm2", 512, 512, "on", 14.01),
    ("smollm2", 2048, 128, "on", 3.88),
    ("smollm2", 8192, 512, "auto", 21.51),
    ("smollm2", 16384, 1024, "on", 59.02),
    ("gemma3", 512, 128, "on", 4.69),
    ("gemma3", 8192, 512, "auto", 33.77),
    ("gemma3", 16384, 1024, "on", 99.54),
]


@pytest.mark.parametrize(("model", "n_ctx", "n_ubatch", "flash_attn", "mebibytes"), COMPUTE)
def test_compute_buffer_with_flash_attention(
    model: str, n_ctx: int, n_ubatch: int, flash_attn: str, mebibytes: float, request: pytest.FixtureRequest
) -> None:
    load = LoadParams(n_ctx=n_ctx, n_ubatch=n_ubatch, flash_attn=flash_attn)
    found = plan(read_header(request.getfixturevalue(model)), load)
    assert found.compute / MIB == pytest.approx(mebibytes, rel=0.01)


@pytest.mark.parametrize(
    ("model", "n_ctx", "mebibytes"), [("smollm2", 512, 16.38), ("smollm2", 8192, 166.38), ("gemma3", 8192, 105.76)]
)
def test_compute_buffer_without_flash_attention_is_not_underestimated(
    model: str, n_ctx: int, mebibytes: float, request: pytest.FixtureRequest
) -> None:
    found = plan(read_header(request.getfixturevalue(model)), LoadParams(n_ctx=n_ctx, flash_attn="off"))
    assert mebibytes <= found.compute / MIB <= 1.5 * mebibytes


def test_largest_context_is_the_largest(smollm2: Path) -> None:
    header = read_header(smollm2)
    load = LoadParams(n_ctx=8192)
    needed = plan(header, LoadParams(n_ctx=4096)).total
    assert plan(header, load).largest_context(needed) == 4096
    assert plan(header, load).largest_context(needed - 1) == 4096 - 256
    assert plan(header, load).largest_context(1 << 50) == header.n_ctx_train
    assert plan(header, load).largest_context(header.tensor_bytes) == 0


def test_context_of_the_model(smollm2: Path) -> None:
    assert plan(read_header(smollm2), LoadParams(n_ctx=0)).n_ctx == 8192


def kv_cache(
    folder: Path, architecture: str = "llama", layers: int = 2, *, keys: Mapping[str, Value] | None = None
) -> int | None:
    """Bytes at 256 tokens and f16 of a model with 2 heads of 16 and these keys besides; a token of a layer has 128."""
    metadata = {f"{architecture}.{key}": value for key, value in (keys or {}).items()}
    shape = Shape(layers=layers)
    path = write_tiny_gguf(folder / "m.gguf", architecture=architecture, shape=shape, metadata=metadata)
    return kv_cache_bytes(read_header(path), 256, "f16", "f16")


def test_kv_cache_of_other_architectures(tmp_path: Path) -> None:
    layer = 128 * 256
    assert kv_cache(tmp_path) == 2 * layer
    assert kv_cache(tmp_path, "mamba2") == 0
    assert kv_cache(tmp_path, "rwkv7") == 0
    assert kv_cache(tmp_path, "gemma4", layers=4, keys={"attention.shared_kv_layers": 3}) == layer
    assert kv_cache(tmp_path, "qwen3next", layers=8, keys={"full_attention_interval": 4}) == 2 * layer
    assert kv_cache(tmp_path, keys={"attention.key_length": 32}) == 2 * layer * 3 // 2
    assert kv_cache(tmp_path, keys={"attention.key_length_mla": 32}) == layer
    half = {"attention.key_length_swa": 8, "attention.value_length_swa": 8}
    assert kv_cache(tmp_path, keys={**half, "attention.sliding_window_pattern": [1, 0]}) == layer * 3 // 2
    assert kv_cache(tmp_path, keys=half) == 2 * layer


def header_of(metadata: Mapping[str, HeaderValue]) -> Header:
    """A header with these keys and no tensors."""
    return Header(Path("x.gguf"), 3, metadata, 0, 0, 0, 0, 0, {})


def test_kv_cache_with_heads_for_each_layer() -> None:
    keys: dict[str, HeaderValue] = {
        "general.architecture": "jamba",
        "jamba.block_count": 3,
        "jamba.attention.head_count_kv": (2, 0, 1),
        "jamba.attention.key_length": 16,
        "jamba.attention.value_length": 16,
    }
    assert kv_cache_bytes(header_of(keys), 256, "f16", "f16") == 3 * 64 * 256
    assert kv_cache_bytes(header_of({**keys, "jamba.block_count": 4}), 256, "f16", "f16") is None
    assert kv_cache_bytes(header_of({**keys, "jamba.attention.head_count_kv": (2, -1, 1)}), 256, "f16", "f16") is None


def test_kv_cache_is_unknown_without_the_keys() -> None:
    empty = header_of({})
    assert kv_cache_bytes(empty, 256, "f16", "f16") is None
    assert plan(empty, LoadParams()).kv_cache is None
    assert plan(empty, LoadParams()).total >= 0
    huge = header_of({"general.architecture": "x", "x.block_count": 2**63})
    assert kv_cache_bytes(huge, 256, "f16", "f16") is None
