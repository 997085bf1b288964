"""Variables: replaced once, and whatever they hold is data."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.core.errors import PresetError
from tui.core.messages import Message
from tui.services.presets_variables import Question, facts, questions, resolve, takes
from tui.settings.preset_file import Preset, Variable

NOW = time.strptime("2026-03-01 09:05", "%Y-%m-%d %H:%M")
KNOWN = facts("Gemma", "copied", NOW)


def preset(text: str, *variables: Variable, turns: tuple[str, ...] = ()) -> Preset:
    """One with a system prompt."""
    said = tuple(Message("user", turn) for turn in turns)
    return Preset("p", values={"system_prompt": text}, turns=said, variables=variables)


def filled(text: str, *variables: Variable, **answers: str) -> str:
    """What becomes of a system prompt."""
    return resolve(preset(text, *variables), {**KNOWN, **answers}).system_prompt


def test_what_the_program_knows() -> None:
    assert filled("{{date}} {{ time }} {{weekday}} {{model}}: {{clipboard}}") == "2026-03-01 09:05 Sunday Gemma: copied"
    assert facts("", "")["model"] == "the model"
    assert takes(preset("{{clipboard}}"), "clipboard") and not takes(preset(r"\{{clipboard}}"), "clipboard")


def test_what_only_looks_like_a_variable_stays() -> None:
    for text in ("{{unknown}}", "{date}", "{{ }}", "{{ask:}}", "{{a b}}", "{% if x %}", "{{ask:a\nb}}", "{{{{"):
        assert filled(text) == text
    assert filled(r"\{{date}}") == "{{date}}"
    assert filled("{{{date}}}") == "{2026-03-01}"


def test_what_is_asked_for_in_the_order_of_its_occurrence() -> None:
    topic, tone = Variable("topic", "What is it about"), Variable("tone", default="kind")
    one = preset("{{tone}} {{ask:Your name}} {{tone}}", topic, tone, Variable("unused"), turns=("{{topic}}",))
    assert questions(one) == (
        Question("tone", "tone", "kind", needed=False),
        Question("Your name", "Your name"),
        Question("topic", "What is it about"),
    )
    with pytest.raises(PresetError, match="asks for Your name, What is it about"):
        resolve(one, KNOWN)
    done = resolve(one, {**KNOWN, "Your name": "Ada", "topic": "tea"})
    assert done.system_prompt == "kind Ada kind" and done.turns == (Message("user", "tea"),)


def test_a_preset_without_a_system_prompt_gets_none() -> None:
    assert "system_prompt" not in resolve(Preset("p"), KNOWN).values


@given(st.text(), st.sampled_from(["clipboard", "topic", "Your {{name"]))
def test_a_value_is_never_read_for_variables(value: str, key: str) -> None:
    nasty = f"{{{{date}}}} {value} {{{{topic}}}} \\g<0> \\{{{{ask:x}}}}"
    text = filled("<{{clipboard}}|{{topic}}>", Variable("topic"), **{"topic": nasty, "clipboard": nasty})
    expected = nasty.encode("utf-8", "replace").decode() if any(0xD800 <= ord(c) < 0xE000 for c in nasty) else nasty
    if expected == nasty:
        assert text == f"<{nasty}|{nasty}>"
    text.encode()
