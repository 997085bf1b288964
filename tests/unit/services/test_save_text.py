"""Saving a text where the person says: never over something unasked, never through a link, all or nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tui.core.errors import LocalLLMError
from tui.services.save_text import FileTakenError, save_text, suggested_name, target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_names_come_from_known_languages_alone(folder: Path) -> None:
    assert suggested_name("Python", folder) == "code-1.py"
    (folder / "code-1.py").write_text("")
    (folder / "code-2.py").symlink_to("nowhere")
    assert suggested_name("py", folder) == "code-3.py"
    for hostile in ("../../.bashrc", "a/b", "", "x\x1b[31m", "py\n", "." * 500):
        assert suggested_name(hostile, folder) in ("code-1.txt", "code-3.py")


def test_where_a_name_leads(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "sub").mkdir()
    assert target("a.py", folder) == folder / "a.py"
    assert target(" sub/../sub/a b.py ", folder) == folder / "sub" / "a b.py"
    assert target(str(folder / "sub" / "x"), Path("/")) == folder / "sub" / "x"
    monkeypatch.setenv("HOME", str(folder))
    assert target("~/a.py", Path("/")) == folder / "a.py"
    (folder / "link").symlink_to("sub")
    assert target("link/a.py", folder) == folder / "sub" / "a.py"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "no name yet"), ("  ", "no name yet"), ("sub", "is a folder"), ("sub/", "is a folder"),
        ("new/", "is a folder"), (".", "is a folder"), ("gone/a.py", "There is no folder"),
        ("file/a.py", "is not a folder"), ("a\nb", "control characters"), ("a\0b", "control characters"),
        ("~nobody-here/a", "cannot be used"), ("x" * 300 + "/a", "cannot be used"),
    ],
)  # fmt: skip
def test_names_that_lead_nowhere(folder: Path, name: str, words: str) -> None:
    (folder / "sub").mkdir()
    (folder / "file").write_text("")
    with pytest.raises(LocalLLMError, match=words):
        target(name, folder)


def test_a_text_is_saved_with_a_line_break_at_its_end(folder: Path) -> None:
    path = folder / "a.py"
    before = os.umask(0o027)
    try:
        save_text("x = 1", path)
    finally:
        os.umask(before)
    assert path.read_bytes() == b"x = 1\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    save_text("東京 \ud83d\r\n", folder / "b.txt")
    assert (folder / "b.txt").read_bytes() == "東京 \N{REPLACEMENT CHARACTER}\r\n".encode()
    assert names(folder) == ["a.py", "b.txt"]


def test_nothing_is_replaced_unasked(folder: Path) -> None:
    path = folder / "a.sh"
    path.write_text("old")
    path.chmod(0o755)
    with pytest.raises(FileTakenError, match="is there already"):
        save_text("new", path)
    assert path.read_text() == "old"
    save_text("new", path, overwrite=True)
    assert path.read_text() == "new\n" and stat.S_IMODE(path.stat().st_mode) == 0o755
    assert names(folder) == ["a.sh"]


@pytest.mark.parametrize("overwrite", [False, True])
def test_no_link_is_followed(folder: Path, overwrite: bool) -> None:
    (folder / "precious").write_text("old")
    for link, to in (("to-file", "precious"), ("to-nothing", "gone")):
        (folder / link).symlink_to(to)
        with pytest.raises(LocalLLMError, match=f"is a link: to {to}"):
            save_text("new", folder / link, overwrite=overwrite)
    os.mkfifo(folder / "pipe")
    with pytest.raises(LocalLLMError, match="is not a file"):
        save_text("new", folder / "pipe", overwrite=overwrite)
    assert (folder / "precious").read_text() == "old"
    assert names(folder) == ["pipe", "precious", "to-file", "to-nothing"]


def test_a_name_that_is_too_long_is_one_line_and_leaves_nothing(folder: Path) -> None:
    with pytest.raises(LocalLLMError, match="cannot be written: File name too long"):
        save_text("x", folder / ("x" * 300))
    assert names(folder) == []
