"""Favourites and times of use: kept, shared between processes, found again after a move, safe when damaged."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui.catalogue import usage
from tui.catalogue.usage import Usage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "library.json"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    file = tmp_path / "models" / "m.gguf"
    file.parent.mkdir()
    file.write_bytes(b"x" * 1000)
    return file


def test_favourites_and_times_are_kept(path: Path, model: Path) -> None:
    kept = Usage(path)
    assert kept.record(model) == usage.Record()
    assert kept.toggle_favourite(model)
    kept.used(model, 12.5)
    again = Usage(path).record(model)
    assert (again.favourite, again.used, again.size) == (True, 12.5, 1000)
    assert not kept.toggle_favourite(model)
    assert not Usage(path).record(model).favourite
    assert Usage(path).record(model).used == 12.5


def test_the_time_of_use_never_goes_back(path: Path, model: Path) -> None:
    kept = Usage(path)
    kept.used(model, 20.0)
    kept.used(model, 10.0)
    assert kept.record(model).used == 20.0


def test_only_the_owner_can_read_it(path: Path, model: Path) -> None:
    Usage(path).used(model)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(file.name for file in path.parent.iterdir()) == [".library.json.lock", "library.json"]


def test_changes_of_two_at_once_are_all_kept(path: Path, tmp_path: Path) -> None:
    first, second = Usage(path), Usage(path)
    first.toggle_favourite(tmp_path / "a.gguf")
    second.toggle_favourite(tmp_path / "b.gguf")
    assert Usage(path).record(tmp_path / "a.gguf").favourite
    assert second.record(tmp_path / "a.gguf").favourite
    first.refresh()
    assert first.record(tmp_path / "b.gguf").favourite


def test_changes_of_two_processes_at_once_are_all_kept(path: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tui.catalogue.usage import Usage\n"
        "kept = Usage(Path(sys.argv[1]))\n"
        "for number in range(20): kept.toggle_favourite(Path(f'/models/{sys.argv[2]}-{number}.gguf'))"
    )
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("one", "two")]
    assert [process.wait(60) for process in running] == [0, 0]
    assert len(json.loads(path.read_text())["models"]) == 40


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff\xfe", b'{"models": 7}', b'{"models": {"/a": 7}}', b"[" * 100_000]
)
def test_a_damaged_file_is_set_aside(content: bytes, path: Path, model: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    kept = Usage(path)
    assert not kept.record(model).favourite
    assert path.read_bytes() == content, "reading changes nothing"
    assert kept.toggle_favourite(model)
    assert path.with_name("library.json.damaged").read_bytes() == content
    assert Usage(path).record(model).favourite


def test_odd_values_say_nothing(path: Path, model: Path) -> None:
    path.parent.mkdir()
    record = {"size": "big", "favourite": "yes", "used": "never"}
    path.write_text(json.dumps({"version": 1, "models": {str(model): record}}))
    assert Usage(path).record(model) == usage.Record()


def test_a_moved_model_is_known_again(path: Path, model: Path, tmp_path: Path) -> None:
    kept = Usage(path)
    kept.toggle_favourite(model)
    kept.used(model, 5.0)
    moved = tmp_path / "elsewhere" / "m.gguf"
    moved.parent.mkdir()
    os.rename(model, moved)
    assert (kept.record(moved).favourite, kept.record(moved).used) == (True, 5.0)
    kept.used(moved, 7.0)
    assert list(json.loads(path.read_text())["models"]) == [str(moved)]


def test_a_copy_is_another_model(path: Path, model: Path, tmp_path: Path) -> None:
    kept = Usage(path)
    kept.toggle_favourite(model)
    copy = tmp_path / "m.gguf"
    copy.write_bytes(model.read_bytes())
    assert not kept.record(copy).favourite
    grown = tmp_path / "other" / "m.gguf"
    grown.parent.mkdir()
    grown.write_bytes(b"y")
    model.unlink()
    assert not kept.record(grown).favourite


def test_names_that_are_not_utf8(path: Path) -> None:
    odd = Path(os.fsdecode(b"/models/\xff.gguf"))
    Usage(path).toggle_favourite(odd)
    assert Usage(path).record(odd).favourite


def test_the_file_does_not_grow_without_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "MOST", 3)
    kept = Usage(path)
    kept.toggle_favourite(Path("/favourite.gguf"))
    for number in range(5):
        kept.used(Path(f"/{number}.gguf"), float(number))
    assert set(json.loads(path.read_text())["models"]) == {"/favourite.gguf", "/4.gguf", "/3.gguf"}


def test_a_disk_that_takes_nothing(path: Path, model: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    with pytest.raises(OSError):
        Usage(path).toggle_favourite(model)


def test_a_process_that_hangs_does_not_hang_others(path: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "_PATIENCE", 0.02)
    kept = Usage(path)
    kept.used(model, 1.0)
    with (path.parent / ".library.json.lock").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(OSError):
            kept.used(model, 2.0)
    kept.used(model, 3.0)
    assert kept.record(model).used == 3.0
