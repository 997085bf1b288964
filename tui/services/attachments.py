"""Texts that go with a prompt: read from a file, with everything refused that is no text or not a file at all."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.core.errors import LocalLLMError
from tui.core.text import one_line, well_formed
from tui.core.units import format_bytes, format_count
from tui.services.attachments_limits import MOST_PDF
from tui.services.attachments_text import NotTextError, decode
from tui.store.records import Attachment

if TYPE_CHECKING:
    from tui.services.attachments_pdf import Pages

KIB = 1024
_PDF_MARK = b"%PDF-"
_BLOCK = 1 << 20
_LIMIT_OPTION = "--attach-limit"

Cancelled = Callable[[], bool]
"""Whether the person wants it no more; asked often."""


def _never() -> bool:
    return False


class AttachmentError(LocalLLMError):
    """Something cannot be attached."""


class AttachmentCancelledError(AttachmentError):
    """The person stopped it."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A text that is ready to go with a prompt, and what a person wants to know of it.

    Attributes:
        attachment: its name and text.
        size: bytes of the file it was read from.
        note: what is special about it in a few words, such as `12 pages` or `Shift_JIS`; mostly empty.
        path: where the file is, from the root on; empty for what came from no file.
        modified: when the file was changed last, in nanoseconds since 1970; 0 when not known.
        since: what became of the file since then in a few words; mostly empty.
    """

    attachment: Attachment
    size: int
    note: str = ""
    path: str = ""
    modified: int = 0
    since: str = ""


def read(
    path: Path,
    name: str,
    limit: int,
    cancelled: Cancelled = _never,
    on_page: Callable[[int, int], None] | None = None,
) -> Attached:
    """Read a file. Never waits for a pipe or a device; may wait for the disk, so to be called in a thread.

    Args:
        path: the file.
        name: how the person calls it.
        limit: bytes of the largest text.
        cancelled: asked between blocks and pages.
        on_page: told the page of a PDF that was read last, and how many there are.

    Raises:
        AttachmentCancelledError: `cancelled` said so.
        AttachmentError: it is no text, too large, or cannot be read.
    """
    try:
        with _opened(path, name) as file:
            status = os.fstat(file)
            data = _read_all(file, name, limit, cancelled)
    except OSError as error:
        raise _refusal(name, _reason(error)) from None
    found = from_bytes(data, name, limit, cancelled, on_page, size=max(status.st_size, len(data)))
    return replace(found, path=os.path.abspath(path), modified=status.st_mtime_ns)


def from_bytes(
    data: bytes,
    name: str,
    limit: int,
    cancelled: Cancelled = _never,
    on_page: Callable[[int, int], None] | None = None,
    *,
    size: int = 0,
) -> Attached:
    """The text in what was read already, such as standard input; see `read`."""
    size = size or len(data)
    if data.startswith(_PDF_MARK):
        pages = _pdf(data, name, limit, cancelled, on_page)
        note = f"{format_count(pages.count)} page{'s' * (pages.count != 1)} of PDF"
        if pages.empty:
            note += f", {format_count(pages.empty)} without text"
        return Attached(Attachment(well_formed(name), well_formed(pages.text)), size, note)
    if size > limit:
        raise _too_large(name, size, limit)
    try:
        text, encoding = decode(data)
    except NotTextError as error:
        raise _refusal(name, str(error)) from None
    return Attached(Attachment(well_formed(name), well_formed(text)), size, encoding)


def _pdf(data: bytes, name: str, limit: int, cancelled: Cancelled, on_page: Callable[[int, int], None] | None) -> Pages:
    # Imported here: it is needed for PDFs alone.
    from tui.services.attachments_pdf import PdfCancelledError, PdfError, pages_of

    try:
        return pages_of(data, limit, cancelled, on_page)
    except PdfCancelledError:
        raise AttachmentCancelledError(f"{one_line(name)} was left out") from None
    except PdfError as error:
        raise _refusal(name, str(error)) from None


@contextlib.contextmanager
def _opened(path: Path, name: str) -> Iterator[int]:
    """The file's descriptor. What it is is asked before and after: a pipe that took its name must not be waited for."""
    _check(path.stat().st_mode, name)
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        _check(os.fstat(file).st_mode, name)
        yield file
    finally:
        os.close(file)


def _check(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise _refusal(name, "it is a directory", f"{one_line(name).rstrip('/')}/ takes the files in it")
    if kind := kind_of(mode):
        raise _refusal(name, f"it is {kind}")


def kind_of(mode: int) -> str:
    """What something is that is neither a file nor a folder; empty for those.

    Args:
        mode: as `os.stat` gives it.
    """
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return ""
    kinds = (
        (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"), (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
    )  # fmt: skip
    return next((words for test, words in kinds if test(mode)), "no file")


def _read_all(file: int, name: str, limit: int, cancelled: Cancelled) -> bytes:
    """All of it, or as much as tells that it is too much; files of /proc do not say how long they are."""
    parts: list[bytes] = []
    count, most = 0, limit
    while count <= most:
        if cancelled():
            raise AttachmentCancelledError(f"{one_line(name)} was left out")
        if not (part := os.read(file, min(_BLOCK, most + 1 - count))):
            return b"".join(parts)
        if not parts and part.startswith(_PDF_MARK):
            most = max(limit, MOST_PDF)
        parts.append(part)
        count += len(part)
    if most > limit:
        raise _refusal(name, f"the PDF has more than {format_bytes(most)}")
    raise _too_large(name, max(os.fstat(file).st_size, count), limit)


def _refusal(name: str, why: str, hint: str = "") -> AttachmentError:
    return AttachmentError(f"{one_line(name)} is not attached", why=why, hint=hint)


def _too_large(name: str, size: int, limit: int) -> AttachmentError:
    why = f"{format_bytes(size)} is more than the {format_bytes(limit)} that a text may have"
    return _refusal(name, why, f"{_LIMIT_OPTION} {-(-size // KIB)} allows it")


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "reading it is not allowed"
    return (error.strerror or type(error).__name__).lower()
