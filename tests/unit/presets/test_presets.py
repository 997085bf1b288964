"""The folder of presets: names that lead nowhere else, bad files, and nothing lost by deleting."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.core.errors import PresetError
from tui.services.presets import Presets, checked_name
from tui.services.presets_examples import EXAMPLES
from tui.services.presets_variables import questions, resolve
from tui.settings.paths import presets_dir
from tui.settings.preset_file import Preset, parse, render

MODEL = ("/models/SmolLM2-135M-Instruct-Q4_1.gguf", "SmolLM2 135M Instruct")
HOSTILE = ["", " ", ".", "..", "../x", "a/b", "/etc/passwd", "a\\b", ".hidden", "-rf", "a\0b", "a\nb", "\x1b[2J", " a",
           "a ", "\u202eab", "x" * 65, "東" * 70, "\ud800"]  # fmt: skip


@pytest.fixture
def presets(tmp_path: Path) -> Presets:
    """An empty folder that is not there yet."""
    return Presets(tmp_path / "presets")


def names(presets: Presets) -> list[str]:
    """What is listed."""
    return [entry.name for entry in presets.entries()]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_a_path(presets: Presets, name: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))
    for ask in (checked_name, presets.path, presets.read, presets.text, presets.delete):
        with pytest.raises(PresetError) as caught:
            ask(name)
        assert caught.value.line().isprintable()
    with pytest.raises(PresetError):
        presets.create(Preset(name))
    with pytest.raises(PresetError):
        presets.write(name, "")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["a", "My reviewer", "日本語", "x.y", "v1.0 (test)", "é"])
def test_what_a_person_calls_a_preset_is_its_file(presets: Presets, name: str) -> None:
    presets.create(Preset(name, "T"))
    assert names(presets) == [name] and presets.read(name) == Preset(name, "T")
    path = presets.path(name)
    assert path.parent == presets.folder
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(presets.folder.stat().st_mode) == 0o700


def test_the_folder_is_the_persons_own() -> None:
    assert Presets().folder == presets_dir() and Presets().entries() == []


def test_bad_files_are_listed_with_their_reason(presets: Presets) -> None:
    presets.create(Preset("good"))
    (presets.folder / "broken.toml").write_text("title = ")
    (presets.folder / "latin.toml").write_bytes(b"title = '\xe9'")
    (presets.folder / "large.toml").write_text("#" * 1_000_001)
    (presets.folder / "folder.toml").mkdir()
    (presets.folder / "lost.toml").symlink_to("nowhere")
    (presets.folder / "notes.txt").write_text("no preset")
    (presets.folder / "-odd.toml").write_text("")
    os.mkfifo(presets.folder / "pipe.toml")
    found = {entry.name: entry.problem for entry in presets.entries()}
    assert found.pop("good") == "" and len(found) == 7
    assert "not valid TOML" in found["broken"] and found["latin"] == "not UTF-8 text"
    assert found["large"] == "it is larger than 1 MB" and found["folder"] == found["pipe"] == "it is not a file"
    assert "there is no preset" in found["lost"] and "not possible" in found["-odd"]
    assert all(problem.isprintable() for problem in found.values())


def test_nothing_is_overwritten(presets: Presets) -> None:
    presets.create(Preset("a", "first"))
    presets.create(Preset("b"))
    with pytest.raises(PresetError, match="already"):
        presets.create(Preset("a", "second"))
    with pytest.raises(PresetError, match="already"):
        presets.rename("b", "a")
    assert presets.read("a").title == "first" and names(presets) == ["a", "b"]
    presets.rename("b", "c")
    presets.rename("c", "C")
    assert names(presets) == ["a", "C"]


def test_what_was_deleted_comes_back(presets: Presets) -> None:
    presets.create(Preset("a", "first"))
    first = presets.delete("a")
    assert names(presets) == []
    presets.create(Preset("a", "second"))
    with pytest.raises(PresetError, match="already"):
        presets.restore(first)
    second = presets.delete("a")
    presets.restore(first)
    assert presets.read("a").title == "first" and second.path.exists()


def test_a_linked_file_stays_where_it_is(presets: Presets, tmp_path: Path) -> None:
    own = tmp_path / "dotfiles.toml"
    own.write_text(render(Preset("a", "mine")))
    presets.folder.mkdir()
    presets.path("a").symlink_to(own)
    assert presets.make_default("a", *MODEL)
    assert presets.path("a").is_symlink() and parse("a", own.read_text()).models


def test_a_model_has_one_default(presets: Presets) -> None:
    for name in ("a", "b"):
        presets.create(Preset(name))
    presets.create(Preset("wide", models=("smollm2*",)))
    assert presets.default_for(*MODEL) == presets.read("wide")
    assert presets.make_default("a", *MODEL)
    assert presets.default_for(*MODEL) == presets.read("a")
    assert presets.make_default("b", *MODEL)
    assert presets.default_for(*MODEL) == presets.read("b") and presets.read("a").models == ()
    assert not presets.make_default("b", *MODEL)
    assert presets.default_for(*MODEL) == presets.read("wide")
    assert presets.default_for("/models/gemma.gguf", "") is None


def test_odd_names_of_models_are_no_patterns(presets: Presets) -> None:
    presets.create(Preset("a"))
    assert presets.make_default("a", "/models/[x]*.gguf", "")
    assert presets.default_for("/models/[x]*.gguf", "") is not None
    assert presets.default_for("/models/x-other.gguf", "") is None


def test_the_name_in_the_file_counts_too(presets: Presets) -> None:
    presets.create(Preset("a", models=("*135m instruct",)))
    assert presets.default_for(*MODEL) is not None and presets.default_for(MODEL[0], "") is None


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "presets").write_text("a file in its place")
    presets = Presets(tmp_path / "presets")
    with pytest.raises(PresetError, match="not a directory"):
        presets.entries()
    with pytest.raises(PresetError, match="was not saved"):
        presets.create(Preset("a"))


def test_the_examples_are_presets(presets: Presets) -> None:
    for example in EXAMPLES:
        presets.create(example)
        assert presets.read(example.name) == example
        assert resolve(
            example, {"date": "", "weekday": "", "clipboard": "", **{q.key: "x" for q in questions(example)}}
        )
