"""Plans asked of llama.cpp, and files on which it ends its process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support import damaged
from tests.support.engines import PATIENCE
from tests.support.engines import load as load_into
from tests.support.tiny_gguf import write_tiny_gguf
from tests.support.tiny_lora import write_tiny_lora
from tests.support.tiny_shapes import write_embedding, write_recurrent, write_sliding
from tui.core.errors import CancelledError, ModelLoadError
from tui.core.parameters import LoadParams
from tui.engine.engine import Engine
from tui.engine.planner import NoPlanError, Plan, Planner

MEBIBYTE = 1024 * 1024


@pytest.fixture
def planner() -> Iterator[Planner]:
    """A planner that leaves nothing behind."""
    planner = Planner()
    yield planner
    planner.close()
    assert not psutil.Process().children()


def pids() -> list[int]:
    return [process.pid for process in psutil.Process().children()]


def test_a_plan_is_what_a_load_reports(planner: Planner, engine: Engine, smollm2: Path) -> None:
    plan = planner.plan(smollm2, LoadParams(n_ctx=2048))
    info = load_into(engine, smollm2, n_ctx=2048)
    assert (plan.n_ctx, plan.weights, plan.device) == (info.n_ctx, info.size, 0)
    assert (plan.kv_cache, plan.compute) == (info.kv_bytes, info.compute_bytes)
    assert plan.other > 0
    assert plan.total == plan.weights + plan.kv_cache + plan.compute + plan.other


@pytest.mark.parametrize("sequences", [1, 4, 5, 64])
def test_a_plan_counts_the_places_of_a_server(planner: Planner, tiny_gguf: Path, sequences: int) -> None:
    plan = planner.plan(tiny_gguf, LoadParams(n_ctx=2048), sequences=sequences)
    serving = Engine(sequences)
    info = load_into(serving, tiny_gguf, n_ctx=2048)
    assert serving.close(PATIENCE)
    assert (plan.n_ctx, plan.kv_cache, plan.compute) == (info.n_ctx, info.kv_bytes, info.compute_bytes)


@pytest.mark.parametrize("name", ["recurrent", "sliding"])
def test_memory_that_grows_with_places_is_planned(planner: Planner, tmp_path: Path, name: str) -> None:
    write = {"recurrent": write_recurrent, "sliding": write_sliding}[name]
    path = write(tmp_path / "m.gguf")
    one, many = (planner.plan(path, LoadParams(n_ctx=2048), sequences=count) for count in (1, 64))
    serving = Engine(64)
    info = load_into(serving, path, n_ctx=2048)
    assert serving.close(PATIENCE)
    assert one.kv_cache < many.kv_cache == info.kv_bytes and many.compute == info.compute_bytes


def test_a_model_that_makes_vectors_is_planned_as_such(planner: Planner, engine: Engine, tmp_path: Path) -> None:
    path = write_embedding(tmp_path / "tiny-bert-F32.gguf")
    plan = planner.plan(path, LoadParams(embeddings=True))
    info = load_into(engine, path, embeddings=True)
    assert (plan.n_ctx, plan.weights, plan.kv_cache) == (info.n_ctx, info.size, info.kv_bytes)
    assert plan.compute == info.compute_bytes
    largest = planner.largest(path, LoadParams(embeddings=True), plan.total - 1, info.n_ctx)
    assert all(one.total < plan.total and one.n_ctx < plan.n_ctx for one in largest)


def test_further_questions_go_to_the_same_process(planner: Planner, tiny_gguf: Path) -> None:
    small = planner.plan(tiny_gguf, LoadParams(n_ctx=256))
    before = pids()
    large = planner.plan(tiny_gguf, LoadParams(n_ctx=65536))
    assert pids() == before and len(before) == 1
    assert large.kv_cache > 100 * small.kv_cache and large.weights == small.weights


def test_another_file_and_a_changed_file_get_another_process(planner: Planner, tmp_path: Path) -> None:
    first, second = (write_tiny_gguf(tmp_path / f"{name}.gguf") for name in ("first", "second"))
    seen = []
    for path in (first, second, first):
        planner.plan(path, LoadParams(n_ctx=256))
        seen += pids()
    first.write_bytes(first.read_bytes() + bytes(32))
    planner.plan(first, LoadParams(n_ctx=256))
    assert len({*seen, *pids()}) == 4 and len(pids()) == 1


def test_the_process_ends_when_nothing_is_asked(tiny_gguf: Path) -> None:
    planner = Planner(idle_seconds=0.05)
    planner.plan(tiny_gguf, LoadParams(n_ctx=256))
    deadline = time.monotonic() + PATIENCE
    while pids():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert planner.plan(tiny_gguf, LoadParams(n_ctx=256)).total > 0
    planner.close()


def test_a_process_that_was_killed_while_it_waited_is_replaced(planner: Planner, tiny_gguf: Path) -> None:
    plan = planner.plan(tiny_gguf, LoadParams(n_ctx=256))
    [waiting] = psutil.Process().children()
    waiting.kill()
    assert planner.plan(tiny_gguf, LoadParams(n_ctx=256)).kv_cache == plan.kv_cache
    assert len(pids()) == 1 and pids() != [waiting.pid]


def test_an_assertion_is_named_and_everything_goes_on(
    planner: Planner, tmp_path: Path, tiny_gguf: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = damaged.write_many_blocks(tmp_path / "bad.gguf")
    with pytest.raises(ModelLoadError) as failed:
        planner.plan(bad, LoadParams(n_ctx=256))
    line = failed.value.line()
    assert "gave up on bad.gguf" in line and "GGML_ASSERT(" in line and "failed" in line and "\n" not in line
    assert not pids()
    assert capfd.readouterr() == ("", "")
    assert planner.plan(tiny_gguf, LoadParams(n_ctx=256)).total > 0


@pytest.mark.parametrize(
    "damage", [damaged.write_empty, damaged.write_truncated_header, damaged.write_unknown_architecture]
)
def test_a_refused_file_has_llamas_reason(planner: Planner, tmp_path: Path, damage: object) -> None:
    path = damage(tmp_path / "broken.gguf")  # type: ignore[operator]
    with pytest.raises(ModelLoadError) as failed:
        planner.plan(path, LoadParams())
    assert "broken.gguf" in failed.value.line() and "gave no reason" not in failed.value.line()


def test_settings_that_llama_refuses_fail_alone(planner: Planner, tiny_gguf: Path) -> None:
    bad = LoadParams(n_ctx=256, cache_type_v="q8_0", flash_attn="off")
    refused, good = planner.plans(tiny_gguf, [bad, LoadParams(n_ctx=256)])
    assert isinstance(refused, ModelLoadError) and "flash_attn" in refused.line()
    assert isinstance(good, Plan)


def test_a_name_in_other_letters_and_a_relative_path(
    planner: Planner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_gguf(tmp_path / "小さい model.gguf")
    monkeypatch.chdir(tmp_path)
    assert planner.plan(Path("小さい model.gguf"), LoadParams(n_ctx=256)).n_ctx == 256


def test_a_module_in_the_current_folder_is_not_run(
    planner: Planner, tmp_path: Path, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    assert planner.plan(tiny_gguf, LoadParams(n_ctx=256)).total > 0


def test_cancelling_ends_the_process(planner: Planner, gemma3: Path) -> None:
    with pytest.raises(CancelledError):
        planner.plan(gemma3, LoadParams(), cancelled=lambda: True)
    assert not pids()


def test_too_long_and_not_at_all_are_no_plan(
    planner: Planner, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoPlanError):
        planner.plan(tiny_gguf, LoadParams(), timeout=0)
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(NoPlanError):
        planner.plan(tiny_gguf, LoadParams())


def test_a_closed_planner_answers_no_more(tiny_gguf: Path) -> None:
    planner = Planner()
    planner.close()
    with pytest.raises(CancelledError):
        planner.plan(tiny_gguf, LoadParams())
    assert not pids()


@pytest.mark.parametrize("available", [200, 400, 2000])
def test_the_largest_context_fits_and_a_larger_one_does_not(planner: Planner, smollm2: Path, available: int) -> None:
    found = planner.largest(smollm2, LoadParams(), available * MEBIBYTE, 65536)
    assert found[0].cache_type_k == "f16"
    for plan in found:
        assert plan.total <= available * MEBIBYTE
        if plan.n_ctx < 65536:
            larger = LoadParams(n_ctx=plan.n_ctx + 512, cache_type_k=plan.cache_type_k, cache_type_v=plan.cache_type_v)
            assert planner.plan(smollm2, larger).total > available * MEBIBYTE
    assert [plan.n_ctx for plan in found] == sorted({plan.n_ctx for plan in found})


def test_nothing_fits_in_nothing(planner: Planner, smollm2: Path) -> None:
    assert planner.largest(smollm2, LoadParams(), 50 * MEBIBYTE, 8192) == []


def test_adapters_count(planner: Planner, engine: Engine, tmp_path: Path, tiny_gguf: Path) -> None:
    adapter = write_tiny_lora(tmp_path / "lora.gguf")
    load = LoadParams(n_ctx=256, lora=(str(adapter),))
    plan = planner.plan(tiny_gguf, load)
    info = load_into(engine, tiny_gguf, n_ctx=256, lora=load.lora)
    assert plan.weights == info.size + adapter.stat().st_size
    assert plan.compute == info.compute_bytes
    assert planner.plan(tiny_gguf, LoadParams(n_ctx=256)).weights == info.size
    wrong = write_tiny_lora(tmp_path / "wrong.gguf", width=32)
    with pytest.raises(ModelLoadError, match=r"wrong\.gguf"):
        planner.plan(tiny_gguf, LoadParams(n_ctx=256, lora=(str(wrong),)))


def test_planning_loads_no_llama_cpp_into_this_process(tiny_gguf: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.core.parameters import LoadParams\n"
        "from tui.engine.planner import Planner\n"
        "planner = Planner(); plan = planner.plan(Path(sys.argv[1]), LoadParams(n_ctx=256)); planner.close()\n"
        "print(plan.n_ctx, [name for name in ('llama_cpp', 'numpy', 'textual') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tiny_gguf)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("256 []\n", "")
