"""The Hub token: where it comes from, and how it is kept. The token itself is never shown or logged.

The places are huggingface_hub's own (its environment variables page): the environment, then the file that
`hf auth login` writes.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tui.core.errors import HubError
from tui.core.text import one_line, printable

TRUE = frozenset({"1", "ON", "YES", "TRUE"})
"""Values of huggingface_hub's switches."""
VARIABLES = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_FORM = re.compile(r"[\x21-\x7e]{4,4096}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token and its origin.

    Attributes:
        text: the secret; left out of any representation.
        origin: where it was found, to show: `HF_TOKEN` or the path of a file.
    """

    text: str = field(repr=False)
    origin: str


def token_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Where `hf auth login` keeps its token."""
    own = environ.get("HF_TOKEN_PATH")
    if own:
        return Path(os.path.expandvars(own)).expanduser()
    home = environ.get("HF_HOME")
    if home:
        return Path(os.path.expandvars(home)).expanduser() / "token"
    cache = environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache").expanduser() / "huggingface" / "token"


def current(environ: Mapping[str, str] = os.environ) -> Token | None:
    """The token that is used now; None without one. An unreadable file counts as none.

    HF_HUB_DISABLE_IMPLICIT_TOKEN means: none from anywhere.
    """
    if environ.get("HF_HUB_DISABLE_IMPLICIT_TOKEN", "").upper() in TRUE:
        return None
    for name in VARIABLES:
        text = _clean(environ.get(name, ""))
        if text:
            return Token(text, name)
    path = token_file(environ)
    try:
        text = _clean(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None
    return Token(text, printable(str(path))) if text else None


def check_form(text: str) -> str:
    """`text` without the white space around it, if it can be a token at all.

    Raises:
        HubError: it cannot; the message does not repeat it.
    """
    cleaned = _clean(text)
    if not _FORM.fullmatch(cleaned):
        raise HubError(
            "this is not a token",
            why="a token is one word such as hf_… without spaces",
            hint="copy it from huggingface.co/settings/tokens",
            kind="token",
        )
    return cleaned


def save_token(text: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Keep a token where other Hugging Face programs look for it, readable by the owner only.

    Returns:
        The file.

    Raises:
        HubError: the text cannot be a token, or the file cannot be written.
    """
    cleaned = check_form(text)
    path = token_file(environ)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path, cleaned)
    except OSError as error:
        raise HubError(
            f"cannot keep the token in {printable(str(path))}",
            why=one_line(error.strerror or type(error).__name__),
            hint="set HF_TOKEN in the environment instead",
            kind="token",
        ) from None
    return path


def _write(path: Path, text: str) -> None:
    """Replace the file whole; a temporary file of `mkstemp` has mode 0600 from its first byte on."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".token-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _clean(text: str) -> str:
    return text.replace("\r", "").replace("\n", "").strip()
