"""Grammars and JSON schemas: only what they allow is generated, and a wrong one is one line."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.engines import error_of, reply
from tui.core.errors import DecodeError, SettingError
from tui.core.events import StopReason
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.prompts import ChatPrompt, RawPrompt
from tui.engine.engine import Engine

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer"},
        "mood": {"enum": ["glad", 'a "sad" one\n', "旨い"]},
        "likes": {"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 3},
    },
    "required": ["name", "age", "mood", "likes"],
}


def ask(engine: Engine, **params: object) -> str:
    """What the tiny model says under a grammar."""
    return reply(engine, RawPrompt("abc"), **{"n_predict": 60, "seed": 5, "temp": 1.0, **params}).text


def test_only_what_the_grammar_allows_comes(tiny: Engine) -> None:
    assert re.fullmatch(r"[xyz]{40}", ask(tiny, grammar="root ::= [xyz]{40}"))


def test_a_complete_grammar_ends_the_generation(tiny: Engine) -> None:
    said = reply(tiny, RawPrompt("abc"), grammar='root ::= "yes" | "no"', seed=1)
    assert said.text in ("yes", "no")
    assert said.finished.reason is StopReason.END


@pytest.mark.parametrize("params", [{}, {"ignore_eos": True}, {"temp": 0.0}, {"mirostat": 2}, {"mirostat": 1}])
def test_the_end_comes_with_every_way_to_sample(tiny: Engine, params: dict[str, object]) -> None:
    assert ask(tiny, grammar='root ::= "only this"', **params) == "only this"


def test_the_seed_binds_and_another_seed_differs(tiny: Engine) -> None:
    first = ask(tiny, grammar="root ::= [a-z ]+", seed=3)
    assert first == ask(tiny, grammar="root ::= [a-z ]+", seed=3)
    assert first != ask(tiny, grammar="root ::= [a-z ]+", seed=4)


@pytest.mark.parametrize(
    "params",
    [{"temp": 0.0}, {"temp": 1.0}, {"repeat_penalty": 1.5}, {"dry_multiplier": 2.0, "dry_allowed_length": 1}],
)
def test_a_grammar_that_allows_everything_changes_nothing(tiny: Engine, params: dict[str, object]) -> None:
    """Token for token, so nothing but the chosen tokens reaches the penalties and the random numbers."""
    assert ask(tiny, grammar="root ::= .*", **params) == ask(tiny, **params)


def test_rejected_tokens_do_not_reach_the_penalties(tiny: Engine) -> None:
    # A penalty so strong that a token comes again only after all others of the five.
    text = ask(tiny, grammar="root ::= [vwxyz]+", presence_penalty=2.0, repeat_penalty=5.0, repeat_last_n=4, temp=0.0)
    assert set(text) <= set("vwxyz") and len(set(text[:5])) >= 3


def test_characters_of_several_tokens(tiny: Engine) -> None:
    assert re.fullmatch("[あ-ん]{12}", ask(tiny, grammar="root ::= [あ-ん]{12}"))


@pytest.mark.parametrize(
    ("grammar", "says"),
    [
        ('root ::= "a', "line 1: unexpected end"),
        ('root ::= "a"\nb ::= (', "line 2: expecting )"),
        ("root ::= a\n\na ::= missing", "line 3: there is no rule called missing"),
        ('start ::= "a"', "no rule called root"),
        ("# nothing", "no rule called root"),
        ('root ::= root "a" | "b"', "the rule root can come back to itself"),
        ('root ::= a root "x" | "y"\na ::= b\nb ::= "q" |', "the rule root can come back to itself"),
        ("root ::= a\na ::= b a\nb ::= c\nc ::= ", "never comes to a character"),
        ('root ::= "a"{3,2}', "the second number is smaller"),
        ('root ::= "a"{99999999999999999999}', "more than 2,000 times"),
        ('root ::= ("a" "b"){100}{100}', "repeats more than 2,000"),
        ("root ::= " + "(" * 100_000, "nested more than 1,024 deep"),
        ('root ::= "a" <[5]>', "single tokens"),
        ("root ::= [\\q]", "unknown escape at \\q]"),
        ("root ::= \x00", "it is not text"),
        ("\x1b[2J", "line 1: expecting the name of a rule at ^[[2J"),
    ],
)
def test_a_wrong_grammar_is_one_line_and_the_engine_goes_on(tiny: Engine, grammar: str, says: str) -> None:
    error = error_of(tiny.generate(RawPrompt("abc"), GenerationParams(grammar=grammar)))
    assert isinstance(error, SettingError)
    assert says in error.line() and "\n" not in error.line() and "\x1b" not in error.line()
    assert ask(tiny)


def test_nothing_is_printed_about_a_wrong_grammar(tiny: Engine, capfd: pytest.CaptureFixture[str]) -> None:
    error_of(tiny.generate(RawPrompt("abc"), GenerationParams(grammar="root ::= nowhere")))
    assert capfd.readouterr() == ("", "")


def test_a_dead_end_is_one_line(tiny: Engine) -> None:
    error = error_of(tiny.generate(RawPrompt("abc"), GenerationParams(grammar='root ::= "a" [z-a]')))
    assert isinstance(error, DecodeError) and "dead end" in error.line()
    assert ask(tiny)


@pytest.mark.parametrize(
    "grammar",
    [
        "root ::= ([a-z]*)*",
        'root ::= ([a-z]* ws)+ "."\nws ::= [ \\t]*',
        'root ::= "a" root',
        'root ::= ("a" | "b" # or\n  | "c"){2,5}  \n\n# the end\n',
        "root ::= [] [a-] [-a] [\\]\\-]",
        'root ::= "" | item{0,400}\r\nitem ::= [\\x41-\\u00ff] "é"?\r\n',
    ],
)
def test_what_llama_cpp_takes_is_taken(tiny: Engine, grammar: str) -> None:
    said = reply(tiny, RawPrompt("abc"), grammar=grammar, n_predict=20, seed=7)
    assert said.finished.reason in (StopReason.END, StopReason.LENGTH)


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ('{"type":', "not JSON: line 1"),
        ("[1]", "not an object"),
        ('{"type": "magic"}', "there is no type magic at #"),
        ('{"$ref": "https://example.com/x"}', "refers to another document"),
        ('{"$ref": "#/nowhere"}', "nowhere"),
        ('{"type": "string", "maxLength": 1000000}', "maxLength asks for more than 100,000"),
        ('{"type": "string", "pattern": "^a{1,99999999}$"}', "pattern asks for more than 100,000"),
        ('{"type": "string", "pattern": "^(?=a)"}', "it looks ahead at #"),
        ('{"a":' * 100_000, "nested too deep"),
    ],
)
def test_a_wrong_schema_is_one_line(tiny: Engine, schema: str, says: str) -> None:
    error = error_of(tiny.generate(RawPrompt("abc"), GenerationParams(json_schema=schema)))
    assert isinstance(error, SettingError)
    assert says in error.line() and "\n" not in error.line() and len(error.line()) < 400


def test_a_grammar_and_a_schema_together_are_refused(tiny: Engine) -> None:
    params = GenerationParams(grammar='root ::= "a"', json_schema="{}")
    assert "cannot both hold" in error_of(tiny.generate(RawPrompt("abc"), params)).line()


def test_a_schema_that_refers_to_itself(tiny: Engine) -> None:
    node = {"type": "object", "properties": {"v": {"enum": [1]}, "next": {"$ref": "#/$defs/n"}}, "required": ["v"]}
    schema = {"$ref": "#/$defs/n", "$defs": {"n": node}}
    said = reply(tiny, RawPrompt("abc"), json_schema=json.dumps(schema), n_predict=200, seed=2)
    assert said.finished.reason is not StopReason.END or json.loads(said.text)["v"] == 1


@pytest.mark.parametrize("seed", range(5))
def test_json_of_a_real_model_fits_its_schema(smollm2_engine: Engine, seed: int) -> None:
    prompt = ChatPrompt((Message("user", "Invent a person. Answer in JSON."),))
    said = reply(smollm2_engine, prompt, json_schema=json.dumps(PERSON), n_predict=300, seed=seed, temp=1.2)
    assert said.finished.reason is StopReason.END
    person = json.loads(said.text)
    assert set(person) == {"name", "age", "mood", "likes"}
    assert isinstance(person["age"], int) and len(person["name"]) <= 20 and len(person["likes"]) <= 3
    assert person["mood"] in PERSON["properties"]["mood"]["enum"]  # type: ignore[index]
