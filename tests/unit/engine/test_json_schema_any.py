"""JSON schemas of all shapes: what comes through fits, and what is no schema is one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.support.grammars import Grammars
from tui.core.errors import SettingError
from tui.engine.gbnf import check_grammar
from tui.engine.json_schema import grammar_of_schema

_SLOW = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)


@pytest.fixture(scope="module")
def grammars(tiny_gguf: Path) -> Iterator[Grammars]:
    """Grammars held by llama.cpp."""
    held = Grammars(tiny_gguf)
    yield held
    held.close()


_NAMES = st.sampled_from(["a", "ab", "b", 'q"', "é", "a b", "\\", "", "$ref", "/~"])
_VALUES = st.none() | st.booleans() | st.integers(-50, 50) | st.sampled_from(["x", 'a"\n', "旨い", 0.5, -2.25, [1]])
_PATTERNS = st.sampled_from(
    ["^[a-z]+$", "[0-9]", r"^\d{2,4}-x$", r"^(?:ab|c\w)*$", "^a", "b$|^c", r'^["\\]+$', r"^[^\s]{1,9}$"]
)


@st.composite
def _ranges(draw: st.DrawFn, least: str, most: str, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    found = sorted(draw(st.lists(values, min_size=2, max_size=2)))
    words = draw(st.sampled_from([(), (least,), (most,), (least, most)]))
    return {key: found[0] if key == least else found[1] for key in words}


def _with(kind: str, **words: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind)}, optional=words)


def _joined(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


def _leaves() -> st.SearchStrategy[Any]:
    numbers = st.integers(-300, 300) | st.integers(-3000, 3000).map(lambda value: value / 100)
    lengths = st.integers(0, 120)
    return st.one_of(
        st.just(True), st.just({}), st.just({"title": "V"}), st.just({"$ref": "#/$defs/shared"}),
        _joined(_with("integer"), _ranges("minimum", "maximum", numbers)),
        _joined(_with("number"), _ranges("minimum", "exclusiveMaximum", numbers)),
        _joined(_with("string"), _ranges("minLength", "maxLength", lengths)),
        _with("string", pattern=_PATTERNS),
        _with("string", pattern=st.just("^[a-z]*$"), minLength=st.integers(0, 5), maxLength=st.integers(5, 9)),
        st.lists(_VALUES, min_size=1, max_size=4).map(lambda values: {"enum": values}),
        _VALUES.map(lambda value: {"const": value}),
        st.just({"type": ["string", "null", "boolean"]}), st.just({"type": "array"}), st.just({"type": "object"}),
    )  # fmt: skip


def _larger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    objects = _with(
        "object",
        properties=st.dictionaries(_NAMES, inner, max_size=4),
        required=st.lists(_NAMES, max_size=2, unique=True),
        additionalProperties=inner | st.just(True),
    )
    return st.one_of(
        objects, objects, some.map(lambda parts: {"anyOf": parts}),
        _joined(_with("array", items=inner), _ranges("minItems", "maxItems", st.integers(0, 4))),
        _joined(_with("array", items=inner, prefixItems=some), _ranges("minItems", "maxItems", st.integers(0, 5))),
        st.lists(objects, min_size=1, max_size=2).map(lambda parts: {"allOf": parts}),
        st.tuples(objects, some).map(lambda found: {**found[0], "anyOf": found[1]}),
    )  # fmt: skip


_SHARED = {
    "$defs": {"shared": {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"$ref": "#/$defs/shared"}}}}
}
_SCHEMAS = st.recursive(_leaves(), _larger, max_leaves=8).map(
    lambda schema: {**schema, **_SHARED} if isinstance(schema, dict) else schema
)


@_SLOW
@given(_SCHEMAS, st.integers(0, 1000))
def test_what_comes_through_fits(grammars: Grammars, schema: Any, seed: int) -> None:
    try:
        grammar = grammar_of_schema(json.dumps(schema))
    except SettingError as error:
        assert "\n" not in error.line()
        return
    said = grammars.invent(grammar, seed)
    if said is not None:
        Draft202012Validator(schema).validate(json.loads(said))


_JSON = st.recursive(_VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3))
_WORDS = st.sampled_from([
    "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "multipleOf", "minLength", "maxLength",
    "pattern", "format", "items", "prefixItems", "additionalItems", "minItems", "properties", "required",
    "additionalProperties", "patternProperties", "propertyNames", "minProperties", "$ref", "allOf", "anyOf", "oneOf",
    "$defs",
])  # fmt: skip
_STRANGE = (
    _JSON
    | st.text(max_size=8)
    | st.sampled_from(["object", "array", "string", "integer", "number", "#", "#/a", "#/$defs"])
)


@settings(_SLOW, max_examples=300)
@given(st.recursive(_STRANGE, lambda inner: st.dictionaries(_WORDS, inner | st.lists(inner, max_size=2), max_size=4)))
def test_nothing_is_too_strange(schema: Any) -> None:
    try:
        check_grammar(grammar_of_schema(json.dumps(schema)))
    except SettingError as error:
        assert "\n" not in error.line() and len(error.line()) < 500


@settings(_SLOW, max_examples=300)
@given(st.text(alphabet='ab09\\dwsDWS[]^$(){}|*+?.,:-=!<>"xu\ud800é', max_size=14))
def test_no_pattern_is_too_strange(pattern: str) -> None:
    try:
        check_grammar(grammar_of_schema(json.dumps({"type": "string", "pattern": pattern})))
    except SettingError as error:
        assert "\n" not in error.line() and len(error.line()) < 500
