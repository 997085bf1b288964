"""JSON schemas as grammars: what comes through fits the schema, and what fits comes through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support.grammars import Grammars
from tui.core.errors import SettingError
from tui.engine.gbnf import check_grammar
from tui.engine.json_schema import grammar_of_schema


@pytest.fixture(scope="module")
def grammars(tiny_gguf: Path) -> Iterator[Grammars]:
    """Grammars held by llama.cpp."""
    held = Grammars(tiny_gguf)
    yield held
    held.close()


def grammar(schema: Any) -> str:
    """The grammar of a schema."""
    return grammar_of_schema(json.dumps(schema))


def thing(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    """The schema of an object."""
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


INTEGER, STRING = {"type": "integer"}, {"type": "string"}
NODE = {"$ref": "#/$defs/n", "$defs": {"n": thing(["v"], v=INTEGER, next={"$ref": "#/$defs/n"})}}
TREE = thing(["leaf"], leaf={"enum": [1]}, more={"type": "array", "items": {"$ref": "#"}})
BASE = {"$defs": {"base": thing(["id"], id=INTEGER)}}
DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"

# a schema, what has to come through, what must not
CASES: list[tuple[Any, list[Any], list[Any]]] = [
    ({}, [None, 1, -2.5, "x", [1, {"a": [True]}], {}, "é\n"], []),
    (True, [None, {"a": 1}], []),
    ({"title": "V"}, ["any", 5, None, []], []),
    ({"description": "d", "default": None}, [1], []),
    ({"type": ["string", "null"]}, ["a", None], [1, True]),
    ({"type": ["integer", "number"]}, [1, 1.5], ["1"]),
    ({"type": ["string", "integer"], "minimum": 3}, ["a", 3], [2, 2.5]),
    ({"minimum": 3}, [3, 4.5], [2]),
    ({"type": "integer", "minimum": 18, "maximum": 20}, [18, 19, 20], [17, 21, 180, 1, 18.5]),
    ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 3}, [1, 2], [0, 3, -1]),
    ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, [6], [5]),
    ({"type": "integer", "minimum": -1.5, "maximum": 1.5}, [-1, 0, 1], [-2, 2]),
    ({"type": "integer", "minimum": 0, "maximum": 30, "multipleOf": 10}, [0, 10, 30], [5, 40]),
    ({"type": "integer", "multipleOf": 0.5}, [3, -12], [0.5]),
    ({"type": "number", "minimum": 0, "maximum": 1}, [0, 0.5, 1, 1.0, 0.999], [-0.1, 1.01, 2, 10]),
    ({"type": "number", "exclusiveMinimum": 0}, [0.001, 7, 12.5], [0, -1]),
    ({"type": "number", "minimum": -2.5, "exclusiveMaximum": -1.25}, [-2.5, -1.26, -2, -1.3], [-1.25, -2.51, -1, 0, 2]),
    ({"type": "number", "multipleOf": 0.01, "minimum": 0}, [1.25, 3, 0.5], [0.125, -1]),
    ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "éé", 'a"b'], ["a", "abcd", ""]),
    ({"type": "string", "maxLength": 1234}, ["", "a" * 99, "a" * 100, "a" * 1234], ["a" * 1235]),
    ({"type": "string", "minLength": 250}, ["a" * 250, "a" * 400], ["a" * 249]),
    (
        {"type": "string", "format": "date"},
        ["2024-02-29", "2000-02-29", "1999-12-31"],
        ["2023-02-29", "1900-02-29", "2024-04-31", "2024-13-01"],
    ),
    ({"type": "string", "format": "time"}, ["23:59:59Z", "00:00:00.123+01:30"], ["24:00:00Z", "10:00"]),
    ({"type": "string", "format": "date-time"}, ["2024-02-29T23:59:59Z"], ["2024-02-29"]),
    ({"type": "string", "format": "uuid"}, ["123e4567-e89b-12d3-a456-426614174000"], ["123e4567"]),
    ({"type": "string", "format": "email"}, ["a@b.c"], [1]),
    (
        {"enum": ["glad", 'a "sad" one\n', "旨い", 1, None, [1, 2], {"a": "\\"}]},
        ["glad", 'a "sad" one\n', "旨い", 1, None, [1, 2], {"a": "\\"}],
        ["x", 2],
    ),
    ({"const": {"a": [1, "é"]}}, [{"a": [1, "é"]}], [{}]),
    ({"type": "string", "enum": ["a", 1, None]}, ["a"], [1, None]),
    ({"enum": [1, 2, 3, 30], "maximum": 3, "exclusiveMinimum": 1}, [2, 3], [1, 30]),
    ({"type": "array"}, [[], [1, "a", [None]]], [{}]),
    (
        {"type": "array", "items": INTEGER, "minItems": 2, "maxItems": 3},
        [[1, 2], [1, 2, 3]],
        [[], [1], [1, 2, 3, 4], ["a", "b"]],
    ),
    ({"type": "array", "items": INTEGER, "minItems": 1}, [[1], [1] * 9], [[]]),
    ({"type": "array", "items": INTEGER, "maxItems": 150}, [[], [1], [1] * 101, [1] * 150], [[1] * 151]),
    ({"type": "array", "items": {"type": "array", "items": STRING}}, [[], [["a"], []]], [["a"]]),
    ({"items": INTEGER, "maxItems": 0}, [[]], [[1]]),
    ({"type": "array", "items": False}, [[]], [[1]]),
    ({"prefixItems": [INTEGER, STRING], "minItems": 2, "maxItems": 2}, [[1, "a"]], [[1], [1, "a", 2], ["a", 1]]),
    ({"prefixItems": [INTEGER, STRING], "minItems": 1}, [[1], [1, "a"]], [[], ["a"]]),
    ({"prefixItems": [INTEGER], "items": STRING}, [[1], [1, "a", "b"]], [[1, 2]]),
    ({"prefixItems": [INTEGER], "items": False}, [[1]], [[1, 2]]),
    (
        {"prefixItems": [INTEGER], "items": STRING, "minItems": 3, "maxItems": 4},
        [[1, "a", "b"], [1, "a", "b", "c"]],
        [[1, "a"], [1, "a", "b", "c", "d"]],
    ),
    (
        thing(["b"], a=INTEGER, b=INTEGER, c=INTEGER),
        [{"b": 1}, {"a": 1, "b": 2}, {"b": 1, "c": 2}, {"a": 1, "b": 2, "c": 3}],
        [{}, {"a": 1}, {"b": 1, "d": 1}, {"b": "x"}],
    ),
    (
        thing(a=INTEGER, b=INTEGER, c=INTEGER),
        [{}, {"a": 1}, {"c": 1}, {"a": 1, "c": 1}, {"b": 1, "c": 1}, {"a": 1, "b": 1, "c": 1}],
        [{"d": 1}],
    ),
    (thing(a=INTEGER, b=INTEGER) | {"minProperties": 1}, [{"a": 1}, {"b": 1}, {"a": 1, "b": 1}], [{}]),
    ({"type": "object", "properties": {}}, [{}], [{"a": 1}]),
    ({"type": "object"}, [{}, {"a": [1]}], [[], 1]),
    ({"type": "object", "required": ["a"]}, [{"a": 1}, {"a": None, "b": 2}], [{}, {"b": 1}]),
    (thing(["a"], a=INTEGER) | {"additionalProperties": True}, [{"a": 1}, {"a": 1, "x": None, "y": []}], [{"x": 1}]),
    (
        thing(["a"], a=INTEGER, ab=INTEGER) | {"additionalProperties": STRING},
        [{"a": 1}, {"a": 1, "b": "c"}, {"a": 1, "ab": 2, "abc": "x"}, {"a": 1, "": "x"}],
        [{"a": 1, "b": 2}, {"a": "x"}, {"a": 1, "ab": "x"}],
    ),
    (
        {"type": "object", "additionalProperties": INTEGER, "minProperties": 1, "maxProperties": 2},
        [{"a": 1}, {"a": 1, "b": 2}],
        [{}, {"a": 1, "b": 2, "c": 3}, {"a": "x"}],
    ),
    (
        {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": INTEGER},
        [{}, {"a": 1}, {"b": 1}],
        [{"c": 1}, {"a": "x"}],
    ),
    ({"type": "object", "patternProperties": {"^x-": INTEGER}}, [{}, {"x-a": 1}], [{"y": 1}, {"x-a": "s"}]),
    (
        thing(["a b", 'q"', "é", "\\"], **{"a b": INTEGER, 'q"': INTEGER, "é": INTEGER, "\\": INTEGER}),
        [{"a b": 1, 'q"': 2, "é": 3, "\\": 4}],
        [{}],
    ),
    ({"anyOf": [INTEGER, {"type": "null"}], "default": None}, [1, None], ["a"]),
    ({"oneOf": [thing(["a"], a=INTEGER), thing(["b"], b=STRING)]}, [{"a": 1}, {"b": "x"}], [{"a": "x"}, {}]),
    (
        thing(a=INTEGER, b=INTEGER) | {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        [{"a": 1}, {"b": 1}, {"a": 1, "b": 1}],
        [{}],
    ),
    ({"allOf": [thing(["a"], a=INTEGER), thing(["b"], b=STRING)]}, [{"a": 1, "b": "x"}], [{"a": 1}, {"b": "x"}]),
    ({"allOf": [{"$ref": "#/$defs/base"}], **thing(["n"], n=STRING), **BASE}, [{"id": 1, "n": "x"}], [{"id": 1}]),
    ({"allOf": [{"minimum": 3, "type": "integer"}, {"maximum": 5}, {"minimum": 1}]}, [3, 4, 5], [2, 6]),
    ({"allOf": [{"enum": [1, 2, 3]}, {"enum": [2, 3, 4]}], "anyOf": [{"const": 3}, {"const": 4}]}, [3], [1, 2, 4]),
    ({"type": "number", "allOf": [{"anyOf": [INTEGER, STRING]}]}, [4], [1.5, "a"]),
    ({"$ref": "#/$defs/a", "description": "x", "$defs": {"a": INTEGER}}, [1], ["x"]),
    ({"$ref": "#/$defs/a", "maximum": 3, "$defs": {"a": {"type": "integer", "minimum": 1}}}, [1, 3], [0, 4]),
    ({"$ref": "#/definitions/a~1b%20c", "definitions": {"a/b c": INTEGER}}, [1], ["x"]),
    (NODE, [{"v": 1}, {"v": 1, "next": {"v": 2, "next": {"v": 3}}}], [{}, {"v": 1, "next": {}}]),
    (TREE, [{"leaf": 1}, {"leaf": 1, "more": [{"leaf": 1, "more": []}]}], [{"leaf": 1, "more": [{}]}]),
    ({"type": "string", "pattern": "^[a-z]+$"}, ["abc"], ["", "aB"]),
    ({"type": "string", "pattern": "[0-9]"}, ["a1b", "1", 'é"5\n'], ["abc", ""]),
    ({"type": "string", "pattern": "^a|b$"}, ["ax", "a", "xb", "b"], ["xa", "bx"]),
    (
        {"type": "string", "pattern": r"^\d{2,3}-\w\s\.[\d\-_]\D[^\s]\S$"},
        ["12-x .5ab-", "123-_\t.-a#é"],
        ["1-x .5abc", "12-x x5abc"],
    ),
    ({"type": "string", "pattern": r'^["\\/\t](?:ab|c)?(d)*$'}, ['"', "\\ab", "/c", "\tabdd"], ["a", '"b']),
    ({"type": "string", "pattern": "^[^a-z]+$"}, ["ABC", 'é"\\\n'], ["a", ""]),
    ({"type": "string", "pattern": "^.{3}$"}, ["ab\\", 'a"c'], ["ab", "a\nb"]),
    ({"type": "string", "pattern": r"^a{2}b{1,}c+?$"}, ["aabc", "aabbcc"], ["abc"]),
    ({"type": "string", "pattern": r"^\u00e9\x41$"}, ["éA"], ["eA"]),
    (
        {"type": "string", "pattern": "^[A-Z][a-z]*$", "minLength": 3, "maxLength": 5},
        ["Abc", "Abcde"],
        ["Ab", "Abcdef"],
    ),
    ({"type": "string", "pattern": "^ab", "maxLength": 4}, ["ab", "abcd"], ["abcde", "a"]),
    ({"type": "string", "pattern": DECIMAL}, ["1", "-1.5", ".5", "007.", "+3"], ["", "-", ".", "+.", "1.2.3"]),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "fitting", "wrong"), CASES, ids=lambda value: json.dumps(value)[:60])
def test_what_comes_through(grammars: Grammars, schema: Any, fitting: list[Any], wrong: list[Any]) -> None:
    text = grammar(schema)
    validator = Draft202012Validator(schema)
    for value in fitting:
        assert grammars.accepts(text, json.dumps(value, ensure_ascii=False)), value
    for value in wrong:
        assert not grammars.accepts(text, json.dumps(value, ensure_ascii=False)), value
    if not isinstance(schema, dict) or schema.get("exclusiveMinimum") is not True:
        for seed in range(4):
            said = grammars.invent(text, seed)
            if said is not None:
                validator.validate(json.loads(said))


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"enum": []}, "enum has no values at #"),
        ({"anyOf": []}, "anyOf has no schemas at #"),
        (thing(a=False), "false allows nothing at #/properties/a"),
        (thing(a={"type": "array", "items": {"type": "magic"}}), "there is no type magic at #/properties/a/items"),
        (thing(a=5), "neither an object nor true or false at #/properties/a"),
        ({"$ref": "#/$defs/x"}, "there is no #/$defs/x at #"),
        ({"$ref": "x.json"}, "refers to another document"),
        (
            {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/a", "minimum": 1}}},
            "it refers to itself",
        ),
        ({"type": "integer", "minimum": 5, "maximum": 4}, "no whole number is within its bounds"),
        ({"type": "integer", "minimum": 0.1, "maximum": 0.9}, "no whole number is within its bounds"),
        ({"type": "number", "exclusiveMinimum": 5, "maximum": 5}, "no number is within its bounds"),
        ({"type": "integer", "minimum": "5"}, "minimum has to be a number"),
        ({"type": "integer", "minimum": 1e60}, "more than 40 digits"),
        ({"type": "integer", "multipleOf": 7}, "multipleOf needs a minimum and a maximum"),
        ({"type": "number", "multipleOf": 0.3}, "multipleOf can only be held for 1, 0.1"),
        ({"type": "string", "minLength": 5, "maxLength": 4}, "minLength is more than maxLength"),
        ({"type": "string", "minLength": -1}, "minLength has to be a whole number"),
        ({"type": "string", "maxLength": 200_000}, "maxLength asks for more than 100,000"),
        ({"type": "string", "pattern": r"^(?=a)b$"}, "it looks ahead"),
        ({"type": "string", "pattern": r"^(a)\1$"}, r"it has \1"),
        ({"type": "string", "pattern": r"\bword"}, r"it has \b"),
        ({"type": "string", "pattern": "(a"}, "a group does not end"),
        ({"type": "string", "pattern": "a)"}, "closes a group that is not open"),
        ({"type": "string", "pattern": "*"}, "there is nothing to repeat"),
        ({"type": "string", "pattern": "[a"}, "a bracket does not end"),
        ({"type": "string", "pattern": "[z-a]"}, "a range ends before it begins"),
        ({"type": "string", "pattern": "a$b"}, "it has $ inside"),
        ({"type": "string", "pattern": "(" * 5000}, "nested too deep"),
        ({"type": "string", "pattern": "^abc$", "maxLength": 2}, "no text fits its pattern and its length"),
        ({"type": "string", "pattern": "a", "maxLength": 9}, "its pattern and its length together"),
        ({"allOf": [INTEGER, STRING]}, "no type fits"),
        ({"allOf": [{"enum": [1]}, {"enum": [2]}]}, "no value fits"),
        ({"type": "string", "enum": [1]}, "no value of enum"),
        ({"anyOf": [{"type": "string", "pattern": "(?=a)"}, {"type": "null"}]}, "it looks ahead"),
        (thing(a=INTEGER) | {"minProperties": 2}, "minProperties is 2"),
        ({"required": [[]]}, "a list of names"),
        ({"properties": []}, "properties has to be an object"),
    ],
)
def test_what_is_refused_is_one_line_with_its_place(schema: Any, says: str) -> None:
    with pytest.raises(SettingError) as caught:
        grammar(schema)
    assert says in caught.value.line() and len(caught.value.line()) < 400


def test_an_alternative_that_cannot_be_held_is_left_out(grammars: Grammars) -> None:
    """pydantic's Decimal with a number of digits looks ahead, and may be a number instead."""
    text = grammar({"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^(?=a).*$"}]})
    assert grammars.accepts(text, "1.5") and not grammars.accepts(text, '"a"')


def test_a_rule_that_counted_on_what_is_refused_is_made_anew(grammars: Grammars) -> None:
    bad = thing(["b", "x"], b={"$ref": "#/$defs/b"}, x=False)
    good = thing(["v"], v=INTEGER, a={"anyOf": [{"$ref": "#/$defs/a"}, STRING]})
    schema = {"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": {"a": bad, "b": good}}
    text = grammar(schema)
    assert grammars.accepts(text, '{"v": 1, "a": "x"}') and not grammars.accepts(text, '{"v": 1, "a": }')


def test_half_characters_never_come_through(grammars: Grammars) -> None:
    text = grammar({"type": "string", "maxLength": 1})
    assert grammars.accepts(text, r'"\ud83d\ude00"') and grammars.accepts(text, r'"\u00e9"')
    assert not grammars.accepts(text, r'"\ud83d"') and not grammars.accepts(text, r'"\ude00\ud83d"')


@pytest.mark.parametrize(
    "text",
    ['{"minimum": NaN}', '{"maximum": 1e999}', '{"const": Infinity}', '{"minimum": 1' + "0" * 5000 + "}"],
)
def test_numbers_beyond_all_numbers_are_refused(text: str) -> None:
    with pytest.raises(SettingError, match="not JSON"):
        grammar_of_schema(text)


def test_combinations_have_an_end() -> None:
    """Each definition doubles the one before."""
    both = {f"d{number}": {"allOf": [{"$ref": f"#/$defs/d{number + 1}"}] * 2} for number in range(40)}
    with pytest.raises(SettingError, match="too many combinations"):
        grammar({"$ref": "#/$defs/d0", "$defs": {**both, "d40": INTEGER}})


def test_large_schemas_are_still_quick_to_check() -> None:
    parts: dict[str, Any] = {f"name{number}": {"type": "string", "maxLength": 2000} for number in range(100)}
    check_grammar(grammar(thing(None, **parts)))
    check_grammar(grammar(thing(list(parts), **parts) | {"additionalProperties": True}))


def test_patterns_that_would_hold_up_llama_cpp_are_refused() -> None:
    """It follows each way to count a text, and there are as many as the counts multiplied."""
    for pattern in ("^((a{1,9}){1,100}){1,100}$", "^" + "(" * 50 + "a{1,9}" + "){1,9}" * 50 + "$"):
        with pytest.raises(SettingError, match="too many repetitions inside"):
            grammar({"type": "string", "pattern": pattern})
    check_grammar(grammar({"type": "string", "pattern": r"^([a-z]{1,9}\.){1,100}$"}))
