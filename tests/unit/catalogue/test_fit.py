"""Does it fit: the rule of thumb, and the plan held against llama.cpp's own figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support import cache_shapes
from tests.support.tiny_gguf import Shape, Value, write_tiny_gguf
from tests.support.tiny_shapes import write_hybrid, write_recurrent, write_sliding
from tui.catalogue.fit import GUESSED, Fit, plan, quick_fit
from tui.catalogue.gguf_header import Header, read_header
from tui.catalogue.gguf_reader import Value as HeaderValue
from tui.catalogue.kv_cache import kv_cache_bytes, layers_of
from tui.core.parameters import LoadParams
from tui.engine.planner import Plan, Planner
from tui.engine.speculation import rows_of_logits

SHAPES = {
    "mamba": write_recurrent,
    "jamba": write_hybrid,
    "gemma3": write_sliding,
    "gemma2": cache_shapes.write_alternating_windows,
    "deepseek2": cache_shapes.write_latent,
    "qwen3next": cache_shapes.write_linear_attention,
    "lfm2": cache_shapes.write_short_convolutions,
    "granitehybrid": cache_shapes.write_granite_hybrid,
    "falcon-h1": cache_shapes.write_side_by_side,
    "rwkv7": cache_shapes.write_receptance,
}

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
    full = LoadParams(swa_full=True)
    assert kv_cache_bytes(header, full, 2048) == mebibytes * MIB
    assert kv_cache_bytes(header, full, 2000) == mebibytes * MIB
    assert kv_cache_bytes(header, full, 8192) == 4 * mebibytes * MIB
    small, wide = replace(full, cache_type_k="q8_0", cache_type_v="q8_0"), replace(full, cache_type_k="f32")
    assert kv_cache_bytes(header, small, 2048) == mebibytes * MIB * 8.5 / 16
    assert kv_cache_bytes(header, wide, 2048) == mebibytes * MIB * 1.5


def test_windowed_cache_of_gemma(gemma3: Path) -> None:
    header = read_header(gemma3)
    assert kv_cache_bytes(header, LoadParams(), 8192) == 39 * MIB
    assert kv_cache_bytes(header, LoadParams(n_ubatch=128), 8192) == 35.25 * MIB
    assert kv_cache_bytes(header, LoadParams(), 256) == 4.5 * MIB


LOADS = [
    LoadParams(n_ctx=n_ctx, swa_full=swa_full, n_ubatch=n_ubatch, flash_attn=flash_attn)
    for n_ctx in (2048, 8192)
    for swa_full in (False, True)
    for n_ubatch in (128, 512)
    for flash_attn in ("auto", "off")
]


@pytest.fixture(scope="module")
def planner() -> Iterator[Planner]:
    planner = Planner()
    yield planner
    planner.close()


@pytest.mark.parametrize("model", ["smollm2", "gemma3"])
def test_the_plan_agrees_with_llama_cpps_own(model: str, planner: Planner, request: pytest.FixtureRequest) -> None:
    path: Path = request.getfixturevalue(model)
    header = read_header(path)
    for load, exact in zip(LOADS, planner.plans(path, LOADS), strict=True):
        assert isinstance(exact, Plan)
        found = plan(header, load)
        assert found.weights == exact.weights
        assert found.kv_cache == exact.kv_cache
        assert found.compute == pytest.approx(exact.compute, rel=0.02 if load.flash_attn == "auto" else 0.2)
        assert found.other == pytest.approx(exact.other, rel=0.1)
        assert found.total == pytest.approx(exact.total, rel=0.04)


@pytest.mark.parametrize("write", SHAPES.values(), ids=SHAPES)
def test_the_kv_cache_agrees_for_other_shapes(write: Callable[[Path], Path], planner: Planner, tmp_path: Path) -> None:
    path = write(tmp_path / "shape.gguf")
    header = read_header(path)
    for load, exact in zip(LOADS, planner.plans(path, LOADS), strict=True):
        assert isinstance(exact, Plan), exact
        found = kv_cache_bytes(header, load, load.n_ctx)
        # llama.cpp tells its figures in hundredths of a mebibyte.
        assert found == pytest.approx(exact.kv_cache, abs=0.011 * MIB, rel=0.01)
        assert layers_of(header) is not None
        assert 0.9 * exact.compute < plan(header, load).compute < 1.6 * exact.compute


def test_guesses_are_as_long_as_the_engines() -> None:
    assert rows_of_logits(1, "ngram-simple", recurrent=False) == 1 + GUESSED


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
    """Bytes at 1,024 tokens of a model with 2 heads of 16 and these keys besides; a token of a layer has 128."""
    metadata = {f"{architecture}.{key}": value for key, value in (keys or {}).items()}
    shape = Shape(layers=layers)
    path = write_tiny_gguf(folder / "m.gguf", architecture=architecture, shape=shape, metadata=metadata)
    return kv_cache_bytes(read_header(path), LoadParams(n_ubatch=128), 1024)


def test_kv_cache_of_other_architectures(tmp_path: Path) -> None:
    layer = 128 * 1024
    assert kv_cache(tmp_path) == 2 * layer
    assert kv_cache(tmp_path, "mamba2", keys={"ssm.state_size": 8, "ssm.inner_size": 16}) == 2 * 4 * 8 * 16
    assert kv_cache(tmp_path, "rwkv7", keys={"wkv.head_size": 8}) == 2 * 4 * (2 * 64 + 64 * 8)
    shared = {"attention.shared_kv_layers": 3, "attention.sliding_window": 0}
    assert kv_cache(tmp_path, "gemma4", layers=4, keys=shared) == layer
    assert kv_cache(tmp_path, "qwen3next", layers=8, keys={"full_attention_interval": 4}) == 2 * layer
    assert kv_cache(tmp_path, "qwen3next", layers=8, keys={"attention.recurrent_layers": [1] * 7 + [0]}) == layer
    assert kv_cache(tmp_path, "falcon-h1", keys={"ssm.state_size": 8, "ssm.inner_size": 16}) == 2 * (layer + 512)
    assert kv_cache(tmp_path, keys={"attention.key_length": 32}) == 2 * layer * 3 // 2
    assert kv_cache(tmp_path, keys={"attention.key_length_mla": 32, "attention.value_length_mla": 16}) == layer
    assert kv_cache(tmp_path, layers=3, keys={"nextn_predict_layers": 1}) == 2 * layer
    assert kv_cache(tmp_path, "deepseek4") is None


def test_windows(tmp_path: Path) -> None:
    layer = 128 * 1024
    assert kv_cache(tmp_path, "gpt-oss", layers=4, keys={"attention.sliding_window": 128}) == 2 * layer + 2 * layer // 4
    assert kv_cache(tmp_path, "gemma3", layers=6, keys={"attention.sliding_window": 512}) == layer + 5 * layer * 3 // 4
    assert kv_cache(tmp_path, "gemma3", layers=6) == 6 * layer
    assert kv_cache(tmp_path, "llama", layers=6, keys={"attention.sliding_window": 128}) == 6 * layer
    first: dict[str, Value] = {"attention.sliding_window": 128, "attention.sliding_window_pattern": [1, 0]}
    assert kv_cache(tmp_path, "gemma4", keys=first) == layer + layer // 4
    half = {"attention.key_length_swa": 8, "attention.value_length_swa": 8}
    assert kv_cache(tmp_path, "gemma4", keys={**half, **first}) == layer + layer // 8
    assert kv_cache(tmp_path, "exaone4", layers=64) == 64 * layer  # the window is wider than this context
    assert kv_cache(tmp_path, "smallthinker", layers=4, keys={"attention.sliding_window": 1}) == 4 * layer


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
    assert kv_cache_bytes(header_of(keys), LoadParams(), 256) == 3 * 64 * 256
    assert kv_cache_bytes(header_of({**keys, "jamba.block_count": 4}), LoadParams(), 256) is None
    assert kv_cache_bytes(header_of({**keys, "jamba.attention.head_count_kv": (2, -1, 1)}), LoadParams(), 256) is None


def test_kv_cache_is_unknown_without_the_keys() -> None:
    empty = header_of({})
    assert kv_cache_bytes(empty, LoadParams(), 256) is None
    assert plan(empty, LoadParams()).kv_cache is None
    assert plan(empty, LoadParams()).total >= 0
    huge = header_of({"general.architecture": "x", "x.block_count": 2**63})
    assert kv_cache_bytes(huge, LoadParams(), 256) is None
