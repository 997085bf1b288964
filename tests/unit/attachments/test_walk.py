"""Which files are found: those that Git would find, nearest first, and never in circles."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.services.attachments_ignore import rules_in
from tui.services.attachments_walk import walk

NAMES = st.sampled_from(["a", "b", "build", "x.py", "y.log", "keep.log", "z.txt"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
RULES = st.sampled_from(
    [
        "*.log", "!keep.log", "build/", "/a", "a/*", "!a/b", "**/x.py", "b/**/z.txt", "# words", "", "y.log ", "[ab]",
        "!", "\\#",
    ]
)  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder."""
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


def make(root: Path, *files: str, **texts: str) -> None:
    for file in (*files, *texts):
        path = root / file
        if not any(parent.is_file() for parent in path.parents) and not path.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(texts.get(file, ""))


def files(root: Path, **how: object) -> list[str]:
    return [path for path in walk(root, **how) if not path.endswith("/")]  # type: ignore[arg-type]


@pytest.mark.skipif(shutil.which("git") is None, reason="Git says what is right")
@given(st.lists(PATHS, max_size=12), st.lists(RULES, max_size=4), st.lists(RULES, max_size=3), NAMES)
@settings(max_examples=25, deadline=None)
def test_the_same_files_are_found_as_git_finds(paths: list[str], above: list[str], below: list[str], name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        make(root, *paths)
        (root / ".gitignore").write_text("\n".join(above))
        if (root / name).is_dir():
            (root / name / ".gitignore").write_text("\n".join(below))
        quiet = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        subprocess.run(["git", "init", "-q", folder], check=True, env=quiet)
        git = ["git", "-C", folder, "ls-files", "-z", "--others", "--exclude-standard"]
        listed = subprocess.run(git, check=True, env=quiet, capture_output=True, text=True).stdout.split("\0")
        assert sorted(files(root, hidden=True)) == sorted(filter(None, listed))


def test_the_nearest_come_first_and_hidden_ones_not_at_all(root: Path) -> None:
    make(root, "z", "a/b/c", "a/y", ".hidden", ".git/config", "a/.hidden")
    assert list(walk(root)) == ["a/", "z", "a/b/", "a/y", "a/b/c"]
    assert files(root, hidden=True) == [".hidden", "z", "a/.hidden", "a/y", "a/b/c"]
    assert list(walk(root, depth=1)) == ["a/", "z"]


def test_links_are_not_followed_into_folders_and_pipes_are_left_out(root: Path) -> None:
    make(root, "a/file")
    (root / "a" / "round").symlink_to(root)
    (root / "link").symlink_to(root / "a" / "file")
    (root / "broken").symlink_to(root / "nowhere")
    os.mkfifo(root / "pipe")
    assert list(walk(root)) == ["a/", "link", "a/file"]


def test_rules_of_the_folders_above_hold_up_to_the_repository(root: Path) -> None:
    make(root, "repo/sub/x.log", "repo/sub/x.txt", "repo/build/out.txt")
    (root / ".gitignore").write_text("*.txt\n")
    (root / "repo" / ".git" / "info").mkdir(parents=True)
    (root / "repo" / ".git" / "info" / "exclude").write_text("private\n")
    (root / "repo" / ".gitignore").write_text("*.log\nbuild/\n")
    make(root, "repo/sub/private")
    assert files(root / "repo" / "sub") == ["x.txt"]
    assert files(root / "repo") == ["sub/x.txt"]
    assert files(root / "repo" / "build") == ["out.txt"], "the person went there all the same"


def test_without_a_repository_the_folders_own_rules_hold(root: Path) -> None:
    make(root, "x.log", "x.txt", "a/x.log")
    (root / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\r\n\xff\n")
    assert files(root) == ["x.txt"]


def test_what_cannot_be_read_leaves_the_rest(root: Path) -> None:
    make(root, "a/x", "b/x")
    os.mkfifo(root / ".gitignore")
    (root / "a" / ".gitignore").mkdir()
    (root / "b" / ".gitignore").write_text("x\n" * 1_000_000)
    assert files(root) == ["a/x", "b/x"]
    assert rules_in(root).layers == ()
    assert files(root / "nowhere") == []


def test_it_stops_when_it_is_wanted_no_more(root: Path) -> None:
    make(root, "a/b/c")
    asked = iter([False, True])
    assert list(walk(root, lambda: next(asked))) == ["a/"]


@pytest.mark.parametrize("name", ["caf\udce9.txt", "a\nb", "-rf", "[x]"])
def test_names_of_any_kind_are_found(root: Path, name: str) -> None:
    (root / name).write_text("x")
    assert files(root) == [name]
