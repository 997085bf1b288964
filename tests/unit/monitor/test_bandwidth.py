"""Memory bandwidth: plausible, kept, and never trusted from a damaged file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tui.monitor import bandwidth
from tui.monitor.bandwidth import Bandwidth, last_level_cache, measure, memory_bandwidth
from tui.settings.paths import cache_dir

GB = 1e9


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is known from another test."""
    monkeypatch.setattr(bandwidth, "_known", {})


def test_it_is_what_machines_have() -> None:
    found = measure(threads=1, seconds=0.01)
    assert 0.1 * GB < found.bytes_per_second < 10_000 * GB
    assert found.threads == 1


def test_the_way_of_systems_without_memchr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandwidth, "_reader", lambda: bandwidth._copy_halves)
    assert measure(threads=2, seconds=0.01).bytes_per_second > 0.1 * GB


def test_a_quiet_measurement_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def once() -> Bandwidth:
        made.append(1)
        return Bandwidth(20 * GB, 2)

    monkeypatch.setattr(bandwidth, "measure", once)
    assert memory_bandwidth() == memory_bandwidth() == Bandwidth(20 * GB, 2)
    monkeypatch.setattr(bandwidth, "_known", {})
    assert memory_bandwidth() == Bandwidth(20 * GB, 2) and len(made) == 1
    assert oct((cache_dir() / "bandwidth.json").stat().st_mode)[-3:] == "600"


def test_a_busy_one_is_made_again_in_the_next_process(monkeypatch: pytest.MonkeyPatch) -> None:
    results = [Bandwidth(9 * GB, 2, busy=True), Bandwidth(7 * GB, 2, busy=True), Bandwidth(20 * GB, 2)]
    monkeypatch.setattr(bandwidth, "measure", lambda: results.pop(0))
    seen = []
    for _ in range(4):
        monkeypatch.setattr(bandwidth, "_known", {})
        seen.append(memory_bandwidth())
    assert [found.bytes_per_second / GB for found in seen] == [9, 9, 20, 20]
    assert [found.busy for found in seen] == [True, True, False, False] and not results


@pytest.mark.parametrize("content", ["", "[]", "{}", "x" * 100, '{"k": {"bytes_per_second": -1}}', "[" * 50_000])
def test_a_damaged_file_costs_a_measurement(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = cache_dir() / "bandwidth.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)
    monkeypatch.setattr(bandwidth, "measure", lambda: Bandwidth(5 * GB, 1))
    assert memory_bandwidth() == Bandwidth(5 * GB, 1)
    assert len(json.loads(path.read_text())) >= 1


def test_the_last_level_cache(tmp_path: Path) -> None:
    for index, (size, mask) in enumerate([("32K", "1"), ("1024K", "3"), ("32768K", "00000000,0000000f")]):
        folder = tmp_path / f"sys/devices/system/cpu/cpu0/cache/index{index}"
        folder.mkdir(parents=True)
        (folder / "size").write_text(f"{size}\n")
        (folder / "shared_cpu_map").write_text(f"{mask}\n")
    assert last_level_cache(tmp_path) == (32 << 20, 4)
    assert last_level_cache(tmp_path / "nothing") == (0, 1)
