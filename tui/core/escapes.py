r"""Escape sequences in a prompt, by llama.cpp's rules (`string_process_escapes` in `common/common.cpp`)."""

from __future__ import annotations

import re

from tui.core.text import well_formed

_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"'": b"'", b'"': b'"', b"\\": b"\\"}
_ESCAPE = re.compile(rb"\\(?:([nrt'\"\\])|x([0-9A-Fa-f]{2}))")


def process_escapes(text: str) -> str:
    r"""`text` with `\n \r \t \' \" \\` and `\xHH` replaced by what they stand for.

    `\xHH` is a byte of UTF-8, so that `\xe3\x81\x82` is one character. Any other backslash stays as it is, and
    bytes that are not UTF-8 become U+FFFD.
    """
    raw = _ESCAPE.sub(_replacement, well_formed(text).encode())
    return raw.decode("utf-8", "replace")


def _replacement(found: re.Match[bytes]) -> bytes:
    simple, number = found.groups()
    return _SIMPLE[simple] if simple is not None else bytes([int(number, 16)])
