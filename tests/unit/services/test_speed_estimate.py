"""Expected speeds: from the bandwidth, better from benches, best from a bench of the model itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui.catalogue.gguf_header import Header, read_header
from tui.core.parameters import LoadParams
from tui.monitor.bandwidth import Bandwidth
from tui.services import speed_estimate
from tui.services.bench_results import decoded, fastest_decode, keep
from tui.services.measurements import Speed
from tui.services.speed_estimate import USUAL, USUAL_SMALL, estimate_speed

GB = 1e9


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quiet machine that reads 20 GB/s."""
    monkeypatch.setattr(speed_estimate, "memory_bandwidth", lambda: Bandwidth(20 * GB, 2))


def bench(path: Path, speed: float) -> None:
    results = [
        Speed("tg", 64, 0, 1, speed / 2, 0.1),
        Speed("tg", 64, 0, 2, speed, 0.1),
        Speed("tg", 64, 1024, 2, speed * 9, 0.1),
        Speed("pp", 512, 0, 2, speed * 10, 1.0),
    ]
    keep(path, results)


def test_from_the_bandwidth_alone(smollm2: Path) -> None:
    header = read_header(smollm2)
    found = estimate_speed(header, LoadParams(n_ctx=8192), smollm2)
    assert found and not found.measured
    assert found.tokens_per_second == pytest.approx(20 * GB * USUAL_SMALL / header.tensor_bytes)
    assert found.bytes_per_token == header.tensor_bytes
    # 180 MiB of KV cache are read on top of 92 MiB of weights.
    assert found.at_full_context == pytest.approx(found.tokens_per_second * 92.1 / (92.1 + 180), rel=0.01)
    assert found.basis.startswith("estimate: this machine reads 20.0 GB/s")
    assert "computing limits" in found.basis


def test_a_busy_machine_is_named(smollm2: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speed_estimate, "memory_bandwidth", lambda: Bandwidth(9 * GB, 2, busy=True))
    found = estimate_speed(read_header(smollm2), LoadParams())
    assert found and "can be faster" in found.basis


def test_a_bench_of_the_model_itself_is_no_estimate(smollm2: Path) -> None:
    bench(smollm2, 142.0)
    assert fastest_decode(smollm2) == 142.0
    found = estimate_speed(read_header(smollm2), LoadParams(), smollm2)
    assert found and found.measured and found.tokens_per_second == pytest.approx(142.0)
    assert "measured" in found.basis and "estimate" not in found.basis


def test_a_bench_of_another_model_of_its_size_calibrates(smollm2: Path, gemma3: Path) -> None:
    bench(smollm2, 100.0)
    reached = 100 * read_header(smollm2).tensor_bytes / (20 * GB)
    header = read_header(gemma3)
    found = estimate_speed(header, LoadParams(), gemma3)
    assert found and not found.measured and smollm2.name in found.basis
    assert found.tokens_per_second == pytest.approx(20 * GB * reached / (header.tensor_bytes))
    large = estimate_speed(bigger(header, 100), LoadParams())
    assert large and "usually reaches 75%" in large.basis and "computing" not in large.basis
    assert large.tokens_per_second == pytest.approx(20 * GB * USUAL / header.tensor_bytes / 100)


def test_results_of_older_versions_and_damaged_ones_tell_nothing(smollm2: Path, isolated_home: Path) -> None:
    bench(smollm2, 100.0)
    [path] = (isolated_home / ".local/share/localllm-tui/bench").glob("*.json")
    for content in ('{"model": "m", "speeds": []}', "[]", "", '{"model": 1, "speeds": [{"test": "tg"}]}'):
        path.write_text(content)
        assert not [result for result in decoded() if result.tokens_per_second]
        assert fastest_decode(smollm2) is None


def test_nothing_for_no_weights() -> None:
    assert estimate_speed(Header(Path("x"), 3, {}, 0, 0, 0, 0, 0, {}), LoadParams()) is None


def bigger(header: Header, times: int) -> Header:
    groups = {name: (weights * times, size * times) for name, (weights, size) in header.groups.items()}
    return replace(
        header, groups=groups, tensor_bytes=header.tensor_bytes * times, parameters=header.parameters * times
    )
