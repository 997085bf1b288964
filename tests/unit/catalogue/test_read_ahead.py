"""Asking the disk for the beginnings of files before they are read."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.tiny_gguf import write_tiny_gguf
from tui.catalogue import read_ahead
from tui.catalogue.header_cache import HeaderCache
from tui.catalogue.scan import scan

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="this system takes no advice on files")


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def ended() -> bool:
    for thread in running():
        thread.join(timeout=900)
    return not running()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were asked for, in their order."""
    files: list[Path] = []
    really = read_ahead._ask_for

    def ask_for(path: Path) -> None:
        files.append(path)
        really(path)

    monkeypatch.setattr(read_ahead, "_ask_for", ask_for)
    return files


def write_models(top: Path, count: int) -> list[Path]:
    return [write_tiny_gguf(top / f"{number:03}" / f"m{number:03}.gguf") for number in range(count)]


def test_every_file_is_asked_for_and_the_order_is_kept(tmp_path: Path, asked: list[Path]) -> None:
    files = write_models(tmp_path, 5)
    ahead = read_ahead.ReadAhead([tmp_path])
    ahead.begin()
    assert ended()
    assert [path for path in asked if path in files] == files
    assert [entry.path for entry in scan([tmp_path]) if entry.source == "folder"] == files
    assert ended()


def test_it_stays_a_few_files_ahead(tmp_path: Path, asked: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "AHEAD", 4)
    write_models(tmp_path, 12)
    found = scan([tmp_path])
    assert next(found).path.name == "m000.gguf"
    assert isinstance(found, Generator)
    found.close()
    assert ended()
    # One file has been passed, and `close` lets the walk go on to see that it is over.
    assert len(asked) <= 5


def test_files_that_are_known_are_not_asked_for(tmp_path: Path, asked: list[Path]) -> None:
    write_models(tmp_path / "m", 3)
    cache = tmp_path / "headers.json"
    everything = list(scan([tmp_path / "m"], HeaderCache(cache)))
    assert ended()
    asked.clear()
    assert list(scan([tmp_path / "m"], HeaderCache(cache))) == everything
    assert not running()
    assert asked == []


def test_pipes_and_what_is_gone_do_no_harm(tmp_path: Path, asked: list[Path]) -> None:
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "gone.gguf").symlink_to(tmp_path / "nothing")
    good = write_tiny_gguf(tmp_path / "z.gguf")
    ahead = read_ahead.ReadAhead([tmp_path])
    ahead.begin()
    assert ended()
    assert asked[:3] == [tmp_path / "gone.gguf", tmp_path / "pipe.gguf", good]
