"""What a file that is not GGUF probably is, in words that say what to do."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from tui.core.errors import ModelFileError
from tui.core.text import printable

_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|\?xml|!--)", re.IGNORECASE)
_LFS = b"version https://git-lfs"
_OLD = (b"tjgg", b"fmgg", b"lmgg", b"algg")
_FORMATS = (
    (b"PK\x03\x04", "a zip archive or a PyTorch checkpoint"),
    (b"\x80\x02", "a PyTorch checkpoint"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"(\xb5/\xfd", "a zstd archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x7fELF", "a program"),
    (b"%PDF", "a PDF document"),
)


def what_else(path: Path, start: bytes) -> ModelFileError:
    """The error for a file that does not begin as GGUF does.

    Args:
        path: the file.
        start: its first bytes; some hundreds are enough.
    """
    shown = printable(str(path))
    if not start:
        return ModelFileError(f"{shown} is empty", hint="the download did not begin; get the file again")
    if _HTML.match(start):
        return ModelFileError(
            f"{shown} is a web page, not a model",
            why="a page was saved in place of the file",
            hint="download it from the link with /resolve/ in it, not from the one with /blob/",
        )
    if start.startswith(_LFS):
        return ModelFileError(
            f"{shown} is a Git LFS pointer, not the model itself",
            hint="run `git lfs pull` in its folder, or download the file",
        )
    if not any(start):
        return ModelFileError(f"{shown} is not a GGUF file", why="it begins with zeros", hint="get the file again")
    what = _format(start)
    return ModelFileError(f"{shown} is not a GGUF file", why=what and f"it looks like {what}", hint=_hint(what))


def _format(start: bytes) -> str:
    if start.startswith(_OLD):
        return "a model from before GGUF (GGML, 2023)"
    # safetensors: the length of a JSON header in 8 bytes, then the JSON.
    if start[8:9] == b"{" and int.from_bytes(start[:8], "little") < 1 << 32:
        return "a safetensors model"
    if start.startswith(b"FUGG"):
        return "a big-endian GGUF file"
    for magic, words in _FORMATS:
        if start.startswith(magic):
            return words
    if start.lstrip()[:1] in (b"{", b"["):
        return "a JSON text"
    return "a text" if _is_text(start) else ""


def _hint(what: str) -> str:
    if what == "a JSON text":
        return "if it is an error message of a download, get the file again"
    return "this program runs GGUF models; look for the model's name with GGUF added"


def _is_text(start: bytes) -> bool:
    try:
        # Incremental: the last character may be cut.
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return all(character >= " " or character in "\t\n\r\f" for character in text)
