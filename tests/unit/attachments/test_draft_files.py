"""Attached texts that come back: unchanged, changed, gone, and of no file at all."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from tui.services.attachments import Attached, from_bytes, read
from tui.services.draft_files import CHANGED, GONE, brought_back, kept, line_of

LIMIT = 4096


def attached(folder: Path, name: str, text: str) -> Attached:
    """A file that is read."""
    (folder / name).write_text(text)
    return read(folder / name, name, LIMIT)


def test_what_did_not_change_is_as_it_was(tmp_path: Path) -> None:
    items = (attached(tmp_path, "a.txt", "one\n"), from_bytes(b"piped", "stdin", LIMIT))
    assert items[0].path == str(tmp_path / "a.txt") and items[0].modified and not items[1].path
    assert brought_back(kept(items), LIMIT) == items and line_of(items) == ""


def test_a_file_that_is_saved_again_with_the_same_text_did_not_change(tmp_path: Path) -> None:
    item = attached(tmp_path, "a.txt", "one\n")
    os.utime(tmp_path / "a.txt", ns=(5, 5))
    (back,) = brought_back(kept([item]), LIMIT)
    assert back == replace(item, modified=5)


def test_what_changed_or_is_gone_says_so_and_keeps_its_text(tmp_path: Path) -> None:
    items = [attached(tmp_path, f"{name}.txt", "one\n") for name in ("a", "b\x1b", "c", "d", "e")]
    (tmp_path / "a.txt").write_text("two\n")
    (tmp_path / "b\x1b.txt").write_bytes(b"\0\1\2")
    for name in ("c", "d", "e"):
        (tmp_path / f"{name}.txt").unlink()
    back = brought_back(kept(items), LIMIT)
    assert [item.since for item in back] == [CHANGED, CHANGED, GONE, GONE, GONE]
    assert [item.attachment for item in back] == [item.attachment for item in items]
    assert line_of(back) == (
        "a.txt, b^[.txt changed since; c.txt, d.txt and 1 more are gone: attached is the text as it was read then"
    )
    assert line_of(back[2:3]) == "c.txt is gone: attached is the text as it was read then"
    assert [item.since for item in brought_back(kept(back), LIMIT)] == [item.since for item in back]
