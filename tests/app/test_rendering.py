"""Markdown to lines: what a reply looks like, and that growing piece by piece changes nothing."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.app.rendering.document import Document
from tui.app.widgets.entries import NoteEntry, ReplyEntry, UserEntry

SAMPLE = """# Title

Some **bold** and *em*, `code` and [a link](http://x) <b>html</b>
second line 東京の天気は晴れです。とても長い日本語の文章をここに書いて折り返しを確かめます。

1. Red
2. Blue
   - nested

```python
def f(x):
    return x
```

> quoted

| a | b |
|---|--:|
| 東京 | 12 |
"""

_PIECES = st.lists(
    st.sampled_from(
        ["# h", "\n", "\n\n", "- a", "1. b", "```",
         "```py\n", "text ", "**b**", "> q", "| a | b |\n|---|---|\n| 1 | 2 |",
         "日本語", "    code", "---", "*", "_", "`x`", "[a](b)", "\t", "<p>", "&amp;", "\\"]
    ),
    max_size=30,
)  # fmt: skip


def lines(source: str, width: int = 60) -> list[str]:
    return [line.plain.rstrip() for line in Document(source).lines(width)]


def test_blocks_look_like_this() -> None:
    assert lines(SAMPLE) == [
        "Title",
        "─────",
        "",
        "Some bold and em, code and [a link](http://x) <b>html</b>",
        "second line",
        "東京の天気は晴れです。とても長い日本語の文章をここに書いて折",
        "り返しを確かめます。",
        "",
        "1. Red",
        "2. Blue",
        "   ◦ nested",
        "",
        "▏ def f(x):",
        "▏     return x",
        "",
        "│ quoted",
        "",
        "a    │   b",
        "─────┼────",
        "東京 │  12",
    ]


@settings(deadline=None, max_examples=150)
@example(["- a", "\n", "---", "# h"], 10)
@given(_PIECES, st.integers(10, 80))
def test_growing_gives_the_same_as_the_whole(pieces: list[str], width: int) -> None:
    growing = Document()
    for piece in pieces:
        growing.append(piece)
        growing.lines(width)
    assert [line.plain for line in growing.lines(width)] == [
        line.plain for line in Document("".join(pieces)).lines(width)
    ]


@settings(deadline=None, max_examples=150)
@given(st.text(max_size=300), st.integers(12, 100))
def test_no_line_is_wider_than_asked_and_no_control_character_is_left(text: str, width: int) -> None:
    reply = ReplyEntry(text)
    reply.append(text)
    for entry in (UserEntry(text), reply, NoteEntry(text)):
        for line in entry.lines(width):
            assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in line.plain)
            if line.plain.strip() and not line.plain.startswith(("●", "❯")):
                assert cell_len(line.plain) <= width + 1


def test_settled_lines_stay_the_same_objects() -> None:
    document = Document("one\n\ntwo\n\nthree\n\nfour")
    before = document.lines(40)[:3]
    document.append(" and more\n\nfive")
    after = document.lines(40)[:3]
    assert all(a is b for a, b in zip(before, after, strict=True))


def test_code_is_shown_as_it_is_while_it_grows() -> None:
    assert lines("```python\nif x:\n    y") == ["▏ if x:", "▏     y"]
