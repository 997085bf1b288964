"""The growing file and its checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tui.catalogue.hub.part import Part, held_bytes, part_name, same_content
from tui.catalogue.hub.values import RemoteFile
from tui.core.errors import CancelledError, HubError

CONTENT = bytes(range(256)) * 12_000
FILE = RemoteFile("m.gguf", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest())


def go_on() -> None:
    """Never stops."""


def test_an_earlier_part_is_read_for_the_checksum_and_tells_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / part_name(FILE)
    path.write_bytes(CONTENT[:2_000_000])
    read: list[int] = []
    with Part(path, FILE) as part:
        part.take_up(go_on, read.append)
        assert part.length == 2_000_000
        part.write(CONTENT[2_000_000:])
        assert part.complete
        part.verify()
    assert read == [1 << 20, 2_000_000]
    assert path.read_bytes() == CONTENT


def test_reading_an_earlier_part_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / part_name(FILE)
    path.write_bytes(CONTENT)

    def stop() -> None:
        raise CancelledError("stopped")

    with Part(path, FILE) as part, pytest.raises(CancelledError):
        part.take_up(stop, lambda read: None)
    assert path.stat().st_size == len(CONTENT)


def test_a_part_that_is_too_long_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / part_name(FILE)
    path.write_bytes(CONTENT + b"x")
    assert held_bytes(path, FILE) == 0
    with Part(path, FILE) as part:
        part.take_up(go_on, lambda read: None)
        assert part.length == 0 == path.stat().st_size


def test_a_wrong_byte_deletes_the_part(tmp_path: Path) -> None:
    path = tmp_path / part_name(FILE)
    with Part(path, FILE) as part:
        part.write(b"\xff" + CONTENT[1:])
        with pytest.raises(HubError) as caught:
            part.verify()
    assert caught.value.kind == "checksum"
    assert not path.exists()


def test_a_directory_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / part_name(FILE)).mkdir()
    with pytest.raises(HubError):
        Part(tmp_path / part_name(FILE), FILE)


def test_content_is_compared_by_size_first(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    read: list[int] = []
    for content, same in ((CONTENT, True), (CONTENT[:-1], False), (CONTENT[:-1] + b"x", False)):
        path.write_bytes(content)
        assert same_content(path, FILE, go_on, read.append) is same
    assert max(read) == len(CONTENT)
    assert len(read) == 6


def test_an_empty_file_needs_no_bytes(tmp_path: Path) -> None:
    empty = RemoteFile("e.gguf", 0, hashlib.sha256().hexdigest(), hashlib.sha256().hexdigest())
    with Part(tmp_path / part_name(empty), empty) as part:
        part.take_up(go_on, lambda read: None)
        assert part.complete
        part.verify()


def test_a_part_that_nothing_came_for_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / part_name(FILE)
    with Part(path, FILE):
        assert path.exists()
    assert not path.exists()
    path.write_bytes(CONTENT[:3])
    with Part(path, FILE):
        pass  # such as when it is stopped before what is here was read
    assert path.read_bytes() == CONTENT[:3]
