"""An attached text stays between its fences, whatever it and its name are."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tui.store.formats.spoken import fenced, full_text
from tui.store.records import Attachment, MessageRecord

PIECES = st.sampled_from(["`", "```", "````", "~~~", "\n", "\r", "\r\n", " ", "    ", "- ", "> ", "1. ", "<!--", "<a>",
                          "<script>", "[a]: b", "#", "text", ":", "|", "\\", "\t", "é", "\x0b", "\x85"])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=12).map("".join)


def tokens(markdown: str) -> list[Token]:
    return MarkdownIt().parse(markdown)


@given(TEXTS, TEXTS)
@settings(max_examples=500)
def test_nothing_gets_out_of_its_fences(name: str, text: str) -> None:
    said = MessageRecord(1, 1, None, "user", "What is this?", 0.0, attachments=(Attachment(name, text),))
    *_before, fence, opening, asked, closing = tokens(full_text(said))
    assert (fence.type, fence.level) == ("fence", 0)
    whole = re.sub("\r\n?", "\n", text)
    assert fence.content == whole + ("" if whole.endswith("\n") else "\n")
    assert (opening.type, asked.content, closing.type) == ("paragraph_open", "What is this?", "paragraph_close")


@pytest.mark.parametrize("name", ["```", "~~~", "~~~ x", "<!-- x", "```py"])
def test_a_name_opens_nothing(name: str) -> None:
    assert fenced(Attachment(name, "x")).startswith(f"./{name}:\n```\n")
