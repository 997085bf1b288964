"""Models that come, go and change are noticed; nothing else is."""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.other_places import cached_file, ollama_model
from tui.catalogue.found import watched_folders
from tui.catalogue.hub_cache import hub_cache_dir
from tui.catalogue.watch import Folders, Watch

_LONG = 30.0
"""Seconds; only a failure takes them."""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "a.gguf").write_bytes(b"a")
    (folder / "notes.txt").write_text("x")
    return folder


@pytest.fixture
def folders(top: Path) -> Folders:
    seen = Folders([top])
    assert seen.look()
    assert not seen.look()
    return seen


def test_a_file_that_comes(folders: Folders, top: Path) -> None:
    (top / "deep" / "deeper" / "b.GGUF").write_bytes(b"b")
    assert folders.look()
    assert not folders.look()


def test_a_folder_that_comes_with_files(folders: Folders, top: Path, tmp_path: Path) -> None:
    shutil.copytree(top / "deep", tmp_path / "copy")
    os.rename(tmp_path / "copy", top / "copy")
    assert folders.look()


def test_a_file_that_goes(folders: Folders, top: Path) -> None:
    (top / "deep" / "a.gguf").unlink()
    assert folders.look()
    assert not folders.look()


def test_a_folder_that_goes_and_comes_back(folders: Folders, top: Path, tmp_path: Path) -> None:
    os.rename(top, tmp_path / "away")
    assert folders.look()
    os.rename(tmp_path / "away", top)
    assert folders.look()


def test_a_file_that_is_renamed_or_replaced(folders: Folders, top: Path) -> None:
    os.rename(top / "deep" / "a.gguf", top / "deep" / "b.gguf")
    assert folders.look()
    (top / "new").write_bytes(b"n")
    os.replace(top / "new", top / "deep" / "b.gguf")
    assert [folders.look(), folders.look()] == [False, True], "told once it is still"


def test_a_file_that_grows_is_told_once_it_is_still(folders: Folders, top: Path) -> None:
    looks = []
    for _ in range(3):
        with (top / "deep" / "a.gguf").open("ab") as file:
            file.write(b"more")
        looks.append(folders.look())
    looks.append(folders.look())
    looks.append(folders.look())
    assert looks == [False, False, False, True, False]


def test_other_files_are_nothing(folders: Folders, top: Path) -> None:
    (top / "readme.md").write_text("x")
    (top / ".hidden").mkdir()
    (top / ".hidden" / "b.gguf").write_bytes(b"b")
    (top / "empty").mkdir()
    assert not folders.look()


def test_loops_and_links_to_nothing(top: Path) -> None:
    (top / "loop").symlink_to(top)
    (top / "nothing.gguf").symlink_to(top / "gone")
    seen = Folders([top, top, top.parent / "missing"])
    assert seen.look()
    assert not seen.look()
    (top / "gone").write_bytes(b"x")
    assert [seen.look(), seen.look()] == [False, True], "what the link leads to has come"


def test_the_caches_of_other_programs(isolated_home: Path) -> None:
    store = isolated_home / ".ollama" / "models"
    ollama_model(store, "library/one/1b", {})
    link = cached_file(hub_cache_dir(), "owner/tiny", "a" * 40, "tiny.gguf", b"x")
    seen = Folders(watched_folders([]))
    seen.look()
    assert not seen.look()
    ollama_model(store, "library/two/1b", {})
    assert seen.look()
    cached_file(hub_cache_dir(), "owner/other", "a" * 40, "other.gguf", b"x")
    assert seen.look()
    (link.parents[2] / "blobs" / "part.incomplete").write_bytes(b"x")
    (hub_cache_dir() / "datasets--x--y" / "snapshots").mkdir(parents=True)
    assert not seen.look()
    link.unlink()
    assert seen.look()


@pytest.fixture
def told(top: Path) -> Iterator[queue.SimpleQueue[str]]:
    """A watch that looks all the time, and what it tells."""
    news: queue.SimpleQueue[str] = queue.SimpleQueue()
    watch = Watch(lambda: [top], lambda: news.put(threading.current_thread().name), interval=0.01)
    yield news
    watch.stop()
    assert not watch._thread.is_alive()


def test_the_watch_calls_back_in_its_thread(told: queue.SimpleQueue[str], top: Path) -> None:
    # It may not have looked for the first time yet, so that one file may be there from the beginning.
    for number in range(1000):
        (top / f"{number}.gguf").write_bytes(b"x")
        try:
            assert told.get(timeout=0.1) == "model-watch"
            return
        except queue.Empty:
            continue
    pytest.fail("nothing was told")


def test_it_goes_on_after_an_error_of_the_one_that_is_told(top: Path) -> None:
    calls: queue.SimpleQueue[int] = queue.SimpleQueue()

    def fail() -> None:
        calls.put(1)
        raise RuntimeError("of the caller")

    watch = Watch(lambda: [top], fail, interval=0.01)
    try:
        heard = 0
        for number in range(1000):
            (top / f"{number}.gguf").write_bytes(b"x")
            try:
                heard += calls.get(timeout=0.1)
            except queue.Empty:
                continue
            if heard == 2:
                return
        pytest.fail("it was told only once")
    finally:
        watch.stop()


def test_it_can_be_stopped_from_its_own_call_and_while_it_waits(top: Path) -> None:
    waiting = Watch(lambda: [top], lambda: None, interval=3600)
    waiting.stop()
    assert not waiting._thread.is_alive()
    stopped = threading.Event()

    def stop() -> None:
        watch.stop()
        stopped.set()

    watch = Watch(lambda: [top], stop, interval=0.01)
    for number in range(1000):
        (top / f"{number}.gguf").write_bytes(b"x")
        if stopped.wait(0.1):
            break
    watch._thread.join(_LONG)
    assert not watch._thread.is_alive()
