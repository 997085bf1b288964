"""What a path, a folder or a pattern means."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.services import attachments_paths
from tui.services.attachments import AttachmentCancelledError, AttachmentError
from tui.services.attachments_paths import sources


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files of several kinds."""
    for name in (
        "a.py", "b.md", ".env", ".gitignore", "[odd].txt", "src/m.py", "src/n.py", "src/.x.py", "src/deep/m.py",
        "build/o.py", ".github/w.yml",
    ):  # fmt: skip
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_text("x")
    (tmp_path / "f" / ".gitignore").write_text("build/\n")
    return tmp_path / "f"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.py", ["a.py"]),
        ("  a.py ", ["a.py"]),
        (".env", [".env"]),
        ("build/o.py", ["build/o.py"]),
        ("nowhere", ["nowhere"]),
        ("*.py", ["a.py"]),
        ("src/*.py", ["src/m.py", "src/n.py"]),
        ("src/.*", ["src/.x.py"]),
        ("**/m.py", ["src/m.py", "src/deep/m.py"]),
        ("src/**", ["src/m.py", "src/n.py", "src/deep/m.py"]),
        ("**/**/m.py", ["src/m.py", "src/deep/m.py"]),
        ("s*/", ["src/m.py", "src/n.py", "src/deep/m.py"]),
        ("src/", ["src/m.py", "src/n.py", "src/deep/m.py"]),
        ("src", ["src/m.py", "src/n.py", "src/deep/m.py"]),
        ("build", ["build/o.py"]),
        ("[ab].*", ["a.py", "b.md"]),
        ("[!a].*", ["b.md"]),
        ("?.py", ["a.py"]),
        ("[odd].txt", ["[odd].txt"]),
        (".github/*", [".github/w.yml"]),
        ("../f/*.md", ["../f/b.md"]),
        ("src/[mn].p[x-z]", ["src/m.py", "src/n.py"]),
    ],
)
def test_what_is_meant(folder: Path, text: str, names: list[str]) -> None:
    found = sources(text, folder)
    assert [source.name for source in found] == names
    assert all(source.path == folder / source.name for source in found)


def test_the_home_folder_is_meant_by_a_tilde(isolated_home: Path, folder: Path) -> None:
    (isolated_home / "notes.md").write_text("x")
    assert sources("~/*.md", folder)[0].name == "~/notes.md"
    assert sources("~/notes.md", folder)[0].path == isolated_home / "notes.md"
    assert sources("~nobody-of-that-name/x", folder)[0].path == folder / "~nobody-of-that-name/x"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "There is nothing to attach. Name a file, a folder, or a pattern such as src/*.py"),
        ("a\0b", "There is nothing to attach. Name a file, a folder, or a pattern such as src/*.py"),
        (
            "build/*.x",
            "build/*.x gives no files: hidden ones, and what .gitignore leaves out, count only when they are named",
        ),
        ("[z-a]*", "[z-a]* is no pattern. What stands in brackets is a range"),
    ],
)
def test_what_means_nothing_is_said(folder: Path, text: str, line: str) -> None:
    with pytest.raises(AttachmentError) as refused:
        sources(text, folder)
    assert refused.value.line() == line


def test_too_many_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attachments_paths, "MOST_FILES", 2)
    with pytest.raises(AttachmentError, match="src gives more than 2 files"):
        sources("src", folder)
    with pytest.raises(AttachmentCancelledError):
        sources("src", folder, lambda: True)
