"""Archives in which other programs export: ChatGPT's, and the one of llama-server's web page."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from tui.core.units import format_bytes
from tui.store.formats.reading import MAX_FILE, FormatError

_CHATGPT = re.compile(r"(?:.*/)?conversations[^/]*\.json")
_SESSIONS = re.compile(r".*\.jsonl")


def is_zip(path: Path) -> bool:
    """Whether a file is an archive; False where it cannot be read."""
    try:
        return zipfile.is_zipfile(path)
    except (OSError, ValueError):
        return False


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """The names and texts of the archive's members that hold conversations.

    Raises:
        FormatError: it is damaged, holds none, or too much.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            wanted = [n for n in names if _CHATGPT.fullmatch(n)] or [n for n in names if _SESSIONS.fullmatch(n)]
            if not wanted:
                raise FormatError(f"there is no conversation in {path}", why="no conversations.json and no .jsonl file")
            left = MAX_FILE
            for name in wanted:
                # What the archive says of a member's size need not be true.
                with archive.open(name) as member:
                    data = member.read(left + 1)
                left -= len(data)
                if left < 0:
                    raise FormatError(f"{path} is too large", why=f"more than {format_bytes(MAX_FILE)} unpacked")
                yield name, data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError(f"{path} holds what is no text", why="it is not UTF-8") from None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise FormatError(f"{path} cannot be unpacked", why=str(error)) from None
