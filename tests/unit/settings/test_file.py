"""Saving settings never loses what a person wrote."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.core.test_options import OPTIONS, values_of
from tui.core.errors import SettingError
from tui.core.options import Scalar
from tui.settings import file

WRITTEN = """# my settings
[load]
threads = 2   # a small machine

# how it talks
[generation]
temp = 0.3
unheard_of = [1, 2]   # kept

[other]
x = 1
"""


def test_comments_order_and_unknown_keys_survive(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    file.save(path, {"temp": 0.9, "threads": 4})
    assert path.read_text() == WRITTEN.replace("0.3", "0.9").replace("threads = 2", "threads = 4")


def test_a_new_file_is_private_and_says_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    file.save(path, {"n_ctx": 0, "stop": ("a", "b")})
    assert path.read_text().startswith("# Settings of localllm-tui")
    assert 'n_ctx = "model"' in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert file.read(path) == file.FileContent({"n_ctx": 0, "stop": ("a", "b")})


@given(st.data())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60
)
def test_what_is_saved_is_read(tmp_path: Path, data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(OPTIONS), unique_by=lambda spec: spec.name))
    values: dict[str, Scalar] = {spec.name: data.draw(values_of(spec)) for spec in chosen}
    path = tmp_path / "settings.toml"
    path.unlink(missing_ok=True)
    try:
        file.save(path, values)
    except SettingError as error:
        assert str(values) >= "\ud800" or "saved" in error.line()
        raise
    content = file.read(path)
    assert content.values == values
    assert content.problems == ()


@pytest.mark.parametrize("broken", [b"[generation\n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_broken_file_is_left_alone(tmp_path: Path, broken: bytes) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(broken)
    with pytest.raises(SettingError, match=r"were not saved .* Correct or remove the file"):
        file.save(path, {"temp": 0.1})
    assert path.read_bytes() == broken


def test_a_bad_value_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    with pytest.raises(SettingError, match="temp cannot be 9"):
        file.save(path, {"temp": 9.0})
    assert not path.exists()


def test_a_name_that_is_not_unicode_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)
    with pytest.raises(SettingError, match="not UTF-8 text"):
        file.save(path, {"model": "/models/\udcff.gguf"})
    assert path.read_text() == WRITTEN


def test_a_section_that_is_no_table_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("load = 3\n")
    with pytest.raises(SettingError, match="load must be a table"):
        file.save(path, {"threads": 1})
    assert path.read_text() == "load = 3\n"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "settings.toml"
    real.parent.mkdir()
    real.write_text(WRITTEN)
    path = tmp_path / "settings.toml"
    path.symlink_to(real)
    file.save(path, {"temp": 0.9})
    assert path.is_symlink()
    assert "temp = 0.9" in real.read_text()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(WRITTEN)

    def full_disk(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(SettingError, match="no space left on device"):
        file.save(path, {"temp": 0.9})
    assert path.read_text() == WRITTEN
    assert [entry.name for entry in tmp_path.glob("*settings*")] == ["settings.toml"]


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(SettingError, match="were not saved"):
        file.save(tmp_path / "taken" / "settings.toml", {"temp": 0.9})
