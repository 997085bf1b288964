"""Names that come from the Hub. A hostile one must never become a path."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from tui.core.errors import HubError
from tui.core.text import one_line, printable

MAX_SEGMENT = 255
"""Bytes of one name in a path, as file systems have it."""
MAX_PATH = 1024
"""Bytes of a path within a repository."""
# huggingface_hub's rule (`validate_repo_id`), with the owner always named as llama.cpp wants it.
_WORD = r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?"
_REPO_ID = re.compile(rf"{_WORD}/{_WORD}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def is_repo_id(text: str) -> bool:
    """Whether this is `owner/name` and nothing else."""
    return bool(_REPO_ID.fullmatch(text)) and ".." not in text and "--" not in text


def check_repo_id(text: str) -> str:
    """`text`, if it is a repository's name.

    Raises:
        HubError: it is not.
    """
    if not is_repo_id(text):
        raise HubError(
            f"{one_line(text)[:100] or 'nothing'} is not a repository's name",
            hint="it has the form owner/name, such as mmnga/gemma-2-2b-it-gguf",
            kind="refused",
        )
    return text


def is_address(text: str) -> bool:
    """Whether this can be the address of a Hub: http or https, and a host."""
    try:
        url = urlsplit(text)
        return (
            url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0 and not re.search(r"[^!-~]", text)
        )
    except ValueError:  # brackets or a port that cannot be
        return False


def is_commit(text: object) -> bool:
    """Whether this is the name of a commit: 40 hexadecimal digits."""
    return isinstance(text, str) and bool(_COMMIT.fullmatch(text))


def is_safe_path(text: object) -> bool:
    """Whether a file's path in a repository can be used as a relative path here, and be shown.

    No control characters and nothing that reorders text, no `..`, no absolute path (nor a drive), no backslash, no
    empty or overlong name.
    """
    if not isinstance(text, str) or not text or printable(text) != text or "\\" in text or ":" in text:
        return False
    names = text.split("/")
    if any(name in ("", ".", "..") or len(name.encode()) > MAX_SEGMENT for name in names):
        return False
    return len(text.encode()) <= MAX_PATH and str(PurePosixPath(text)) == text


def check_path(text: str) -> str:
    """`text`, if it is a file's path that can be trusted.

    Raises:
        HubError: it is not.
    """
    if not is_safe_path(text):
        raise HubError(
            f"the file name {one_line(text)[:100]!r} is not used here",
            why="it could lead out of its folder or act on the terminal",
            kind="refused",
        )
    return text
