"""Descriptions of models here and on the Hub."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.local_hub import LocalHub
from tests.support.tiny_gguf import Value, write_split, write_tiny_gguf
from tests.support.tiny_shapes import write_encoder_decoder, write_sliding
from tui.catalogue.fit import Fit
from tui.catalogue.hub.client import Hub
from tui.core.errors import ModelFileError, ModelLoadError
from tui.core.parameters import LoadParams
from tui.engine.planner import NoPlanError, Plan
from tui.services.describe import describe
from tui.services.load_check import LoadCheck
from tui.services.remote_plan import describe_remote, find_remote
from tui.services.siblings import siblings_of

MIB = 1 << 20
GIB = 1 << 30


@pytest.fixture(scope="module")
def check() -> Iterator[LoadCheck]:
    check = LoadCheck()
    yield check
    check.close()


def test_a_model_by_llama_cpps_own_figures(gemma3: Path, check: LoadCheck) -> None:
    found = describe(gemma3, LoadParams(n_ctx=8192), check.plan, available=4 * GIB)
    assert found.memory and found.memory.exact and found.memory.fits
    assert found.memory.kv_cache == 39 * MIB
    assert found.memory.fit is Fit.FITS and found.memory.largest_context == 32_768
    assert found.speed and found.speed.tokens_per_second > 0
    assert found.problem == ""


def test_formulas_say_nearly_the_same(gemma3: Path, check: LoadCheck) -> None:
    load = LoadParams(n_ctx=8192)
    exact, quick = describe(gemma3, load, check.plan).memory, describe(gemma3, load).memory
    assert exact and quick and not quick.exact
    assert quick.total == pytest.approx(exact.total, rel=0.02)


def test_too_large_a_context_names_the_largest(smollm2: Path) -> None:
    found = describe(smollm2, LoadParams(n_ctx=8192), available=240 * MIB)
    assert found.memory and not found.memory.fits and 0 < found.memory.largest_context < 8192
    assert describe(smollm2, LoadParams(), available=90 * MIB).memory.fit is Fit.NO  # type: ignore[union-attr]


def test_the_tensors_and_the_metadata(smollm2: Path) -> None:
    found = describe(smollm2, LoadParams())
    assert [(kind.name, kind.tensors) for kind in found.tensors] == [("Q4_1", 210), ("Q8_0", 1), ("F32", 61)]
    assert sum(kind.share for kind in found.tensors) == pytest.approx(1)
    assert [row.key for row in found.find("CONTEXT")] == ["llama.context_length"]
    assert [row.key for row in found.find("apache lic")] == ["general.license"]
    assert len(found.find("")) == len(found.metadata) == len(found.header.metadata)
    [tokens] = found.find("tokenizer.ggml.tokens")
    assert "49,152" in tokens.value


def test_the_record_is_json(tmp_path: Path) -> None:
    keys: dict[str, Value] = {"llama.odd": float("nan"), "llama.layers": list(range(100)), "general.url": "\x1b[31m"}
    found = describe(write_tiny_gguf(tmp_path / "a.gguf", metadata=keys), LoadParams())
    record = json.loads(json.dumps(found.record(), allow_nan=False))
    assert record["metadata"]["llama.odd"] == "nan" and len(record["metadata"]["llama.layers"]) == 100
    assert record["memory"]["fit"] == "fits" and record["memory"]["exact"] is False
    assert record["explanation"]["Quantization"][0]["label"] == "Method"
    [layers] = found.find("llama.layers")
    assert layers.value.endswith("(100 in all)")
    assert "\x1b" not in "".join(row.value for row in found.metadata)


def test_short_lists_of_texts_are_shown_and_found(tmp_path: Path) -> None:
    tags = [f"tag {number}" for number in range(16)]
    keys: dict[str, Value] = {"general.languages": ["en", "nl\x1b[31m"], "general.tags": tags}
    found = describe(write_tiny_gguf(tmp_path / "a.gguf", metadata=keys), LoadParams())
    assert [row.value for row in found.find("languages en")] == ["en, nl^[[31m"]
    assert [row.value for row in found.find("tag 15")] == [", ".join(tags)]
    assert found.record()["metadata"]["general.tags"] == tags


def test_a_split_model_is_one(tmp_path: Path) -> None:
    first, second = write_split(tmp_path)
    found = describe(second, LoadParams())
    assert found.path == first and found.header.file_size == first.stat().st_size + second.stat().st_size


def test_what_llama_cpp_says_against_it(tiny_gguf: Path) -> None:
    def refuses(path: Path, load: LoadParams) -> Plan:
        raise ModelLoadError("llama.cpp refused it", why="unknown architecture")

    def silent(path: Path, load: LoadParams) -> Plan:
        raise NoPlanError("llama.cpp could not be asked")

    assert "unknown architecture" in describe(tiny_gguf, LoadParams(), refuses).problem
    quiet = describe(tiny_gguf, LoadParams(), silent)
    assert quiet.problem == "" and quiet.memory and not quiet.memory.exact


def test_a_gpu_is_faster_than_the_estimate(tiny_gguf: Path) -> None:
    plan = Plan(256, "f16", "f16", weights=1, kv_cache=1, compute=1, other=1, device=1000)
    found = describe(tiny_gguf, LoadParams(), lambda path, load: plan, name="gemma2:2b")
    assert found.memory and found.memory.device == 1000 and found.memory.total == 4
    assert found.speed and "GPU" in found.speed.basis
    assert found.name == "gemma2:2b"


def test_what_writes_no_text_has_no_plan(tmp_path: Path) -> None:
    found = describe(write_encoder_decoder(tmp_path / "t5.gguf"), LoadParams(), None)
    assert "encoder-decoder" in found.problem and found.memory is None and found.speed is None


def test_what_is_no_model_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "page.gguf").write_text("<html>")
    with pytest.raises(ModelFileError):
        describe(tmp_path / "page.gguf", LoadParams())
    with pytest.raises(ModelFileError):
        describe(tmp_path / "none.gguf", LoadParams())


def test_siblings_lie_beside_it(tmp_path: Path) -> None:
    for name in (
        "Foo-7B-Q4_K_M",
        "Foo-7B-Q8_0-00001-of-00002",
        "Foo-7B-Q8_0-00002-of-00002",
        "Bar-7B-Q8_0",
        "mmproj-F16",
    ):
        (tmp_path / f"{name}.gguf").write_bytes(b"x" * 10)
    (tmp_path / "Foo-7B-Q2_K.txt").write_bytes(b"x")
    found = siblings_of(tmp_path / "Foo-7B-Q4_K_M.gguf")
    assert [(sibling.quantization, sibling.file_size) for sibling in found] == [("Q8_0", 20)]
    assert siblings_of(tmp_path / "none" / "a.gguf") == ()


def test_a_model_on_the_hub_as_one_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    path = write_sliding(tmp_path / "Sliding-Q8_0.gguf")
    content = path.read_bytes()
    with LocalHub() as server:
        server.add("owner/Sliding-GGUF", {path.name: content, "Sliding-F16.gguf": content + bytes(64)})
        hub = Hub(server.url)
        repository, variant = find_remote(hub, "owner/Sliding-GGUF:q8_0")
        load = LoadParams(n_ctx=2048)
        remote = describe_remote(hub, repository, variant, load, available=GIB)
    local = describe(path, load, available=GIB)
    assert remote.name == path.name
    assert remote.memory == local.memory and remote.tensors == local.tensors
    compared = remote.explanation.section("Compared with its siblings")
    assert compared and [fact.label for fact in compared.facts] == ["F16"]
