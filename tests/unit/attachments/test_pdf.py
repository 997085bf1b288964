"""The text of PDFs: read in another process, page by page, or refused with a line."""

from __future__ import annotations

import pytest

from tests.support.pdf import encrypt, make_pdf
from tui.services import attachments_pdf_child as child
from tui.services.attachments import AttachmentCancelledError, AttachmentError, from_bytes

LIMIT = 10_000


def refusal(data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(AttachmentError) as refused:
        from_bytes(data, "a.pdf", limit)
    return refused.value.line()


def test_the_text_of_all_pages_is_read_and_progress_told() -> None:
    told: list[tuple[int, int]] = []
    data = make_pdf(["Hello world", "", "Third page"])
    attached = from_bytes(data, "a.pdf", LIMIT, on_page=lambda page, count: told.append((page, count)))
    assert attached.attachment.text == "Hello world\n\nThird page"
    assert attached.note == "3 pages of PDF, 1 without text" and attached.size == len(data)
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_password_that_is_empty_is_none() -> None:
    assert from_bytes(encrypt(make_pdf(["Open"]), ""), "a.pdf", LIMIT).attachment.text == "Open"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (make_pdf([""]), "there is no text in its 1 page, only pictures perhaps"),
        (make_pdf(["", ""]), "there is no text in its 2 pages, only pictures perhaps"),
        (encrypt(make_pdf(["x"]), "secret"), "it is encrypted: qpdf --decrypt makes one that can be read"),
    ],
)
def test_what_has_no_text_to_give_is_refused(data: bytes, why: str) -> None:
    assert refusal(data) == f"a.pdf is not attached: {why}"


def test_a_damaged_one_is_refused_with_a_line() -> None:
    whole = make_pdf(["x"])
    for data in (b"%PDF-1.4\n", b"%PDF-1.4\ngarbage", whole[:150]):
        assert refusal(data).startswith("a.pdf is not attached: the PDF is damaged: ")


def test_more_text_than_may_be_attached_is_refused_where_it_is_too_much() -> None:
    assert "its first 3 of 9 pages have more text than the 1" in refusal(make_pdf(["abcdefgh" * 6] * 9), 100)


def test_reading_stops_between_and_within_pages() -> None:
    with pytest.raises(AttachmentCancelledError):
        from_bytes(make_pdf(["x"] * 50), "a.pdf", LIMIT, lambda: True)


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _what, limit: limits.append(limit))
    child._limit_memory()
    assert limits == [(2 * 1024**3, 2 * 1024**3)]
