"""Standard output and error where the locale has no UTF-8: what it cannot write becomes something one can read."""

from __future__ import annotations

import codecs
import os
import sys
import unicodedata

_HANDLER = "localllm.legible"

_LIKE = {
    **dict.fromkeys("─━┄┅┈┉╌╍═╴╶╸╺╼╾–—‐‑−", "-"),
    **dict.fromkeys("│┃┆┇┊┋╎╏║╵╷╹╻╽╿▏▕▎▍▌▐", "|"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("‘’‚", "'"),
    **dict.fromkeys("❯▸›", ">"),
    **dict.fromkeys("◂‹", "<"),
    **dict.fromkeys("●•★", "*"),
    **dict.fromkeys("✗×", "x"),
    **dict.fromkeys("…≈", "~"),
    **dict.fromkeys("▁▂▔", "_"),
    "▾": "v", "▴": "^", "·": ".", "◦": "-", "▪": "+", "↵": "/", "↑": "^", "↓": "v", "→": ">", "←": "<",
}  # fmt: skip
"""Characters of pictures and of typography, each with one of ASCII that fills as many cells."""


def fill_closed() -> None:
    """Let nothing take the place of a standard stream that is closed.

    The next file that is opened would have its number, and what llama.cpp says on standard error would be written into
    that; and Python prints to standard output what it is told to print to a standard error that it has not.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # for as long as the program runs


def make_legible() -> None:
    """Let both streams write what their encoding has not in other characters, where they are not UTF-8 anyway.

    Otherwise a help text ends in an error, and a border stands as `\\u2500` on the screen.
    """
    codecs.register_error(_HANDLER, _legible)
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").replace("_", "")
        reconfigure = getattr(stream, "reconfigure", None)  # no stream at all, or a test's own kind, has none
        if encoding != "utf8" and reconfigure is not None:
            reconfigure(errors=_HANDLER)


def _legible(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":  # a byte of a file name that the locale does not know goes out as it came
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return _like(character), error.start + 1


def _like(character: str) -> str:
    """As many cells of ASCII."""
    if like := _LIKE.get(character):
        return like
    if "\u2500" <= character <= "\u257f":
        return "+"
    if "\u2580" <= character <= "\u259f":
        return "#"
    if unicodedata.combining(character):
        return ""
    plain = unicodedata.normalize("NFKD", character)[0]
    if plain.isascii() and plain.isprintable():
        return plain
    return "??" if unicodedata.east_asian_width(character) in "WF" else "?"
