"""Reads a PDF; the side of the child process.

The first line on stdin is the file in base64, and its answer `{"pages": 12}`; each further line is the number of a page
from 0, and its answer `{"text": …}`. What fails is answered with `{"error": …}`.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypdf import PdfReader

_MEMORY = 2 * 1024**3
"""Bytes of address space: a small file may unpack to any size."""


def main() -> None:
    """Answer until the questions end."""
    _limit_memory()
    logging.disable(logging.CRITICAL)
    reader: PdfReader | None = None
    for line in sys.stdin.buffer:
        try:
            if reader is None:
                reader = _opened(base64.b64decode(line))
                answer: dict[str, Any] = {"pages": len(reader.pages)}
            else:
                answer = {"text": reader.pages[int(line)].extract_text().replace("\0", "")}
        except MemoryError:
            answer = {"error": "it needs too much memory to be read"}
        except Exception as error:  # pypdf raises whatever a damaged file leads it to
            answer = {"error": _words(error)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _opened(data: bytes) -> PdfReader:
    from pypdf import PasswordType, PdfReader
    from pypdf.errors import DependencyError

    reader = PdfReader(io.BytesIO(data))
    if reader.is_encrypted:
        try:
            opened = reader.decrypt("") is not PasswordType.NOT_DECRYPTED
        except DependencyError:
            opened = False
        if not opened:
            raise ValueError("it is encrypted: qpdf --decrypt makes one that can be read")
    return reader


def _words(error: Exception) -> str:
    if isinstance(error, ValueError) and str(error).startswith("it is encrypted"):
        return str(error)
    return f"the PDF is damaged: {type(error).__name__}: {error}"[:200]


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
