"""Refusing what does not fit, keeping plans, and doing without llama.cpp's word."""

from __future__ import annotations

import json
import logging
import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.errors import CancelledError, OutOfMemoryError
from tui.core.parameters import LoadParams
from tui.engine.planner import Plan
from tui.services import load_check
from tui.services.load_check import LoadCheck
from tui.services.plan_cache import PlanCache
from tui.settings.paths import cache_dir

MEBIBYTE = 1024 * 1024
LOAD = LoadParams(n_ctx=8192)


@pytest.fixture
def check() -> Iterator[LoadCheck]:
    """A check that leaves no process behind."""
    check = LoadCheck()
    yield check
    check.close()
    assert not psutil.Process().children()


def make_available(monkeypatch: pytest.MonkeyPatch, mebibytes: int) -> None:
    monkeypatch.setattr(load_check, "available_memory", lambda: mebibytes * MEBIBYTE)


def test_what_does_not_fit_is_refused_with_what_would(
    check: LoadCheck, smollm2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_available(monkeypatch, 240)
    monkeypatch.setattr(load_check, "free_swap", lambda: 512 * MEBIBYTE)
    with pytest.raises(OutOfMemoryError) as refused:
        check.check(smollm2, LOAD, freed=0)
    line = refused.value.line()
    for words in ("8,192 tokens", "weights 92.1 MiB", "KV cache 180 MiB", "240 MiB is available", "512 MiB of swap"):
        assert words in line
    assert "-ctk q8_0 -ctv q8_0 with -c 8192" in line and "--fit off" in line
    context = int(line.split(" fits, or")[0].split("-c ")[-1])
    assert check.check(smollm2, replace(LOAD, n_ctx=context), freed=0)
    assert check.check(smollm2, replace(LOAD, cache_type_k="q8_0", cache_type_v="q8_0"), freed=0)


def test_places_for_clients_count(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = 1
    check = LoadCheck(lambda: places)
    try:
        alone = check.check(smollm2, LOAD, freed=0)
        places = 65
        many = check.plan(smollm2, LOAD)
        assert alone and many.total > alone.total
        make_available(monkeypatch, alone.total // MEBIBYTE + 1)
        with pytest.raises(OutOfMemoryError, match="8,192 tokens and 65 places does not fit") as refused:
            check.check(smollm2, LOAD, freed=0)
        context = int(refused.value.line().split("-c ")[1].split()[0].rstrip(",;"))
        assert check.check(smollm2, replace(LOAD, n_ctx=context), freed=0)
    finally:
        check.close()


def test_a_model_that_makes_vectors_has_to_fit_too(
    check: LoadCheck, smollm2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = replace(LOAD, n_ctx=2048, embeddings=True, pooling="mean")
    make_available(monkeypatch, 500)
    with pytest.raises(OutOfMemoryError, match="2,048 tokens does not fit") as refused:
        check.check(smollm2, vectors, freed=0)
    context = int(refused.value.line().split("-c ")[1].split()[0].rstrip(",;"))
    assert 256 <= context < 2048 and check.check(smollm2, replace(vectors, n_ctx=context), freed=0)


def test_nothing_that_fits_is_said_too(check: LoadCheck, smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_available(monkeypatch, 50)
    with pytest.raises(OutOfMemoryError, match="No context fits"):
        check.check(smollm2, LOAD, freed=0)


def test_one_can_insist(check: LoadCheck, smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_available(monkeypatch, 50)
    assert check.check(smollm2, replace(LOAD, fit="off"), freed=0)


def test_what_an_unload_gives_back_counts(check: LoadCheck, smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_available(monkeypatch, 240)
    assert check.check(smollm2, LOAD, freed=200 * MEBIBYTE)


def test_a_plan_is_asked_for_once(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = LoadCheck()
    plan = first.plan(smollm2, LOAD)
    first.close()
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    second = LoadCheck()
    assert second.plan(smollm2, replace(LOAD, threads=7, mmap=False)) == plan
    second.close()
    file = cache_dir() / "plans.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in cache_dir().iterdir()] == ["plans.json"]


def test_a_changed_file_or_setting_is_asked_about_again(tmp_path: Path) -> None:
    path, cache, plan = write_tiny_gguf(tmp_path / "m.gguf"), PlanCache(), Plan(8192, "f16", "f16", 1, 2, 3, 4)
    cache.put(path, LOAD, 1, plan)
    assert cache.get(path, LOAD, 1) == plan
    assert cache.get(path, LOAD, 2) is None
    assert cache.get(path, replace(LOAD, cache_type_k="q8_0"), 1) is None
    os.utime(path, ns=(1, 1))
    assert cache.get(path, LOAD, 1) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"x": 1}', "\xff", "[" * 100_000])
def test_a_damaged_cache_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "plans.json"
    file.write_text(text, "latin-1")
    cache, path, plan = PlanCache(file), tmp_path / "m.gguf", Plan(8192, "f16", "f16", 1, 2, 3, 4)
    assert cache.get(path, LOAD, 1) is None
    cache.put(path, LOAD, 1, plan)
    assert cache.get(path, LOAD, 1) == plan


def test_numbers_of_another_version_are_not_taken(tmp_path: Path) -> None:
    file, path = tmp_path / "plans.json", tmp_path / "m.gguf"
    cache = PlanCache(file)
    cache.put(path, LOAD, 1, Plan(8192, "f16", "f16", 1, 2, 3, 4))
    file.write_text(json.dumps({key: {"total": 1} for key in json.loads(file.read_text())}))
    assert cache.get(path, LOAD, 1) is None


def test_the_cache_stays_small(tmp_path: Path) -> None:
    cache, plan = PlanCache(tmp_path / "plans.json"), Plan(8192, "f16", "f16", 1, 2, 3, 4)
    for n_ctx in range(256, 512):
        cache.put(tmp_path / "m.gguf", LoadParams(n_ctx=n_ctx), 1, plan)
    assert len(json.loads((tmp_path / "plans.json").read_text())) == 200
    assert cache.get(tmp_path / "m.gguf", LoadParams(n_ctx=511), 1) == plan
    assert cache.get(tmp_path / "m.gguf", LoadParams(n_ctx=256), 1) is None


def test_a_folder_that_cannot_be_written_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    PlanCache(tmp_path / "file" / "plans.json").put(tmp_path, LOAD, 1, Plan(8192, "f16", "f16", 1, 2, 3, 4))


def test_where_llama_cannot_be_asked_the_header_has_to_do(
    check: LoadCheck, smollm2: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    caplog.set_level(logging.WARNING, "localllm.memory")
    assert check.check(smollm2, LOAD, freed=0) is None
    assert "estimated from the header" in caplog.text
    make_available(monkeypatch, 50)
    with pytest.raises(OutOfMemoryError):
        check.check(smollm2, LOAD, freed=0)


def test_a_check_can_be_cancelled(check: LoadCheck, smollm2: Path) -> None:
    with pytest.raises(CancelledError):
        check.check(smollm2, LOAD, freed=0, cancelled=lambda: True)
