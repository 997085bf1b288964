"""Blocks of code: their exact text, and the numbers they have on the screen."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tui.app.rendering.document import Document
from tui.app.rendering.fences import code_blocks
from tui.app.widgets.entries import ReplyEntry

SAMPLE = """Here:

```python
def f():
\treturn "\x1b[31m❤\ufe0f"\r

```

1. In a list:
   ```sh
   ls
     -la
   ```

> ~~~
> quoted
> ~~~

    indented only

```
open"""


def blocks(source: str, running: bool = False) -> list[tuple[int, str, str]]:
    entry = ReplyEntry("m")
    entry.append(source)
    if not running:
        entry.finish("")
    return [(block.number, block.language, block.text) for block in code_blocks(source, entry.codes)]


def test_the_text_is_what_was_written() -> None:
    assert blocks(SAMPLE) == [
        (1, "python", 'def f():\n\treturn "\x1b[31m❤\ufe0f"\n'),
        (2, "sh", "ls\n  -la"),
        (3, "", "quoted"),
        (4, "", "open"),
    ]
    assert len(blocks(SAMPLE, running=True)) == 3, "the last one still grows"


def test_numbers_stand_in_the_margin() -> None:
    entry = ReplyEntry("m")
    entry.append(SAMPLE)
    assert entry.has_code and not any(line.plain[:1] in "1234" for line in entry.lines(60)[1:] if line.plain)
    entry.numbered = True
    shown = [line.plain.rstrip() for line in entry.lines(60)]
    assert [line for line in shown if line[:1].isdigit()] == ["1 ▏ def f():", "2    ▏ ls", "3 │ ▏ quoted"]
    entry.finish("12 tokens")
    shown = [line.plain.rstrip() for line in entry.lines(60)]
    assert "4 ▏ open" in shown and shown[-2] == "  12 tokens · alt+1…4 copy the code"


def test_lines_above_stay_the_same_objects_while_a_reply_grows() -> None:
    entry = ReplyEntry("m")
    entry.numbered = True
    entry.append("```py\nx = 1\n```\n\ntext\n\n")
    before = entry.lines(60)
    for piece in ("more ", "of it\n\n", "```\n", "second\n", "```\n\n", "end"):
        entry.append(piece)
        entry.lines(60)
    after = entry.lines(60)
    assert after[1] is before[1] and after[1].plain == "1 ▏ x = 1"
    assert [line.plain for line in after if line.plain.startswith("2")] == ["2 ▏ second"]


_PIECES = st.lists(
    st.sampled_from(
        ["```", "```py\n", "~~~\n", "\n", "\n\n", "- ", "> ", "text", "   ", "    code", "\t", "日本", "\r\n"]
    ),
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(_PIECES)
def test_a_reply_that_grows_has_the_blocks_of_the_whole(pieces: list[str]) -> None:
    source = "".join(pieces).replace("\r\n", "\n")
    grown = Document()
    for piece in pieces:
        grown.append(piece.replace("\r\n", "\n"))
    whole = Document(source)
    assert [code.text for code in grown.codes] == [code.text for code in whole.codes]
    assert grown.code_count == sum(code.closed for code in whole.codes)
    found = code_blocks(source, whole.codes)
    assert [block.text.rstrip("\n") for block in found] == [code.text for code in whole.codes]
