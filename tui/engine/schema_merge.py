"""What several JSON schemas ask for together, as one schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tui.engine.schema_numbers import Bound, bounds_of, exact, fits
from tui.engine.schema_rules import Schema, counts, malformed, refused

NUMBER = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
STRING = ("minLength", "maxLength", "pattern", "format")
ARRAY = ("items", "prefixItems", "additionalItems", "minItems", "maxItems")
OBJECT = (
    "properties", "required", "additionalProperties", "patternProperties", "propertyNames",
    "minProperties", "maxProperties",
)  # fmt: skip
PLAIN = frozenset((*NUMBER, *STRING, *ARRAY, *OBJECT, "type", "enum"))
"""What is looked at in a schema, besides what leads to other schemas; all else is a comment, or ignored."""

KINDS = {
    "object": OBJECT,
    "array": ARRAY,
    "string": STRING,
    "number": NUMBER,
    "integer": NUMBER,
    "boolean": (),
    "null": (),
}
_OF_PYTHON: dict[Any, str] = {
    dict: "object", list: "array", str: "string", bool: "boolean", type(None): "null", int: "integer", float: "number",
}  # fmt: skip


def own(schema: Schema, place: str) -> Schema:
    """What a schema itself asks for, in few words: `enum` for `const`, a list of types, bounds without flags.

    Raises:
        SettingError: something in it is not what it has to be.
    """
    found = {key: value for key, value in schema.items() if key in PLAIN}
    if "type" in found:
        found["type"] = _types(found["type"], place)
    if isinstance(found.get("required"), bool):  # draft 3, about the schema around it
        del found["required"]
    for key, kind in _SHAPES.items():
        if key in found and not isinstance(found[key], kind):
            raise malformed(place, f"{key} has to be {_WORDS[kind]}")
    if found.get("enum") == []:
        raise malformed(place, "enum has no values")
    if not all(isinstance(name, str) for name in found.get("required", [])):
        raise malformed(place, "required has to be a list of names")
    for least, most in _COUNTS:
        counts(found, least, most, place)
    if "const" in schema:
        found = merge(found, {"enum": [schema["const"]]}, place)
    return found


def types_of(schema: Schema) -> list[str]:
    """The types that a schema allows: those it names, or those that its words are about; none for any."""
    if "type" in schema:
        return list(schema["type"])
    return [kind for kind, words in KINDS.items() if kind != "integer" and any(word in schema for word in words)]


def merge(one: Schema, other: Schema, place: str) -> Schema:
    """A schema that asks for what both ask for.

    Raises:
        Unheld: they contradict each other, or it cannot be said.
    """
    if not one or not other:
        return {**one, **other}
    one, other = _beside(one, other), _beside(other, one)
    found = dict(one)
    for key, value in other.items():
        if key in NUMBER[:4]:
            continue
        found[key] = _together(key, found[key], value, place) if key in found else value
    if any(key in other for key in NUMBER[:4]):
        found = {key: value for key, value in found.items() if key not in NUMBER[:4]}
        found.update(_bounds(one, other, place))
    return found


def is_among(value: Any, schema: Schema, place: str) -> bool:
    """Whether one of the values of an `enum` is what else the schema asks for, as far as that is quickly told."""
    kind = _OF_PYTHON[type(value)]
    kinds: list[str] = schema.get("type", [kind])
    if kind not in kinds and not (kind in ("integer", "number") and _is_number(value, kinds)):
        return False
    if kind in ("integer", "number"):
        return fits(exact(value), schema, place)
    if isinstance(value, str):
        least, most = counts(schema, "minLength", "maxLength", place)
        return least <= len(value) and (most is None or len(value) <= most)
    if isinstance(value, dict):
        return all(name in value for name in schema.get("required", []))
    return True


def _is_number(value: float, kinds: list[str]) -> bool:
    return "number" in kinds or ("integer" in kinds and float(value).is_integer())


def _types(value: Any, place: str) -> list[str]:
    types = [value] if isinstance(value, str) else value
    if not isinstance(types, list) or not types:
        raise malformed(place, "type has to be the name of a type, or several")
    for name in types:
        if not isinstance(name, str) or name not in KINDS:
            raise malformed(place, f"there is no type {str(name)[:40]}")
    # a whole number is a number
    return [name for name in dict.fromkeys(types) if name != "integer" or "number" not in types]


def _together(key: str, one: Any, other: Any, place: str) -> Any:
    if one == other and type(one) is type(other):
        return one
    if how := _MERGED.get(key):
        found = how(one, other)
        if found == [] and key in ("type", "enum"):
            raise refused(place, f"no {'type' if key == 'type' else 'value'} fits all that is asked for")
        return found
    raise refused(place, f"two of {key} cannot be held together")


def _common_types(one: list[str], other: list[str]) -> list[str]:
    found = [name for name in one if name in other or (name == "integer" and "number" in other)]
    return found + ["integer"] * ("number" in one and "integer" in other)


def _common_values(one: list[Any], other: list[Any]) -> list[Any]:
    known = {_key(value) for value in other}
    return [value for value in one if _key(value) in known]


def _key(value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, sort_keys=True)


def _both(one: Any, other: Any) -> Any:
    """Two schemas of one thing."""
    if one is False or other is False:
        return False
    return {"allOf": [one, other]}


def _beside(one: Schema, other: Schema) -> Schema:
    """A schema whose properties are what another wants of those that it does not name."""
    wanted = other.get("additionalProperties")
    if not isinstance(wanted, dict) or "properties" not in one:
        return one
    named = other.get("properties", {})
    properties = {name: part if name in named else _both(part, wanted) for name, part in one["properties"].items()}
    return {**one, "properties": properties}


def _both_by_name(one: Schema, other: Schema) -> Schema:
    return {**one, **{name: _both(one[name], value) if name in one else value for name, value in other.items()}}


def _rows(one: list[Any], other: list[Any]) -> list[Any]:
    shorter = min(len(one), len(other))
    return [_both(*pair) for pair in zip(one, other, strict=False)] + one[shorter:] + other[shorter:]


def _bounds(one: Schema, other: Schema, place: str) -> Schema:
    lows, highs = zip(bounds_of(one, place), bounds_of(other, place), strict=True)
    low = max((bound for bound in lows if bound), key=lambda bound: (bound.value, not bound.included), default=None)
    high = min((bound for bound in highs if bound), key=lambda bound: (bound.value, bound.included), default=None)
    return {**_as_words(low, "minimum", "exclusiveMinimum"), **_as_words(high, "maximum", "exclusiveMaximum")}


def _as_words(bound: Bound | None, included: str, excluded: str) -> Schema:
    if bound is None:
        return {}
    whole = bound.value == bound.value.to_integral_value()
    return {included if bound.included else excluded: int(bound.value) if whole else float(bound.value)}


_MERGED: dict[str, Callable[[Any, Any], Any]] = {
    "type": _common_types, "enum": _common_values, "properties": _both_by_name, "patternProperties": _both_by_name,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "items": _both, "additionalItems": _both, "additionalProperties": _both, "propertyNames": _both,
    "prefixItems": _rows, "minLength": max, "minItems": max, "minProperties": max,
    "maxLength": min, "maxItems": min, "maxProperties": min,
}  # fmt: skip
_COUNTS = (("minLength", "maxLength"), ("minItems", "maxItems"), ("minProperties", "maxProperties"))
_WORDS: dict[type, str] = {dict: "an object", list: "an array", str: "a text"}
_SHAPES: dict[str, type] = {
    "properties": dict, "patternProperties": dict, "required": list, "prefixItems": list, "pattern": str,
    "enum": list,
}  # fmt: skip
