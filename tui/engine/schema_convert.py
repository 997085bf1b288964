"""Makes the rules of a grammar of a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

from tui.engine.schema_containers import array_rule, object_rule
from tui.engine.schema_merge import KINDS, NUMBER, is_among, merge, own, types_of
from tui.engine.schema_numbers import integer, number
from tui.engine.schema_pattern import pattern_string
from tui.engine.schema_rules import Rules, Schema, Unheld, counts, json_text, literal, malformed, refused

_LEADING = ("$ref", "allOf", "anyOf", "oneOf")
_FORMATS = ("date", "time", "date-time", "uuid")
_MOST_STEPS = 20_000
_MOST_WAYS = 256


class _Refused(Exception):
    """A rule that others may refer to could not be made."""


_Found = tuple[Schema, str]
"""What is asked for, without anything that leads to other schemas; and where."""


class Converter:
    """Makes rules of the parts of one schema.

    Args:
        schema: the whole schema, into which references point.
    """

    def __init__(self, schema: Any) -> None:
        self._schema = schema
        self._refused: dict[str, Unheld] = {}
        self._steps = 0
        self._begin()

    def _begin(self) -> None:
        self.rules = Rules()
        # the rules of what is referred to, and of what is asked for together
        self._names = {"#": self.rules.reserve("root")}

    def grammar(self) -> str:
        """The grammar of the whole.

        Raises:
            SettingError: the schema is wrong, or cannot be held.
        """
        while True:
            try:
                self.rules.set("root", self.visit(self._schema, "all", "#"))
                return self.rules.text()
            except _Refused:
                self._begin()

    def visit(self, schema: Any, name: str, place: str) -> str:
        """The name of a rule for what a schema allows; it is added.

        Args:
            schema: a schema, or a part of one.
            name: what the rule may be called.
            place: where it stands, as a JSON pointer.

        Raises:
            SettingError: it is wrong.
            Unheld: nothing fits it, or it cannot be held.
        """
        self._step(place)
        if schema is True:
            return self.rules.use("value")
        if schema is False:
            raise refused(place, "false allows nothing")
        if not isinstance(schema, dict):
            raise malformed(place, "there is no schema: it is neither an object nor true or false")
        leading = [key for key in _LEADING if key in schema]
        mine = own(schema, place)
        if not leading:
            return self._plain(mine, name, place)
        if not mine and leading == ["$ref"]:
            return self._reference(schema["$ref"], place)
        if not mine and len(leading) == 1 and leading[0] != "allOf":
            return self._any_of(self._list(schema, leading[0], place), name, place)
        return self._together(schema, name, place)

    def _plain(self, schema: Schema, name: str, place: str) -> str:
        """The rule of a schema that leads to no other."""
        if "enum" in schema:
            values = [value for value in schema["enum"] if is_among(value, schema, place)]
            if not values:
                raise refused(place, "no value of enum is what else is asked for")
            texts = dict.fromkeys(literal(json_text(value)) for value in values)
            return self.rules.add(name, " | ".join(texts))
        kinds = types_of(schema)
        if not kinds:
            return self.rules.use("value")
        if len(kinds) == 1:
            return self._kind(kinds[0], schema, name, place)
        found: list[str] = []
        refusal: Unheld | None = None
        for kind in kinds:
            try:
                found.append(self._kind(kind, schema, f"{name}-{kind}", place))
            except Unheld as error:
                refusal = refusal or error
        return self._either(found, refusal, name, place)

    def _kind(self, kind: str, schema: Schema, name: str, place: str) -> str:
        if not any(word in schema for word in KINDS[kind]):
            return self.rules.use(kind)
        match kind:
            case "object":
                return object_rule(self, schema, name, place)
            case "array":
                return array_rule(self, schema, name, place)
            case "string":
                return self._string(schema, name, place)
            case _:
                make = integer if kind == "integer" else number
                return self.rules.add(name, make({key: schema[key] for key in NUMBER if key in schema}, place))

    def _string(self, schema: Schema, name: str, place: str) -> str:
        least, most = counts(schema, "minLength", "maxLength", place)
        if "pattern" in schema:
            body = pattern_string(schema["pattern"], (least, most), self.rules, name, place)
            return self.rules.add(name, body)
        if schema.get("format") in _FORMATS:
            return self.rules.use(schema["format"])
        if not least and most is None:
            return self.rules.use("string")
        return self.rules.add(name, f'"\\"" {self.rules.repeat(self.rules.use("char"), least, most)} "\\""')

    def _any_of(self, parts: Sequence[tuple[Any, str]], name: str, place: str) -> str:
        found: list[str] = []
        refusal: Unheld | None = None
        for number_, (part, at) in enumerate(parts):
            try:
                found.append(self.visit(part, f"{name}-{number_}", at))
            except Unheld as error:
                refusal = refusal or error
        return self._either(found, refusal, name, place)

    def _either(self, found: list[str], refusal: Unheld | None, name: str, place: str) -> str:
        """A rule for any of several rules. Others could not be made; that matters where nothing but null is left."""
        found = list(dict.fromkeys(found))
        if refusal and found in ([], ["null"]):
            raise refusal
        if not found:
            raise refused(place, "nothing fits all that is asked for")
        return found[0] if len(found) == 1 else self.rules.add(name, " | ".join(found))

    def _together(self, schema: Schema, name: str, place: str) -> str:
        """The rule of a schema that asks for more than one thing at once."""
        ways = self._ways(schema, place, ())
        return self._once(
            json.dumps([way for way, _ in ways]), name, lambda rule: self._any_of(ways, f"{rule}-way", place)
        )

    def _reference(self, reference: Any, place: str) -> str:
        target, at = self._target(reference, place)
        return self._once(at, at.rpartition("/")[2], lambda rule: self.visit(target, f"{rule}-all", at))

    def _once(self, key: str, name: str, make: Callable[[str], str]) -> str:
        """The name of a rule that may refer to itself, made when it is first asked for."""
        if key in self._refused:
            raise self._refused[key]
        if key not in self._names:
            self._names[key] = rule = self.rules.reserve(name)
            try:
                self.rules.set(rule, make(rule))
            except Unheld as error:
                # Other rules may count on this one by now: all are made anew, without it.
                self._refused[key] = error
                raise _Refused from error
        return self._names[key]

    def _ways(self, schema: Any, place: str, trail: tuple[str, ...]) -> list[_Found]:
        """What a schema allows, each way as one schema that leads to no other."""
        self._step(place)
        if schema is True:
            return [({}, place)]
        if schema is False:
            return []
        if not isinstance(schema, dict):
            raise malformed(place, "there is no schema: it is neither an object nor true or false")
        parts: list[list[_Found]] = []
        if "$ref" in schema:
            target, at = self._target(schema["$ref"], place)
            if at in trail:
                raise malformed(place, "it refers to itself")
            parts.append(self._ways(target, at, (*trail, at)))
        for part, at in self._list(schema, "allOf", place):
            parts.append(self._ways(part, at, trail))
        parts.append([(own(schema, place), place)])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                parts.append(
                    [way for part, at in self._list(schema, key, place) for way in self._ways(part, at, trail)]
                )
        found: list[_Found] = [({}, place)]
        for ways in parts:
            found = self._product(found, ways, place)
        return found

    def _product(self, ones: list[_Found], others: list[_Found], place: str) -> list[_Found]:
        found: list[_Found] = []
        refusal: Unheld | None = None
        for one, _ in ones:
            for other, _ in others:
                self._step(place)
                try:
                    found.append((merge(one, other, place), place))
                except Unheld as error:
                    refusal = error
        if len(found) > _MOST_WAYS:
            raise refused(place, "too many combinations are possible")
        if not found and refusal:
            raise refusal
        return found

    def _target(self, reference: Any, place: str) -> _Found:
        """What a reference points to, and where that stands."""
        if not isinstance(reference, str):
            raise malformed(place, "$ref has to be a text")
        if not reference.startswith("#"):
            raise malformed(place, "it refers to another document")
        target = self._schema
        for step in unquote(reference[1:]).split("/")[1:]:
            step = step.replace("~1", "/").replace("~0", "~")
            if isinstance(target, dict) and step in target:
                target = target[step]
            elif isinstance(target, list) and step.isascii() and step.isdigit() and int(step[:9]) < len(target):
                target = target[int(step[:9])]
            else:
                raise malformed(place, f"there is no {reference[:80]}")
        if reference != "#" and not reference.startswith("#/"):
            raise malformed(place, f"there is no {reference[:80]}")
        return target, reference

    def _list(self, schema: Schema, key: str, place: str) -> list[tuple[Any, str]]:
        found = schema.get(key, [])
        if not isinstance(found, list) or (key in schema and not found):
            raise malformed(place, f"{key} has no schemas")
        return [(part, f"{place}/{key}/{number_}") for number_, part in enumerate(found)]

    def _step(self, place: str) -> None:
        """Schemas that refer to each other may have very many combinations."""
        self._steps += 1
        if self._steps > _MOST_STEPS:
            raise malformed(place, "it is too large, or has too many combinations")
