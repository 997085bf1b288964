"""The dry run's figures, held against what real loads take.

Compared are a plan's total and the growth of a fresh process's resident memory from before the load until its context
is full, the file read and not mapped (see `tests.support.resident`).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.resident import resident_growth
from tests.support.tiny_gguf import Shape, write_tiny_gguf
from tui.core.parameters import LoadParams
from tui.engine.llama_log import LlamaLog
from tui.engine.planner import Planner

ACCURACY = 0.05
MEBIBYTE = 1024 * 1024

SHAPES: dict[str, tuple[Shape, dict[str, int | str]]] = {
    "deep": (Shape(layers=48, embedding=256, feed_forward=512, heads=4, heads_kv=2), {"n_ctx": 512}),
    "wide": (Shape(layers=4, embedding=768, feed_forward=3072, heads=12, heads_kv=12), {"n_ctx": 512}),
    "long": (Shape(layers=8, embedding=256, feed_forward=512, heads=8, heads_kv=8), {"n_ctx": 4096}),
    "unshared heads, small batches": (
        Shape(layers=12, embedding=512, feed_forward=1024, heads=8, heads_kv=8),
        {"n_ctx": 1024, "n_ubatch": 128, "cache_type_k": "q8_0", "cache_type_v": "q8_0"},
    ),
}


def assert_accurate(path: Path, **params: int | str | bool) -> None:
    planner = Planner()
    try:
        planned = planner.plan(path, LoadParams(**params))  # type: ignore[arg-type]
    finally:
        planner.close()
    real = resident_growth(path, **params)
    assert planned.total == pytest.approx(real, rel=ACCURACY), f"{planned} but {real} bytes"


@pytest.mark.parametrize(
    "params",
    [
        {"n_ctx": 512},
        {"n_ctx": 512, "cache_type_k": "q8_0", "cache_type_v": "q8_0"},
        {"n_ctx": 1024, "flash_attn": "off"},
    ],
    ids=["f16", "q8_0", "without flash attention"],
)
def test_smollm2_takes_what_was_planned(smollm2: Path, params: dict[str, int | str]) -> None:
    assert_accurate(smollm2, **params)


@pytest.mark.parametrize("params", [{"n_ctx": 512}, {"n_ctx": 768, "n_ubatch": 768}], ids=["512", "large batch"])
def test_gemma3_takes_what_was_planned(gemma3: Path, params: dict[str, int | str]) -> None:
    assert_accurate(gemma3, **params)


@pytest.mark.parametrize("n_ctx", [256, 1024])
def test_making_vectors_takes_what_was_planned(smollm2: Path, n_ctx: int) -> None:
    assert_accurate(smollm2, n_ctx=n_ctx, embeddings=True, pooling="mean")


@pytest.mark.parametrize("name", SHAPES)
def test_models_of_other_shapes_take_what_was_planned(tmp_path: Path, name: str) -> None:
    shape, params = SHAPES[name]
    assert_accurate(write_tiny_gguf(tmp_path / "shape.gguf", shape=shape, n_ctx_train=32768), **params)


def test_the_child_imports_the_bindings_alone() -> None:
    code = (
        "from tui.engine.bindings import only_bindings; only_bindings()\n"
        "import sys, tui.engine.context, tui.engine.dry_run, llama_cpp.llama_cpp as lib\n"
        "assert callable(lib.llama_init_from_model)\n"
        "print([name for name in ('numpy', 'jinja2', 'textual', 'psutil') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_buffers_on_a_gpu_do_not_count_as_the_computers_memory() -> None:
    log = LlamaLog()
    log.begin()
    for line in (
        "load_tensors: offloaded 24/32 layers to GPU",
        "load_tensors:   CPU_Mapped model buffer size =   100.00 MiB",
        "load_tensors:        CUDA0 model buffer size =  4000.00 MiB",
        "llama_kv_cache:      CUDA0 KV buffer size =   300.00 MiB",
        "llama_kv_cache:        CPU KV buffer size =    20.00 MiB",
        "llama_kv_cache: size =  320.00 MiB (  4096 cells,  32 layers,  1/1 seqs), K (f16): 160 MiB, V (f16): 160 MiB",
        "sched_reserve:      CUDA0 compute buffer size =   200.00 MiB",
        "sched_reserve:  CUDA_Host compute buffer size =    12.00 MiB",
        "llama_context:  CUDA_Host  output buffer size =     1.00 MiB",
    ):
        log.receive(2, line + "\n")
    assert log.on_host == 0.25
    assert log.buffer_bytes("model") == 4100 * MEBIBYTE
    assert log.buffer_bytes("model", host_only=True) == 100 * MEBIBYTE
    assert log.buffer_bytes("KV", host_only=True) == 20 * MEBIBYTE
    assert log.buffer_bytes("compute", "output", host_only=True) == 13 * MEBIBYTE
    assert log.cells_bytes() == 320 * MEBIBYTE
