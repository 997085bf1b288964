"""Objects and arrays of JSON schemas as rules of a grammar."""

from __future__ import annotations

from typing import Any, Protocol

from tui.engine.schema_charset import Charset, complement, written
from tui.engine.schema_rules import Rules, Schema, Unheld, counts, json_text, literal, malformed, refused

_MOST_NAMES = 2000
_MOST_OPTIONAL = 400  # each may follow each before it


class Visitor(Protocol):
    """What makes rules of the schemas inside."""

    rules: Rules

    def visit(self, schema: Any, name: str, place: str) -> str:
        """The name of the rule for a schema."""
        ...


def object_rule(visitor: Visitor, schema: Schema, name: str, place: str) -> str:
    """The rule of an object, with its properties in the order of the schema.

    Others are allowed where the schema says so, or names no properties at all; they come last.

    Raises:
        SettingError: it is wrong.
        Unheld: nothing fits it.
    """
    rules = visitor.rules
    required = schema.get("required", [])
    properties = dict(schema.get("properties", {}))
    others = _others(schema)
    if schema.get("additionalProperties") is not False:
        for key in required:
            properties.setdefault(key, True if others is None else others)
    rules.use("space")
    if len(properties) - len(required) > _MOST_OPTIONAL:
        raise refused(place, f"more than {_MOST_OPTIONAL} properties may be missing")
    members = [
        (_property(visitor, key, part, f"{name}-{key}", f"{place}/properties/{_escaped(key)}"), key in required)
        for key, part in properties.items()
    ]
    more = _more(visitor, schema, others, list(properties), name, place)
    least, most = counts(schema, "minProperties", "maxProperties", place)
    if more and not members:
        tail = rules.add(f"{name}-next", f'"," space {more}')
        return rules.add(name, f'"{{" space {_listed(rules, more, tail, least, most)} space "}}"')
    if least > len(members) and not more:
        raise refused(place, f"minProperties is {least}, and there are {len(members)} properties")
    return rules.add(name, f'"{{" space {_in_order(rules, members, more, name, least)} space "}}"')


def array_rule(visitor: Visitor, schema: Schema, name: str, place: str) -> str:
    """The rule of an array.

    Items that have a schema of their own have to be there, unless `minItems` says otherwise.

    Raises:
        SettingError: it is wrong.
        Unheld: nothing fits it.
    """
    rules = visitor.rules
    rules.use("space")
    first, rest = schema.get("prefixItems"), schema.get("items", True)
    where = "prefixItems"
    if first is None and isinstance(rest, list):  # before draft 2020
        first, rest, where = rest, schema.get("additionalItems", True), "items"
    elif first is not None and "items" not in schema:
        rest = None
    first = first or []
    least, most = counts(schema, "minItems", "maxItems", place)
    if rest is None:  # not said: there are more of them only where they are asked for
        rest = least > len(first)
    if "minItems" not in schema:
        least = len(first) if most is None else min(len(first), most)
    if rest is False:
        most = len(first) if most is None else min(most, len(first))
    if most is not None and least > most:
        raise refused(place, f"minItems is {least}, and there can be {most} items")
    kept = first if most is None else first[:most]
    items = [visitor.visit(part, f"{name}-{at}", f"{place}/{where}/{at}") for at, part in enumerate(kept)]
    if most is not None and most <= len(items):
        return rules.add(name, f'"[" space {_some_of(items, least)} space "]"')
    try:
        item = visitor.visit(rest, f"{name}-item", f"{place}/items")
    except Unheld:
        if least > len(items):
            raise
        return rules.add(name, f'"[" space {_some_of(items, least)} space "]"')
    tail = rules.add(f"{name}-next", f'"," space {item}')
    if not items:
        return rules.add(name, f'"[" space {_listed(rules, item, tail, least, most)} space "]"')
    after = rules.repeat(tail, max(0, least - len(items)), None if most is None else most - len(items))
    return rules.add(name, f'"[" space {_some_of(items, least, after)} space "]"')


def _listed(rules: Rules, item: str, tail: str, least: int, most: int | None) -> str:
    """Items of one kind; `tail` is one with a comma before it."""
    if most == 0:
        return ""
    several = f"{item} {rules.repeat(tail, max(0, least - 1), None if most is None else most - 1)}"
    return several if least else f"( {several} )?"


def _some_of(items: list[str], least: int, after: str = "") -> str:
    """The first `least` of some items, and the others as long as none is left out."""
    text = after
    for number in range(len(items) - 1, -1, -1):
        text = f"{'' if not number else chr(34) + ',' + chr(34) + ' space '}{items[number]} {text}".strip()
        if number >= least:
            text = f"( {text} )?"
    return text


def _in_order(rules: Rules, members: list[tuple[str, bool]], more: str | None, name: str, least: int) -> str:
    """Properties one by one, those that may be missing with the commas that are theirs."""
    if not members:
        return ""
    others = f' ( "," space {more} )*' if more else ""
    needed = next((at for at, (_, required) in enumerate(members) if required), None)
    if needed is not None:
        before = [f'( {member} "," space )?' for member, _ in members[:needed]]
        after = [
            f'"," space {member}' if required else f'( "," space {member} )?'
            for member, required in members[needed + 1 :]
        ]
        return " ".join([*before, members[needed][0], *after]) + others
    # No property has to be there: each may be the first.
    choices = [f"{more}{others}"] if more else []
    rest = others.strip()
    for number in range(len(members) - 1, -1, -1):
        member = members[number][0]
        following = rules.add(f"{name}-rest-{number}", rest) if rest else ""
        choices.append(f"{member} {following}".strip())
        rest = f'( "," space {member} )? {following}'.strip()
    return f"( {' | '.join(reversed(choices))} )" + "?" * (not least)


def _property(visitor: Visitor, key: str, schema: Any, name: str, place: str) -> str:
    value = visitor.visit(schema, name, place)
    return visitor.rules.add(f"{name}-kv", f'{literal(json_text(key))} space ":" space {value}')


def _others(schema: Schema) -> Any:
    """The schema of properties that have none of their own; None where there are no such properties."""
    others = schema.get("additionalProperties")
    if others is False:
        return None
    if others is None and ("properties" in schema or "patternProperties" in schema):
        return None
    return True if others is None else others


def _more(visitor: Visitor, schema: Schema, others: Any, names: list[str], name: str, place: str) -> str | None:
    """The rule of a property that the schema does not name; None where there is none."""
    rules = visitor.rules
    patterns = schema.get("patternProperties", {})
    if names and (patterns or "propertyNames" in schema):  # the same name could come twice, with other values
        return None
    if patterns:
        if len(patterns) > 1:
            raise refused(place, "patternProperties can only be held with one pattern")
        ((pattern, others),) = patterns.items()
        key = visitor.visit({"type": "string", "pattern": pattern}, f"{name}-key", f"{place}/patternProperties")
    elif others is None:
        return None
    elif "propertyNames" in schema:
        part = schema["propertyNames"]
        wanted = {"allOf": [part, {"type": "string"}]} if isinstance(part, dict) else part
        key = visitor.visit(wanted, f"{name}-key", f"{place}/propertyNames")
    elif names:
        key = rules.add(f"{name}-key", f'"\\"" {_other_than(rules, names, f"{name}-key", place)} "\\""')
    else:
        key = rules.use("string")
    value_rule = visitor.visit(others, f"{name}-value", f"{place}/additionalProperties")
    return rules.add(f"{name}-member", f'{key} space ":" space {value_rule}')


def _other_than(rules: Rules, names: list[str], name: str, place: str) -> str:
    """The texts that are none of some names, character by character; escapes only where they differ already."""
    if sum(map(len, names)) > _MOST_NAMES * 10 or max(map(len, names)) > _MOST_NAMES // 10:
        raise malformed(place, "the names of its properties are too long")
    char = rules.use("char")
    following: dict[str, list[str]] = {}
    for one in names:
        if one:
            following.setdefault(one[0], []).append(one[1:])
    taken: Charset = tuple((ord(character), ord(character)) for character in following)
    plain = complement(((0, 0x1F), (34, 34), (92, 92), *taken))
    choices = [f"{written(plain)} {char}*"]
    for character, rests in following.items():
        if ord(character) >= 32 and character not in '"\\' and not 0xD800 <= ord(character) <= 0xDFFF:
            inner = rules.add(f"{name}-of", _other_than(rules, rests, name, place))
            choices.append(f"{literal(character)} {inner}")
    body = " | ".join(choices)
    return f"( {body} )" if "" in names else f"( {body} )?"


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
