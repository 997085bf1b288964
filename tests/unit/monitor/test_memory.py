"""Memory limits of control groups, on made-up /proc and /sys."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tui.monitor.memory import Memory, available_memory, group_memory, memory, total_memory

MIB = 1 << 20


def put(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_version_2_with_limits_at_two_levels(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/user.slice/app"
    root = put(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/app\n",
            f"{group}/memory.max": "max\n",
            f"{group}/memory.current": f"{50 * MIB}\n",
            "sys/fs/cgroup/user.slice/memory.max": f"{200 * MIB}\n",
            "sys/fs/cgroup/user.slice/memory.current": f"{150 * MIB}\n",
            "sys/fs/cgroup/user.slice/memory.stat": f"anon 1\ninactive_file {30 * MIB}\nactive_file {20 * MIB}\n",
        },
    )
    assert group_memory(root) == [Memory(200 * MIB, 100 * MIB)]
    assert memory(root) == Memory(200 * MIB, min(100 * MIB, memory(root).available))
    assert memory(root).used >= 100 * MIB


def test_version_1_in_a_container(tmp_path: Path) -> None:
    """The path in /proc is the host's and is not mounted: the mount's own root is the group."""
    root = put(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n1:cpu,cpuacct:/docker/abc\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{300 * MIB}\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{400 * MIB}\n",
            "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {10 * MIB}\n",
        },
    )
    assert group_memory(root) == [Memory(300 * MIB, 0)]


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": ""},
        {"proc/self/cgroup": "nonsense\n0::/../../..\n::::\n", "sys/fs/cgroup/memory.max": "lots"},
        {
            "proc/self/cgroup": "0::/\n",
            "sys/fs/cgroup/memory.max": "max\n",
            "sys/fs/cgroup/memory.current": "5\n",
        },
        {
            "proc/self/cgroup": "4:memory:/\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "5\n",
        },
    ],
)
def test_no_limit(files: dict[str, str], tmp_path: Path) -> None:
    root = put(tmp_path, files)
    assert group_memory(root) == []
    assert memory(root).total == psutil.virtual_memory().total


def test_this_machine() -> None:
    assert 0 < available_memory() <= total_memory() <= psutil.virtual_memory().total
