"""Bytes to text: UTF-8, what a byte order mark names, and other encodings where they can be told."""

from __future__ import annotations

import codecs
import contextlib
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
"""A file's first bytes, its codec, and how the encoding is called on the screen; UTF-8 needs no word."""

_GUESSES = (("cp932", "euc_jp", "cp1252"), ("gb18030", "big5", "cp949"))
"""Encodings that are told from a text without being named by it, the likelier ones first. With more of them to choose
from, short texts are taken for another encoding."""

_NAMES = {
    "cp932": "Shift_JIS", "euc_jp": "EUC-JP", "cp1252": "Windows-1252", "gb18030": "GB18030", "big5": "Big5",
    "cp949": "EUC-KR", "iso2022_jp": "ISO-2022-JP",
}  # fmt: skip
_MAIL = re.compile(rb"\x1b\$[@B]")
_KANA = re.compile("[\u3041-\u30ff]")
_SAMPLE = 64 * 1024
"""Bytes that the encoding is told from."""

_ODD = frozenset(range(0x20)) - {0x08, 0x09, 0x0A, 0x0C, 0x0D, 0x1A, 0x1B}
"""Control characters that text files do not have; backspaces and escapes are in logs, 0x1A ends old files."""


class NotTextError(Exception):
    """The bytes are no text, or not in an encoding that can be told; says so in words for the person."""


def decode(data: bytes) -> tuple[str, str]:
    """The text, and its encoding's name where it is not UTF-8.

    Raises:
        NotTextError: it is no text.
    """
    for mark, codec, words in _MARKS:
        if data.startswith(mark):
            return _decoded(data, codec, words), words
    if b"\0" in data:
        raise NotTextError("it is binary (it has NUL bytes)")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _told(data, error.start)
    if _MAIL.search(data):  # seven bits, and so UTF-8 as well
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode("iso2022_jp"), _NAMES["iso2022_jp"]
    return text, ""


def _decoded(data: bytes, codec: str, words: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        raise NotTextError(f"it begins as {words or 'UTF-8'} and is not, from byte {error.start:,} on") from None
    if "\0" in text:
        raise NotTextError("it is binary (it has NUL characters)")
    return text


def _told(data: bytes, bad: int) -> tuple[str, str]:
    """Text of another time or place. The guess is shown, since it may be wrong."""
    why = f"it is not UTF-8: byte {bad:,} is {data[bad]:#04x}"
    if not _ODD.isdisjoint(data):
        raise NotTextError(f"it is binary ({why.removeprefix('it is ')}, and it has control characters)")
    # Imported here: it takes a moment, and most texts are UTF-8.
    from charset_normalizer import from_bytes

    sample = _sample(data)
    for codecs_ in _GUESSES:
        best = from_bytes(sample, cp_isolation=list(codecs_), threshold=0.15).best()
        if best is not None:
            with contextlib.suppress(UnicodeDecodeError):
                text = data.decode(best.encoding)
                # Korean is EUC-JP as well, but Japanese without a kana is rare.
                if best.encoding != "euc_jp" or _KANA.search(text):
                    return text, _NAMES[best.encoding]
    tried = ", ".join(_NAMES[codec] for codecs_ in _GUESSES for codec in codecs_)
    raise NotTextError(f"{why}; neither is it {tried}")


def _sample(data: bytes) -> bytes:
    """The beginning of a text, with no character cut in two."""
    if len(data) <= _SAMPLE:
        return data
    # A byte below 0x30 is never the second one of a character in any of these encodings.
    end = next((at for at in range(_SAMPLE, 0, -1) if data[at - 1] < 0x30), 0)
    return data[:end] or data
