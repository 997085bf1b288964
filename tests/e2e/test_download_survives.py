"""A download outlives the death of its program, and a disk that is full."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.e2e.running import ROOT, TIMEOUT
from tests.support.local_hub import LocalHub
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.values import RemoteFile
from tui.services.downloads import Downloads

REPO = "owner/tiny-GGUF"
MODEL = "tiny-Q4_K_M.gguf"
SIZE = 4_000_000


@dataclass
class Scene:
    """A hub, a model on it, and where it goes."""

    server: LocalHub
    content: bytes
    commit: str
    file: RemoteFile
    state: Path
    cache: Path

    def command(self, folder: Path | None = None, fill: Path | None = None) -> list[str]:
        """What a program is started with to download the model."""
        asked = {
            "url": self.server.url,
            "repo_id": REPO,
            "commit": self.commit,
            "files": [asdict(self.file)],
            "folder": str(folder or ""),
            "fill": str(fill or ""),
            "state": str(self.state),
        }
        return [sys.executable, "-m", "tests.e2e.downloading", json.dumps(asked)]

    def part(self) -> int:
        """Bytes in the part file."""
        return sum(path.stat().st_size for path in self.cache.rglob("*.incomplete"))

    def ranges(self) -> list[str]:
        """What was asked of the storage."""
        return [asked.range for asked in self.server.requests if "/cdn/" in asked.path]


@pytest.fixture
def scene(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """A hub with a model of 4 MB."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    cache = isolated_home / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    content = random.Random(7).randbytes(SIZE)
    with LocalHub() as server:
        repo = server.add(REPO, {MODEL: content})
        stored = repo.files[MODEL]
        file = RemoteFile(MODEL, SIZE, stored.sha256, stored.etag)
        yield Scene(server, content, repo.sha, file, isolated_home / "state" / "downloads.json", cache)


def test_after_kill_9_only_the_missing_bytes_are_asked_for(scene: Scene) -> None:
    scene.server.fault(path="/cdn/", bps=2_000_000, stall_after=2_500_000, times=1)
    with subprocess.Popen(scene.command(), cwd=ROOT, stdout=subprocess.PIPE) as child:
        _until(lambda: scene.part() > 1_000_000)
        child.send_signal(signal.SIGKILL)
    held = scene.part()
    assert 1_000_000 < held <= 2_500_000
    after = Downloads(Hub(scene.server.url), scene.state)
    (shown,) = after.snapshot()
    assert (shown.state, shown.done) == ("paused", held)
    assert "interrupted" in shown.problem
    after.resume(shown.number)
    ended = after.wait(shown.number, TIMEOUT)
    after.close()
    assert (ended.state, ended.problem) == ("finished", "")
    assert ended.path is not None and ended.path.read_bytes() == scene.content
    assert scene.ranges() == ["", f"bytes={held}-"]
    assert scene.server.requests[-1].sent == SIZE - held
    assert not list(scene.cache.rglob("*.incomplete"))


def test_asking_for_the_same_again_after_kill_9_goes_on_at_once(scene: Scene) -> None:
    scene.server.fault(path="/cdn/", stall_after=1_500_000, times=1)
    with subprocess.Popen(scene.command(), cwd=ROOT, stdout=subprocess.PIPE) as child:
        _until(lambda: scene.part() == 1_500_000)
        child.kill()
    again = subprocess.run(scene.command(), cwd=ROOT, capture_output=True, timeout=TIMEOUT, check=True)
    told = json.loads(again.stdout)
    assert told["state"] == "finished"
    assert Path(told["path"]).read_bytes() == scene.content
    assert scene.ranges() == ["", "bytes=1500000-"]


def test_two_programs_with_one_list_never_write_one_file(scene: Scene) -> None:
    scene.server.fault(path="/cdn/", stall_after=1_500_000, times=1)
    with subprocess.Popen(scene.command(), cwd=ROOT, stdout=subprocess.PIPE) as first:
        _until(lambda: scene.part() == 1_500_000)
        second = subprocess.run(scene.command(), cwd=ROOT, capture_output=True, timeout=TIMEOUT)
        assert second.returncode == 1
        assert b"another localllm-tui fetches Q4_K_M" in second.stderr
        first.kill()
    assert scene.ranges() == [""]
    assert scene.part() == 1_500_000


def test_a_disk_that_fills_up_leaves_nothing_under_the_model_s_name(scene: Scene, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("unshare") is None or _mounted(disk, ["true"]).returncode != 0:
        pytest.skip("this system does not let the test mount a small disk")
    scene.server.fault(path="/cdn/", bps=2_000_000, times=1)
    ended = _mounted(disk, scene.command(disk / "models", disk / "filler"))
    full, whole = (json.loads(line) for line in ended.stdout.splitlines())
    assert full["state"] == "failed"
    assert full["problem"].startswith("the disk is full")
    assert full["here"] == [f".{scene.file.oid}.localllm.incomplete"]
    assert whole["state"] == "finished"
    assert whole["here"] == [MODEL]
    assert scene.ranges() == ["", f"bytes={full['done']}-"]


def _mounted(disk: Path, command: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run a command for which `disk` is a file system of 70 MiB of its own."""
    script = 'mount -t tmpfs -o size=70m none "$0" && exec "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(disk), *command],
        cwd=ROOT,
        capture_output=True,
        timeout=TIMEOUT,
    )


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "the condition never came"
        time.sleep(0.005)
