"""READMEs as text: links with their addresses, pictures by their names, code as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.app.rendering.readme_text import readable


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("See [the paper](https://arxiv.org/abs/1).", "See the paper (https://arxiv.org/abs/1)."),
        ('A [title](https://a.org "with words") too', "A title (https://a.org) too"),
        ("[x](https://en.wikipedia.org/wiki/Llama_(animal))", "x (https://en.wikipedia.org/wiki/Llama_(animal))"),
        ("[https://a.org](https://a.org)", "https://a.org"),
        ("[https://bank.org](https://evil.org)", "https://bank.org (https://evil.org)"),
        ("[above](#usage) and [file](LICENSE)", "above and file"),
        ("[run](javascript:alert(1))", "run"),
        ("![logo](https://a.org/l.png)", "(picture: logo)"),
        ("![](https://a.org/l.png)", ""),
        ("[![badge](https://a.org/b.svg)](https://a.org)", "(picture: badge) (https://a.org)"),
        ("<https://a.org/x>", "https://a.org/x"),
        ("[spec][1] and [other][]\n\n[1]: https://a.org\n[other]: <https://b.org> 'words'",
         "spec (https://a.org) and other (https://b.org)"),
        ("[not a link] [nor][this]", "[not a link] [nor][this]"),
        ('<p align="center"><a href="https://a.org?x=1&amp;y=2"><img src="l.png" alt="Logo"></a><br>next</p>',
         "(picture: Logo) (https://a.org?x=1&y=2)\nnext"),
        ("<!-- hidden\nwords -->shown", "shown"),
        ("keep <|im_start|> and a < b > c", "keep <|im_start|> and a < b > c"),
        ("`[code](https://a.org)` stays", "`[code](https://a.org)` stays"),
        ("```\n[code](https://a.org)\n<b>\n```\n[x](https://a.org)", "```\n[code](https://a.org)\n<b>\n```\nx (https://a.org)"),
        ("~~~\n[open](https://a.org)", "~~~\n[open](https://a.org)"),
        ("- [ ] open task\n- [x] done", "- [ ] open task\n- [x] done"),
    ],
)  # fmt: skip
def test_what_is_shown(source: str, shown: str) -> None:
    assert readable(source) == shown


@given(st.text(alphabet="[]()<>!`~\n a:/h\\'\"#", max_size=200))
def test_anything_gives_a_text(source: str) -> None:
    assert isinstance(readable(source), str)


@pytest.mark.parametrize("piece", ["[", "![", "[](", "<a href=", "<a href=x>", "`", "[a][", "<!--", "(((", "[[a]"])
def test_no_text_takes_long(piece: str) -> None:
    # Where it took the square of the length, this would be minutes.
    assert isinstance(readable(piece * (1_000_000 // len(piece))), str)
