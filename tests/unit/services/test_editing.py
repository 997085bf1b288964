"""The prompt in another program's hands: private, given back exactly, and found again when it did not come back."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.core.errors import LocalLLMError
from tui.services.editing import EditedFile, editing_dir, left_behind
from tui.services.programs import editor_command, pager_command


@pytest.mark.parametrize(
    "text", ["", "hello", "two\nlines", "ends with one\n", "\n\n", "東京\t\x1b[31m", "half \ud83d"]
)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    edited = EditedFile.begin(text)
    assert edited.text() == text.replace("\ud83d", "\N{REPLACEMENT CHARACTER}")
    edited.remove()
    assert not list(editing_dir().iterdir())


def test_only_the_owner_can_read_it() -> None:
    edited = EditedFile.begin("secret")
    assert edited.path.suffix == ".md"
    assert stat.S_IMODE(edited.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(edited.path.parent.stat().st_mode) == 0o700
    edited.remove()


def test_what_an_editor_wrote_loses_the_last_line_break_alone() -> None:
    edited = EditedFile.begin("x")
    edited.path.write_bytes("\ufeffa\r\nb\r\n\r\n".encode())
    assert edited.text() == "a\nb\n"
    edited.path.write_bytes(b"caf\xe9\n")
    with pytest.raises(LocalLLMError, match="not UTF-8"):
        edited.text()
    edited.add("f\xe9e")
    edited.add("f\xe9e")
    assert edited.path.read_bytes() == b"caf\xe9\n\nf\xc3\xa9e\n"
    edited.path.unlink()
    with pytest.raises(FileNotFoundError):
        edited.add("x")
    with pytest.raises(LocalLLMError, match="cannot be read back"):
        edited.text()
    edited.remove()


def test_what_did_not_come_back_is_found_by_the_next_one_alone() -> None:
    assert left_behind() is None
    edited = EditedFile.begin("the first words")
    assert left_behind() is None, "it is in hand"
    edited.close()
    found = left_behind()
    assert found is not None and found.text() == "the first words"
    assert left_behind() is None, "now the other one has it"
    found.write("the second words")
    found.close()
    again = left_behind()
    assert again is not None and again.text() == "the second words"
    again.remove()
    assert left_behind() is None


def test_nothing_worth_keeping_is_not_kept() -> None:
    EditedFile.begin(" \n").close()
    (editing_dir() / "a file").write_text("of nobody")
    (editing_dir() / "a link").symlink_to(Path.home())
    assert left_behind() is None
    assert sorted(path.name for path in editing_dir().iterdir()) == ["a file", "a link"]
    assert Path.home().is_dir()


def test_a_state_folder_that_cannot_be_written_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(LocalLLMError, match="cannot be given to an editor"):
        EditedFile.begin("x")
    assert left_behind() is None


def program(folder: Path, name: str) -> Path:
    path = folder / name
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_editor_is_visual_then_editor_then_a_usual_one(tmp_path: Path) -> None:
    here = {"PATH": str(tmp_path)}
    with pytest.raises(LocalLLMError, match=r"no editor here.*Set EDITOR"):
        editor_command(here)
    program(tmp_path, "vi")
    assert editor_command(here) == ["vi"]
    mine = program(tmp_path, "my edit")
    assert editor_command({**here, "EDITOR": f"'{mine}' --wait -c 'set tw=0'"}) == [
        str(mine),
        "--wait",
        "-c",
        "set tw=0",
    ]
    assert editor_command({**here, "EDITOR": "gone", "VISUAL": "vi -e"}) == ["vi", "-e"]
    with pytest.raises(LocalLLMError, match="gone is not here: EDITOR names it"):
        editor_command({**here, "EDITOR": "gone -x"})
    with pytest.raises(LocalLLMError, match="EDITOR cannot be read"):
        editor_command({**here, "EDITOR": "vi 'x"})


def test_the_pager(tmp_path: Path) -> None:
    here = {"PATH": str(tmp_path)}
    with pytest.raises(LocalLLMError, match="no pager here"):
        pager_command(here)
    program(tmp_path, "more")
    assert pager_command(here) == ["more"]
    program(tmp_path, "less")
    assert pager_command(here) == ["less"]
    assert pager_command({**here, "PAGER": "more -d"}) == ["more", "-d"]
    assert os.environ.get("PATH") != str(tmp_path)
