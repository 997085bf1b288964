"""The text of a PDF, read in a process of its own: a hostile or huge file costs neither the screen nor the program.

Pure Python reads it, for seconds or minutes; in a thread it would take the processor from the screen, and could not be
stopped within a page.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tui.core.units import format_bytes, format_count
from tui.engine.child import Child, ChildCancelled, ChildDied, ChildError

_PAGE_SECONDS = 60.0
"""Most seconds to wait for one page."""


class PdfError(Exception):
    """The PDF has no text to give; says why in words for the person."""


class PdfCancelledError(PdfError):
    """The person stopped it."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What was read.

    Attributes:
        text: of all pages, with an empty line between two of them.
        count: how many pages there are.
        empty: how many of them have no text, such as pictures of pages.
    """

    text: str
    count: int
    empty: int


def pages_of(
    data: bytes, limit: int, cancelled: Callable[[], bool], on_page: Callable[[int, int], None] | None = None
) -> Pages:
    """Read the text of all pages.

    Args:
        data: the PDF file.
        limit: most bytes of text, as UTF-8.
        cancelled: asked twenty times a second.
        on_page: told the page that was read last, from 1, and how many there are.

    Raises:
        PdfCancelledError: `cancelled` said so.
        PdfError: it is damaged, needs a password, has no text, or more than `limit`.
    """
    try:
        child = Child("tui.services.attachments_pdf_child")
    except ChildError as error:
        raise PdfError(f"PDFs cannot be read here: {error}") from None
    try:
        count = int(_ask(child, base64.b64encode(data), cancelled)["pages"])
        texts: list[str] = []
        size = 0
        for page in range(count):
            texts.append(str(_ask(child, str(page).encode(), cancelled, f"page {page + 1}")["text"]).strip("\n"))
            size += len(texts[-1].encode("utf-8", "replace"))
            if size > limit:
                raise PdfError(
                    f"its first {format_count(page + 1)} of {format_count(count)} pages have more text than the"
                    f" {format_bytes(limit)} that may be attached (--attach-limit)"
                )
            if on_page is not None:
                on_page(page + 1, count)
    finally:
        child.close()
    empty = sum(not text.strip() for text in texts)
    if empty == count:
        raise PdfError(f"there is no text in its {format_count(count)} page{'s' * (count != 1)}, only pictures perhaps")
    return Pages("\n\n".join(text for text in texts if text.strip()), count, empty)


def _ask(child: Child, line: bytes, cancelled: Callable[[], bool], what: str = "the PDF") -> dict[str, Any]:
    try:
        answer = json.loads(child.ask(line, _PAGE_SECONDS, cancelled))
    except ChildCancelled:
        raise PdfCancelledError from None
    except ChildError:
        raise PdfError(f"{what} could not be read within {_PAGE_SECONDS:.0f} s") from None
    except (ChildDied, ValueError):
        raise PdfError(f"reading {what} failed; it may be damaged") from None
    if "error" in answer:
        raise PdfError(str(answer["error"]))
    return dict(answer)
