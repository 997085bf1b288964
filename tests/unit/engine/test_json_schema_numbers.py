"""Bounds of numbers: exactly what is within them comes through."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.grammars import Grammars
from tui.core.errors import SettingError
from tui.engine.json_schema import grammar_of_schema
from tui.engine.schema_numbers import integer, number
from tui.engine.schema_rules import Unheld

_EDGES = (
    *range(-12, 13), -1100, -1099, -1001, -1000, -999, -998, -501, -110, -101, -100, -99, -90, -89, -21, -20, -19,
    19, 20, 21, 89, 90, 99, 100, 101, 109, 110, 199, 200, 345, 555, 899, 900, 998, 999, 1000, 1001, 1099, 1100,
)  # fmt: skip
_NEAR = range(-1100, 1101)
_TEXTS = {str(value): value for value in _NEAR}


@pytest.fixture(scope="module")
def grammars(tiny_gguf: Path) -> Iterator[Grammars]:
    """Grammars held by llama.cpp."""
    held = Grammars(tiny_gguf)
    yield held
    held.close()


def as_regex(expression: str) -> re.Pattern[str]:
    """An expression of GBNF without names as a regular expression."""
    parts = re.findall(r'"[^"]*"|[^"\s]+', expression)
    return re.compile("".join(re.escape(part[1:-1]) if part[0] == '"' else part for part in parts))


def among(pattern: re.Pattern[str]) -> set[int]:
    """The whole numbers near 0 that an expression lets through."""
    return {value for text, value in _TEXTS.items() if pattern.fullmatch(text)}


def test_every_range_of_whole_numbers() -> None:
    for low, high in combinations_with_replacement(sorted(_EDGES), 2):
        pattern = as_regex(integer({"minimum": low, "maximum": high}, "#"))
        assert among(pattern) == set(range(low, high + 1)), (low, high)


@pytest.mark.parametrize("edge", sorted(_EDGES))
def test_ranges_with_one_end(edge: int) -> None:
    assert among(as_regex(integer({"minimum": edge}, "#"))) == set(range(edge, 1101))
    assert among(as_regex(integer({"maximum": edge}, "#"))) == set(range(-1100, edge + 1))
    assert among(as_regex(integer({"exclusiveMinimum": edge}, "#"))) == set(range(edge + 1, 1101))
    assert among(as_regex(integer({"exclusiveMaximum": edge}, "#"))) == set(range(-1100, edge))


@pytest.mark.parametrize(
    "schema",
    [
        {"minimum": -1100, "maximum": -7}, {"minimum": -35, "maximum": 1042}, {"minimum": 18}, {"maximum": -100},
        {"exclusiveMinimum": 0}, {"minimum": -60, "exclusiveMaximum": 1000.5, "multipleOf": 5},
    ],
)  # fmt: skip
def test_llama_cpp_holds_them_too(grammars: Grammars, schema: dict[str, Any]) -> None:
    text = grammar_of_schema(json.dumps({"type": "integer", **schema}))
    pattern = as_regex(integer(schema, "#"))
    found = {value for said, value in _TEXTS.items() if grammars.accepts(text, said)}
    low, high = schema.get("minimum", -1100), schema.get("maximum", 1100)
    assert found == among(pattern) and found
    assert all(low <= value <= high and value % schema.get("multipleOf", 1) == 0 for value in found)


@pytest.mark.parametrize(("low", "high"), [(10**17, None), (None, -(10**25)), (-(10**20), 10**20), (2**63, 2**64)])
def test_large_bounds(low: int | None, high: int | None) -> None:
    schema = {key: value for key, value in (("minimum", low), ("maximum", high)) if value is not None}
    pattern = as_regex(integer(schema, "#"))
    for edge in schema.values():
        for value in range(edge - 3, edge + 4):
            within = (low is None or value >= low) and (high is None or value <= high)
            assert bool(pattern.fullmatch(str(value))) == within, value


_DECIMALS = st.decimals(-1100, 1100, places=3) | st.decimals(-3, 3, places=1) | st.integers(-20, 20).map(Decimal)


@given(st.lists(_DECIMALS, min_size=2, max_size=2), st.lists(_DECIMALS, max_size=20), st.booleans(), st.booleans())
def test_numbers_are_within_their_bounds(
    ends: list[Decimal], others: list[Decimal], with_low: bool, with_high: bool
) -> None:
    low, high = sorted(ends)
    schema = {
        "minimum" if with_low else "exclusiveMinimum": float(low),
        "maximum" if with_high else "exclusiveMaximum": float(high),
    }
    try:
        pattern = as_regex(number(schema, "#"))
    except Unheld:
        assert low == high and not (with_low and with_high)
        return
    step = Decimal("0.001")
    for value in {low, low - step, low + step, high, high - step, high + step, *others}:
        within = (low <= value if with_low else low < value) and (value <= high if with_high else value < high)
        for text in {
            f"{value:f}",
            f"{value:f}00" if "." in f"{value:f}" else f"{value:f}.00",
            f"{value.normalize():f}",
        }:
            if not (text.startswith("-") and value == 0):
                assert bool(pattern.fullmatch(text)) == within, text


@given(_DECIMALS, st.integers(0, 4), st.lists(_DECIMALS, min_size=5, max_size=20))
def test_numbers_of_few_places_with_one_end(low: Decimal, places: int, others: list[Decimal]) -> None:
    pattern = as_regex(number({"minimum": float(low), "multipleOf": float(Decimal(1).scaleb(-places))}, "#"))
    for value in (low, *others):
        text = f"{value.normalize():f}"
        written = len(text.partition(".")[2])
        if value != 0:
            assert bool(pattern.fullmatch(text)) == (value >= low and written <= places), text


def test_tiny_numbers_and_too_many_digits() -> None:
    pattern = as_regex(number({"exclusiveMinimum": 0, "maximum": 1e-9}, "#"))
    assert pattern.fullmatch("0.000000001") and pattern.fullmatch("0.0000000005")
    assert not pattern.fullmatch("0") and not pattern.fullmatch("0.0") and not pattern.fullmatch("0.000000002")
    assert as_regex(number({"maximum": 1e300}, "#")).fullmatch("-5.5")
    with pytest.raises(SettingError, match="more than 40 digits"):
        number({"minimum": 1e-300}, "#")
