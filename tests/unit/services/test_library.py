"""The library: one door to the models on this machine."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest

from tests.support.other_places import ollama_weights
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tui.catalogue.entry import ModelEntry
from tui.core.errors import LocalLLMError, ModelFileError
from tui.services.find_model import find_model
from tui.services.library import Library
from tui.settings.paths import cache_dir, state_dir


@pytest.fixture
def top(tmp_path: Path) -> Path:
    write_tiny_gguf(tmp_path / "models" / "Alpha-1M-F32.gguf")
    write_split(tmp_path / "models")
    return tmp_path / "models"


def listed(library: Library) -> dict[str, ModelEntry]:
    entries = {entry.path: entry for entry in library.scan()}
    return {entry.name: entry for entry in entries.values() if entry.source == "folder"}


def test_what_it_finds_and_remembers(top: Path) -> None:
    library = Library([top])
    found = listed(library)
    assert sorted(found) == ["Alpha-1M", "tiny-split"]
    assert (cache_dir() / "headers.json").exists()
    alpha = found["Alpha-1M"]
    assert not library.is_favourite(alpha) and library.last_used(alpha) is None
    assert library.toggle_favourite(alpha)
    library.used(alpha.path)
    again = Library([top])
    assert again.is_favourite(alpha) and again.last_used(alpha)
    assert not again.toggle_favourite(alpha)
    listed(library)
    assert not library.is_favourite(alpha), "a search takes in what others changed"
    assert (state_dir() / "library.json").exists()


def test_disk_use_of_each_and_of_all(top: Path) -> None:
    found = list(listed(Library([top])).values())
    library = Library([])
    each = [library.disk_use([entry]) for entry in found]
    assert each == [entry.file_size for entry in found]
    assert library.disk_use([*found, *found]) == sum(each)


def test_deleting(top: Path) -> None:
    library = Library([top])
    split = listed(library)["tiny-split"]
    plan = library.plan_delete(split)
    assert (plan.files, plan.freed) == (split.files, split.file_size)
    library.delete(plan)
    assert sorted(listed(library)) == ["Alpha-1M"]


def test_a_search_can_be_stopped(top: Path) -> None:
    assert list(Library([top]).scan(lambda: True)) == []


def test_a_model_that_comes_is_noticed(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.catalogue.watch.INTERVAL", 0.01)
    news: queue.SimpleQueue[bool] = queue.SimpleQueue()
    watch = Library([top]).watch(lambda: news.put(True))
    try:
        for number in range(600):
            (top / f"{number}.gguf").write_bytes(b"x")
            try:
                assert news.get(timeout=0.1)
                return
            except queue.Empty:
                continue
        pytest.fail("nothing was told")
    finally:
        watch.stop()


def test_a_state_that_cannot_be_kept(top: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    library = Library([top], tmp_path / "state" / "library.json")
    alpha = listed(library)["Alpha-1M"]
    with pytest.raises(LocalLLMError, match="the favourite was not kept"):
        library.toggle_favourite(alpha)
    library.used(alpha.path)
    assert "was not kept" in caplog.text


def test_models_by_ollamas_names(isolated_home: Path, tiny_gguf: Path, tmp_path: Path) -> None:
    store = isolated_home / ".ollama" / "models"
    blob = ollama_weights(store, "library/tiny/1m", tiny_gguf.read_bytes())
    ollama_weights(store, "library/tiny/latest", tiny_gguf.read_bytes())
    other = ollama_weights(store, "someone/tuned/v1", write_tiny_gguf(tmp_path / "x", seed=1).read_bytes())
    assert find_model("tiny:1m", ()) == find_model("tiny:latest", ()) == find_model("tiny", ()) == blob
    assert find_model("someone/tuned:v1", ()) == other
    assert find_model("someone/else:v1", ()) == Path("someone/else:v1")
    with pytest.raises(ModelFileError, match="tiny:1m, someone/tuned:v1"):
        find_model("t", ())
