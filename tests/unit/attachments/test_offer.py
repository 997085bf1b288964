"""What a few letters offer, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.services.attachments_offer import offers
from tui.services.attachments_rank import offsets, rank
from tui.services.attachments_walk import walk

PATHS = ["README.md", "src/", "src/prompt.py", "src/prompt_history.py", "tests/test_prompt.py", "docs/pro/mpt.md"]
SOME = st.lists(st.text("abcAB/._é ", min_size=1, max_size=12), max_size=8)


def test_the_name_comes_before_the_path_and_letters_apart_come_last() -> None:
    assert rank("prompt", PATHS, 9) == [
        "src/prompt.py", "tests/test_prompt.py", "src/prompt_history.py", "docs/pro/mpt.md",
    ]  # fmt: skip
    assert rank("READ", PATHS, 9) == ["README.md"]
    assert rank("sph", PATHS, 9) == ["src/prompt_history.py"]
    assert rank("", PATHS, 2) == ["README.md", "src/"]
    assert rank("zz", PATHS, 9) == []


@given(st.text("abcAB/. ", max_size=4), SOME)
def test_what_is_offered_has_the_letters_in_order(query: str, paths: list[str]) -> None:
    for path in rank(query, paths, 50):
        found = offsets(query, path)
        assert "".join(path[at] for at in found).lower() == query.lower() and sorted(found) == list(found)


@given(st.text("abAB./", min_size=1, max_size=3), SOME)
def test_everything_that_has_the_letters_is_offered(query: str, paths: list[str]) -> None:
    def has(path: str) -> bool:
        letters = iter(path.lower())
        return all(letter in letters for letter in query.lower())

    assert sorted(rank(query, paths, 99)) == sorted(filter(has, paths))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a few files."""
    for name in ("main.py", "my docs/a.txt", "src/main.py", "src/.hidden", ".env"):
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_text("x")
    return tmp_path / "f"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("main", [("main.py", "file"), ("src/main.py", "file")]),
        ("src/", [("src/", "all"), ("src/main.py", "file")]),
        ("src/ma", [("src/main.py", "file")]),
        ("src/.", [("src/.hidden", "file")]),
        ("./", [("./", "all"), ("./main.py", "file"), ("./my docs/", "folder"), ("./src/", "folder")]),
        (".e", [(".env", "file")]),
        ("..", [("../", "folder")]),
        ("src/..", [("src/../", "folder")]),
        ("~", [("~/", "folder")]),
        ("src/*.py", [("src/*.py", "all")]),
        ("nowhere/", []),
        ("a\0", []),
    ],
)
def test_paths_lead_on(folder: Path, query: str, expected: list[tuple[str, str]]) -> None:
    found = offers(query, folder, list(walk(folder)))
    assert [(offer.text, offer.kind) for offer in found.offers] == expected
    assert not found.problem


def test_a_pattern_says_how_many_or_why_none(folder: Path) -> None:
    assert offers("**/*.py", folder, ()).offers[0].note == "2 files"
    assert "gives no files" in offers("*.zig", folder, ()).problem
