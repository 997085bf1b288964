"""What `run --chat` prints of a reply with reasoning in it."""

from __future__ import annotations

from io import BytesIO

import pytest

from tui.run.output import Output
from tui.run.reasoning import ReplyOutput

PIECES = ("<th", "ink>\n", "Hm", ".\n", "</think", ">\n\n", "Yes", ".\n")
GREY, PLAIN = "\x1b[90m", "\x1b[0m"


def printed(*, color: bool, answer_only: bool) -> str:
    stream = BytesIO()
    reply = ReplyOutput(Output(stream), color=color, answer_only=answer_only)
    for piece in PIECES:
        reply.write(piece)
    reply.finish()
    return stream.getvalue().decode()


def test_all_of_it_as_the_model_wrote_it() -> None:
    assert printed(color=False, answer_only=False) == "".join(PIECES)


def test_the_answer_alone() -> None:
    assert printed(color=False, answer_only=True) == printed(color=True, answer_only=True) == "Yes.\n"


def test_reasoning_is_bright_black() -> None:
    text = printed(color=True, answer_only=False)
    assert text.replace(GREY, "").replace(PLAIN, "") == "".join(PIECES)
    reasoning, answer = text.rsplit(PLAIN, 1)
    assert answer == "Yes.\n" and "Hm" in reasoning and reasoning.startswith(GREY)


@pytest.mark.parametrize("pieces", [("Plain.",), ("<b", ">"), ("<thin",), (" ",)])
def test_nothing_is_held_back_for_ever(pieces: tuple[str, ...]) -> None:
    stream = BytesIO()
    reply = ReplyOutput(Output(stream), color=False, answer_only=True)
    for piece in pieces:
        reply.write(piece)
    reply.finish()
    assert stream.getvalue().decode() == "".join(pieces)
