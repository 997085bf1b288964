"""What of a model's answer is a title."""

from __future__ import annotations

import pytest

from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt
from tui.services.chat_titles import MOST, title_of_answer, title_params, title_prompt


@pytest.mark.parametrize(
    ("answer", "title"),
    [
        ("The Capital of France", "The Capital of France"),
        (' "Capital of France".\n\nmore', "Capital of France"),
        ("Title: **Sorting lists**", "Sorting lists"),
        ("<think>hm, what?</think>\n\n「東京の天気」", "東京の天気"),
        ("The code to sort a list is:\n```", ""),
        ("word " * MOST, ""),
        ("  \n", ""),
        ("\x1b[31mred\x1b[0m", "^[[31mred^[[0m"),
    ],
)
def test_a_title_is_one_short_line(answer: str, title: str) -> None:
    assert title_of_answer(answer) == title


def test_the_question_comes_after_all_that_was_computed_already() -> None:
    said = (Message("system", "Be brief."), Message("user", "hi"), Message("assistant", "hello"))
    asked = title_prompt(ChatPrompt(said, label="chat 7"))
    assert asked.messages[:3] == said and asked.messages[3].role == "user" and asked.label == "chat 7"
    params = title_params(GenerationParams(n_predict=-1, system_prompt="Be brief."))
    assert 0 < params.n_predict < 100 and params.reasoning == "off"
