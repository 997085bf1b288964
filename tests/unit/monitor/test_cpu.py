"""Cores that can be used, on made-up /proc and /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.monitor.test_memory import put
from tui.monitor import cpu
from tui.monitor.cpu import cpu_quota, free_cores, physical_cores, usable_cores


def topology(*cores: tuple[int, int]) -> dict[str, str]:
    files = {}
    for number, (package, core) in enumerate(cores):
        folder = f"sys/devices/system/cpu/cpu{number}/topology"
        files[f"{folder}/physical_package_id"] = f"{package}\n"
        files[f"{folder}/core_id"] = f"{core}\n"
    return files


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processors that this process may run on, for a test to fill in."""
    numbers: list[int] = []
    monkeypatch.setattr(cpu, "allowed_processors", lambda: numbers)
    return numbers


def test_smt_siblings_count_once(tmp_path: Path, allow: list[int]) -> None:
    root = put(tmp_path, topology((0, 0), (0, 1), (0, 0), (0, 1), (1, 0), (1, 0)))
    allow[:] = range(6)
    assert physical_cores(root) == 3
    allow[:] = [0, 2]
    assert physical_cores(root) == 1
    allow[:] = [0, 1, 4]
    assert physical_cores(root) == 3


def test_without_topology_psutil_decides(tmp_path: Path, allow: list[int]) -> None:
    allow[:] = [0]
    assert physical_cores(tmp_path) == 1


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "150000 100000\n"}, 1.5),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
                "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
            },
            0.5,
        ),
        ({"proc/self/cgroup": "0::/a\n", "sys/fs/cgroup/a/cpu.max": "max 100000\n"}, None),
        (
            {
                "proc/self/cgroup": "1:cpu,cpuacct:/\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            3.0,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
        ({}, None),
    ],
)
def test_quota(files: dict[str, str], quota: float | None, tmp_path: Path, allow: list[int]) -> None:
    root = put(tmp_path, {**files, **topology((0, 0), (0, 1), (0, 2), (0, 3))})
    allow[:] = range(4)
    assert cpu_quota(root) == quota
    assert usable_cores(root) == (4 if quota is None else max(1, int(quota)))


def test_this_machine() -> None:
    assert 1 <= usable_cores() <= physical_cores() <= cpu.logical_cores()


@pytest.mark.parametrize(
    ("running", "own", "free"),
    [("1/300", 1, 4), ("3/300", 2, 3), ("4/300", 1, 1), ("90/300", 1, 1), ("1/300", 3, 4), ("", 1, 4)],
)
def test_free_cores(
    running: str, own: int, free: int, tmp_path: Path, allow: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    tasks = {f"proc/self/task/{n}/stat": f"{n} (a) b) {'R' if n <= own else 'S'} 1 2" for n in range(1, 5)}
    root = put(
        tmp_path, {"proc/loadavg": f"0.1 0.2 0.3 {running} 77", **tasks, **topology(*[(0, n) for n in range(4)])}
    )
    allow[:] = range(4)
    assert free_cores(root) == free


def test_what_runs_for_a_moment_takes_no_core(
    tmp_path: Path, allow: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    allow[:] = range(4)
    looks = iter([3, 2, 1, 2])
    monkeypatch.setattr(cpu, "_others_running", lambda root: next(looks))
    assert free_cores(put(tmp_path, topology(*[(0, n) for n in range(4)]))) == 3
