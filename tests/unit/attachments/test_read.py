"""What is read as text, and what is refused with a line."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.services.attachments import AttachmentCancelledError, AttachmentError, from_bytes, read
from tui.services.attachments_text import NotTextError, decode

LIMIT = 1000
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def refusal(path: Path, limit: int = LIMIT) -> str:
    with pytest.raises(AttachmentError) as refused:
        read(path, path.name, limit)
    return refused.value.line()


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("日本\r\n\x1b[1mbold\x1b[0m\n".encode())
    attached = read(path, "~/a.txt", LIMIT)
    assert attached.attachment.name == "~/a.txt"
    assert attached.attachment.text == "日本\r\n\x1b[1mbold\x1b[0m\n"
    assert attached.size == path.stat().st_size and attached.note == ""


@given(TEXT)
def test_utf8_is_read_back_whatever_is_in_it(text: str) -> None:
    read_back, note = decode(text.encode())
    assert note == "ISO-2022-JP" or (read_back, note) == (text.removeprefix("\ufeff"), "")


@given(TEXT.filter(bool), st.sampled_from(["utf-16", "utf-32", "utf-8-sig"]))
def test_a_byte_order_mark_names_the_encoding(text: str, codec: str) -> None:
    assert decode(text.encode(codec))[0] == text


@given(st.binary(max_size=400))
def test_any_bytes_are_text_or_refused_with_a_reason(data: bytes) -> None:
    try:
        text, _ = decode(data)
    except NotTextError as error:
        assert str(error) and "\n" not in str(error)
    else:
        assert "\0" not in text


@pytest.mark.parametrize(
    ("text", "codec", "note"),
    [
        ("これは日本語の文書です。", "cp932", "Shift_JIS"),
        ("東京の天気\n晴れのち曇り。", "euc_jp", "EUC-JP"),
        ("これは日本語", "iso2022_jp", "ISO-2022-JP"),
        ("Größe: 12 €\nÜbung macht den Meister", "cp1252", "Windows-1252"),
        ("这是一个中文文件，用于测试。", "gb18030", "GB18030"),
        ("이것은 한국어 문서입니다.", "cp949", "EUC-KR"),
        ("これは日本語の文書です。\nx" * 6000, "euc_jp", "EUC-JP"),
        ("a" + "あ" * 40_000, "cp932", "Shift_JIS"),
    ],
)
def test_old_encodings_are_told_and_named(text: str, codec: str, note: str) -> None:
    assert decode(text.encode(codec)) == (text, note)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"\x7fELF\0\1", "x is not attached: it is binary (it has NUL bytes)"),
        (
            b"ab\xff\x01\x02",
            "x is not attached: it is binary (not UTF-8: byte 2 is 0xff, and it has control characters)",
        ),
        (b"\xff\xfea", "x is not attached: it begins as UTF-16 and is not, from byte 2 on"),
        (
            "Это русский текст".encode("cp1251"),
            "x is not attached: it is not UTF-8: byte 0 is 0xdd; neither is it Shift_JIS, EUC-JP, Windows-1252,"
            " GB18030, Big5, EUC-KR",
        ),
    ],
)
def test_what_is_no_text_is_refused_with_what_was_tried(data: bytes, line: str) -> None:
    with pytest.raises(AttachmentError) as refused:
        from_bytes(data, "x", LIMIT)
    assert refused.value.line() == line


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert refusal(tmp_path / "socket") == "socket is not attached: it is a socket"
    assert refusal(tmp_path / "pipe") == "pipe is not attached: it is a pipe"
    assert refusal(tmp_path / "link") == "link is not attached: it is a pipe"
    assert refusal(Path("/dev/zero")) == "zero is not attached: it is a device"
    assert refusal(tmp_path / "folder").startswith("folder is not attached: it is a directory")
    assert refusal(tmp_path / "loop") == "loop is not attached: too many levels of symbolic links"
    assert refusal(tmp_path / "nowhere") == "nowhere is not attached: there is no such file"
    assert refusal(tmp_path / "a\nb") == "a b is not attached: there is no such file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0)
    assert refusal(path) == "secret is not attached: reading it is not allowed"


def test_the_limit_is_said_with_the_number_that_would_do(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_bytes(b"x" * 5000)
    line = (
        "long.txt is not attached: 4.88 KiB is more than the 2.00 KiB that a text may have. --attach-limit 5 allows it"
    )
    assert refusal(path, 2048) == line
    assert read(path, "long.txt", 5 * 1024).size == 5000


def test_files_without_a_size_are_read(tmp_path: Path) -> None:
    assert read(Path("/proc/self/status"), "status", 1 << 20).attachment.text.startswith("Name:")


def test_reading_stops_when_it_is_wanted_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")
    with pytest.raises(AttachmentCancelledError):
        read(path, "a.txt", LIMIT, lambda: True)
