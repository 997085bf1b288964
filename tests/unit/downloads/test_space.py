"""Whether a download fits, before and while it comes."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.downloads.conftest import MODEL, PATIENT, REPO, Shop, eventually, failed, finished
from tui.catalogue.hub import space
from tui.core.errors import HubError
from tui.services.downloads import Downloads

Open = Callable[..., Downloads]


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """What the system says of the free space, to be changed."""
    said = [0]
    real = shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real(path)._replace(free=said[0]))
    yield said


def test_a_download_that_does_not_fit_is_not_begun(shop: Shop, opened: Open, free: list[int]) -> None:
    free[0] = space.KEPT_FREE + 2_999_999
    downloads = opened()
    with pytest.raises(HubError, match="not enough space") as caught:
        downloads.add(shop.request())
    assert caught.value.kind == "space"
    assert not downloads.snapshot() and not shop.server.requests and not shop.home.exists()
    free[0] += 1
    finished(downloads, downloads.add(shop.request()))


def test_what_other_downloads_will_take_counts_as_taken(shop: Shop, opened: Open, free: list[int]) -> None:
    shop.repo = shop.server.add(REPO, {MODEL: shop.content, "b.gguf": bytes(1_000_000)})
    shop.server.fault(path="/cdn/", stall_after=2_000_000, times=1)
    free[0] = space.KEPT_FREE + 3_000_000
    downloads = opened(PATIENT)
    number = downloads.add(shop.request())
    eventually(lambda: downloads.wait(number, 0).done == 2_000_000)
    free[0] = space.KEPT_FREE + 1_999_999
    with pytest.raises(HubError, match="of which other downloads need 977 KiB"):
        downloads.add(shop.request("b.gguf"))
    free[0] += 1
    finished(downloads, downloads.add(shop.request("b.gguf")))


def test_only_the_missing_bytes_need_space(shop: Shop, opened: Open, free: list[int]) -> None:
    free[0] = space.KEPT_FREE + 3_000_000
    shop.server.fault(path="/cdn/", stall_after=2_000_000, times=1)
    downloads = opened(PATIENT)
    number = downloads.add(shop.request())
    eventually(lambda: downloads.wait(number, 0).done == 2_000_000)
    downloads.pause(number)
    downloads.wait(number)
    free[0] = space.KEPT_FREE + 999_999
    with pytest.raises(HubError, match="not enough space"):
        downloads.resume(number)
    assert downloads.wait(number).state == "paused"
    free[0] += 1
    downloads.resume(number)
    finished(downloads, number)


def test_a_full_disk_is_said_and_what_came_is_kept(shop: Shop, opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    real, full = os.write, [True]

    def write(handle: int, data: memoryview) -> int:
        name = os.readlink(f"/proc/self/fd/{handle}") if os.path.isdir("/proc/self/fd") else ""
        if full[0] and name.endswith(".incomplete") and os.fstat(handle).st_size > 1_000_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(handle, data)

    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("needs /proc to tell which file is written")
    monkeypatch.setattr(os, "write", write)
    downloads = opened()
    number = downloads.add(shop.request())
    ended = failed(downloads, number)
    assert ended.problem.startswith("the disk is full")
    assert ended.done > 1_000_000
    assert [path.suffix for path in (shop.home / "blobs").iterdir()] == [".incomplete"]
    assert not list((shop.home / "snapshots").iterdir())
    full[0] = False
    downloads.resume(number)
    assert finished(downloads, number).read_bytes() == shop.content
    assert shop.asked() == ["", f"bytes={ended.done}-"]


def test_a_folder_that_cannot_be_written_is_said(shop: Shop, opened: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    downloads = opened()
    request = replace(shop.request(), folder=tmp_path / "file" / "models")
    assert "cannot write in" in failed(downloads, downloads.add(request)).problem
