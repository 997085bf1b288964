"""Presets as files: what is saved means the same when it is read, and what a person wrote stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui.core.errors import PresetError
from tui.core.messages import Message, Role
from tui.core.options import Option, Scalar, options_of
from tui.core.parameters import GenerationParams
from tui.settings.preset_file import FACTS, SYSTEM_PROMPT, Preset, Variable, parse, render

BY_HAND = '''
# my favourite
title = "Reviewer"   # short
system_prompt = """
You review {{language}}.
Be brief."""

[generation] # careful
temp = 0.2 # cool
n_predict = "unlimited"
stop = ["###"]

[variables]
language = "which programming language"

[[turns]]
role = "user"
text = "Are you ready?"
'''


def test_what_a_person_wrote_is_understood() -> None:
    preset = parse("reviewer", BY_HAND)
    assert preset.title == "Reviewer" and preset.system_prompt == "You review {{language}}.\nBe brief."
    assert preset.values["temp"] == 0.2 and preset.values["n_predict"] == -1 and preset.values["stop"] == ("###",)
    assert preset.variables == (Variable("language", "which programming language"),)
    assert preset.turns == (Message("user", "Are you ready?"),)


def test_a_save_leaves_comments_and_order_alone() -> None:
    preset = parse("reviewer", BY_HAND)
    assert render(preset, BY_HAND) == BY_HAND
    values = {**preset.values, "temp": 0.5, "top_k": 3}
    text = render(replace(preset, models=("gemma-*",), values=values), BY_HAND)
    for kept in ("# my favourite", "# short", "# careful", "temp = 0.5 # cool", 'n_predict = "unlimited"'):
        assert kept in text
    assert parse("reviewer", text) == replace(preset, models=("gemma-*",), values=values)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title =", "not valid TOML"),
        ("temp = 1", "write it below [generation], as temp"),
        ("[generation]\ntemp = 9", "temp cannot be 9"),
        ("[generation]\ntempp = 1", "tempp is not a setting of [generation]; temp is"),
        ("[generation]\nn_ctx = 512", "n_ctx is a setting of [load]"),
        ('[generation]\nsystem_prompt = "x"', "stands above the tables"),
        ("[generation]\ntemp = true\ntop_k = 'x'", "(and 1 more)"),
        ("generation = 3", "generation must be a table"),
        ("turns = 3", "each written [[turns]]"),
        ('[[turns]]\nrole = "system"\ntext = "x"', "the role of a turn is user or assistant"),
        ('[[turns]]\nrole = "user"\ntext = " "', "a turn has no text"),
        ("models = 'gemma'", "models must be a list"),
        ("title = 3", "title must be a text"),
        ("[variables]\ndate = 'x'", "date is a variable of the program"),
        ("[variables]\n'a b' = 'x'", "cannot be the name of a variable"),
        ("[variables]\na = 3", "a in [variables] must be"),
        ("[generation]\ngrammar = 'root ::= \"a\"'\njson_schema = '{}'", "cannot both hold"),
        ("\x1b]0;x\x07 = 1", "not valid TOML"),
    ],
)
def test_a_bad_file_has_a_reason_of_one_line(text: str, reason: str) -> None:
    with pytest.raises(PresetError) as caught:
        parse("bad", text)
    line = caught.value.line()
    assert reason in line and "\n" not in line and line.isprintable()


def test_any_bytes_are_refused_or_read() -> None:
    for text in ("", "\0", "[" * 5000, "a." * 3000 + "b = 1", "title = '\\ud800'"):
        try:
            parse("any", text)
        except PresetError as error:
            assert "\n" not in error.line()


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def value_of(option: Option) -> st.SearchStrategy[Scalar]:
    """Any value that a setting may have."""
    if option.kind == "bool":
        return st.booleans()
    if option.kind == "choice":
        return st.sampled_from(option.choices)
    if option.kind == "list":
        return st.lists(TEXT.filter(bool), max_size=3).map(tuple)
    if option.kind == "str":
        return TEXT
    low, high = option.minimum or 0, option.maximum or 0
    numbers: st.SearchStrategy[Scalar] = (
        st.integers(int(low), int(high)) if option.kind == "int" else st.floats(low, high, allow_nan=False)
    )
    return numbers | st.sampled_from([value for value, _ in option.words]) if option.words else numbers


OPTIONS = [o for o in options_of(GenerationParams) if o.name not in ("json_schema", SYSTEM_PROMPT)]
VALUES = st.lists(st.sampled_from(OPTIONS), unique_by=lambda o: o.name, max_size=5).flatmap(
    lambda options: st.fixed_dictionaries({option.name: value_of(option) for option in options})
)
ROLES: st.SearchStrategy[Role] = st.sampled_from(["user", "assistant"])
VARIABLES = st.lists(
    st.builds(
        Variable,
        st.from_regex(r"[a-zé_][a-z0-9_-]{0,8}", fullmatch=True).filter(lambda name: name not in (*FACTS, "ask")),
        TEXT.map(lambda text: "".join(c for c in text if c.isalnum())),
        st.none() | TEXT,
    ),
    unique_by=lambda variable: variable.name,
    max_size=3,
).map(tuple)
PRESETS = st.builds(
    Preset,
    st.just("any"),
    TEXT.map(lambda text: "".join(c for c in text if c.isalnum())),
    TEXT,
    st.tuples(VALUES, st.none() | TEXT).map(lambda p: p[0] if p[1] is None else {**p[0], SYSTEM_PROMPT: p[1]}),
    st.lists(st.builds(Message, ROLES, TEXT.filter(lambda t: bool(t.strip()))), max_size=3).map(tuple),
    st.lists(TEXT.filter(lambda t: bool(t.strip())), max_size=3).map(tuple),
    VARIABLES,
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PRESETS, PRESETS)
def test_whatever_is_saved_means_the_same_when_it_is_read(preset: Preset, other: Preset) -> None:
    text = render(preset)
    assert parse("any", text) == preset
    assert parse("any", render(other, text)) == other


def test_the_example_of_the_readme_is_a_preset() -> None:
    text = Path(__file__).parents[3].joinpath("README.md").read_text(encoding="utf-8")
    example = next(block for block in text.split("```toml\n")[1:] if "[[turns]]" in block).partition("```")[0]
    preset = parse("example", example)
    assert preset.models and len(preset.turns) == 2 and preset.variables[0].default == "Python"
    assert render(preset, example) == example
