"""Where files end up: the cache as huggingface_hub itself reads it, and folders in which nothing is overwritten."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest

from tests.unit.downloads.conftest import MODEL, REPO, Shop, eventually, failed, finished
from tui.catalogue.hub_cache import cached_ggufs
from tui.core.errors import HubError
from tui.services.downloads import Downloads

Open = Callable[..., Downloads]


def test_huggingface_hub_finds_the_file(shop: Shop, opened: Open) -> None:
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    assert huggingface_hub.try_to_load_from_cache(REPO, MODEL, cache_dir=shop.cache) == str(path)
    found = huggingface_hub.hf_hub_download(REPO, MODEL, cache_dir=shop.cache, local_files_only=True)
    assert Path(found).read_bytes() == shop.content
    assert list(cached_ggufs(shop.cache)) == [(REPO, path)]


def test_the_cache_is_laid_out_as_huggingface_hub_lays_it_out(shop: Shop, opened: Open) -> None:
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request()))
    oid = shop.repo.files[MODEL].sha256
    assert path == shop.home / "snapshots" / shop.repo.sha / MODEL
    assert os.readlink(path) == f"../../blobs/{oid}"
    assert (shop.home / "refs" / "main").read_text() == shop.repo.sha
    assert (shop.cache / ".locks" / shop.home.name / f"{oid}.lock").exists()
    assert (shop.cache / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    mask = os.umask(0o022)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_scan_finds_the_revision_and_before_that_the_unfinished_part(shop: Shop, opened: Open) -> None:
    shop.server.fault(path="/cdn/", cut_after=1_000_000, times=1)
    shop.server.fault(path="/cdn/", status=410)
    downloads = opened()
    number = downloads.add(shop.request())
    failed(downloads, number)
    before = huggingface_hub.scan_cache_dir(shop.cache)
    assert [found.size_on_disk for found in before.incomplete_files] == [1_000_000]
    assert not before.warnings
    shop.server.heal()
    downloads.resume(number)
    finished(downloads, number)
    after = huggingface_hub.scan_cache_dir(shop.cache)
    (repo,) = after.repos
    (revision,) = repo.revisions
    assert (repo.repo_id, revision.commit_hash, set(revision.refs)) == (REPO, shop.repo.sha, {"main"})
    assert repo.size_on_disk == len(shop.content)
    assert not after.warnings and not after.incomplete_files


def test_a_file_of_an_older_revision_is_linked_and_not_fetched_again(shop: Shop, opened: Open) -> None:
    downloads = opened()
    finished(downloads, downloads.add(shop.request()))
    shop.repo = shop.server.add(REPO, {MODEL: shop.content, "README.md": b"# Tiny, better described\n"})
    asked = len(shop.server.requests)
    path = finished(downloads, downloads.add(shop.request()))
    assert path.parent.name == shop.repo.sha
    assert path.read_bytes() == shop.content
    assert len(shop.server.requests) == asked
    assert (shop.home / "refs" / "main").read_text() == shop.repo.sha


def test_what_is_here_is_not_fetched_again(shop: Shop, opened: Open) -> None:
    downloads = opened()
    assert downloads.present(shop.request()) is None
    path = finished(downloads, downloads.add(shop.request()))
    assert downloads.present(shop.request()) == path
    with pytest.raises(HubError, match="is here already") as caught:
        downloads.add(shop.request())
    assert caught.value.kind == "exists"


def test_a_folder_gets_the_files_by_their_base_names(shop: Shop, opened: Open, tmp_path: Path) -> None:
    files = {f"Q4/m-0000{n}-of-00002.gguf": bytes([n]) * 100_000 for n in (1, 2)}
    shop.repo = shop.server.add(REPO, files)
    folder = tmp_path / "my models"
    downloads = opened()
    path = finished(downloads, downloads.add(shop.request(*files, folder=folder)))
    assert path == folder / "m-00001-of-00002.gguf"
    assert sorted(entry.name for entry in folder.iterdir()) == ["m-00001-of-00002.gguf", "m-00002-of-00002.gguf"]
    assert not shop.cache.exists()


def test_a_different_file_in_a_folder_is_left_as_it_is(shop: Shop, opened: Open, tmp_path: Path) -> None:
    (tmp_path / MODEL).write_bytes(b"mine")
    with pytest.raises(HubError, match=f"a different {MODEL} is in") as caught:
        opened().add(shop.request(folder=tmp_path))
    assert caught.value.kind == "exists"
    assert (tmp_path / MODEL).read_bytes() == b"mine"
    assert not shop.server.requests


def test_a_file_of_the_same_size_in_a_folder_is_compared(shop: Shop, opened: Open, tmp_path: Path) -> None:
    downloads = opened()
    (tmp_path / MODEL).write_bytes(bytes(len(shop.content)))
    number = downloads.add(shop.request(folder=tmp_path))
    assert "a different" in failed(downloads, number).problem
    assert (tmp_path / MODEL).read_bytes() == bytes(len(shop.content))
    (tmp_path / MODEL).write_bytes(shop.content)
    downloads.resume(number)
    assert finished(downloads, number) == tmp_path / MODEL
    assert not shop.server.requests


def test_an_end_between_the_two_steps_of_landing_leaves_nothing_behind(
    shop: Shop, opened: Open, tmp_path: Path
) -> None:
    (tmp_path / MODEL).write_bytes(shop.content)
    os.link(tmp_path / MODEL, tmp_path / f".{shop.repo.files[MODEL].sha256}.localllm.incomplete")
    downloads = opened()
    finished(downloads, downloads.add(shop.request(folder=tmp_path)))
    assert [entry.name for entry in tmp_path.iterdir() if entry.is_file()] == [MODEL]


def test_a_file_that_appears_meanwhile_is_not_overwritten(shop: Shop, opened: Open, tmp_path: Path) -> None:
    shop.server.fault(path="/cdn/", stall_after=1_000_000)
    downloads = opened()
    number = downloads.add(shop.request(folder=tmp_path))
    eventually(lambda: downloads.wait(number, 0).done == 1_000_000)
    (tmp_path / MODEL).write_bytes(b"mine")
    shop.server.heal()
    assert "a different" in failed(downloads, number).problem
    assert (tmp_path / MODEL).read_bytes() == b"mine"


def test_a_link_planted_for_a_part_is_not_followed(shop: Shop, opened: Open, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / f".{shop.repo.files[MODEL].sha256}.localllm.incomplete").symlink_to(victim)
    downloads = opened()
    failed(downloads, downloads.add(shop.request(folder=folder)))
    assert victim.read_bytes() == b"precious"


def test_a_blob_of_the_wrong_size_is_replaced(shop: Shop, opened: Open) -> None:
    blob = shop.home / "blobs" / shop.repo.files[MODEL].sha256
    blob.parent.mkdir(parents=True)
    blob.write_bytes(b"half")
    downloads = opened()
    assert finished(downloads, downloads.add(shop.request())).read_bytes() == shop.content
