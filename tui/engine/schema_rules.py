"""The rules of a grammar that is made of a JSON schema, and what its parts have in common."""

from __future__ import annotations

import json
import re
from typing import Any

from tui.core.errors import SettingError
from tui.core.text import one_line

Schema = dict[str, Any]

MOST = 100_000
"""Most repetitions that are counted."""
_BLOCK = 100
_ENDLESS = 10_000_000  # no answer is as long as that
_LONGEST_NAME = 48

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9-]+")
_SURROGATE = re.compile("[\ud800-\udfff]")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]")

_HEX = "[0-9a-fA-F]"
# A character written as two escapes is one character, and half of one is none.
_HALVES = f'[dD] [89abAB] {_HEX}{{2}} "\\\\u" [dD] [c-fC-F] {_HEX}{{2}}'
_UNICODE = f"[0-9abcefABCEF] {_HEX}{{3}} | [dD] [0-7] {_HEX}{{2}} | {_HALVES}"
_LEAP = '"0" [48] | [13579] [26] | [2468] [048]'
_LEAP_CENTURY = "[13579] [26] | [2468] [048]"
_BUILT_IN = {
    "space": '" "?',
    "value": "object | array | string | number | boolean | null",
    "object": '"{" space ( member ( "," space member )* )? space "}"',
    "member": 'string space ":" space value',
    "array": '"[" space ( value ( "," space value )* )? space "]"',
    "string": '"\\"" char* "\\""',
    "char": f'[^"\\\\\\x7F\\x00-\\x1F] | "\\\\" ( ["\\\\/bfnrt] | "u" ( {_UNICODE} ) )',
    "number": '"-"? whole ( "." [0-9]{1,16} )? ( [eE] [-+]? [0-9]{1,2} )?',
    "integer": '"0" | "-"? [1-9] [0-9]{0,15}',
    "whole": '"0" | [1-9] [0-9]{0,15}',
    "boolean": '"true" | "false"',
    "null": '"null"',
    "uuid": f'"\\"" {_HEX}{{8}} ( "-" {_HEX}{{4}} ){{3}} "-" {_HEX}{{12}} "\\""',
    "day": (
        '[1-9] [0-9]{3} "-" ( ( "0" [13578] | "1" [02] ) "-" ( "0" [1-9] | [12] [0-9] | "3" [01] )'
        ' | ( "0" [469] | "11" ) "-" ( "0" [1-9] | [12] [0-9] | "30" ) | "02-" ( "0" [1-9] | "1" [0-9] | "2" [0-8] ) )'
        f' | ( [1-9] [0-9] ( {_LEAP} ) | ( {_LEAP_CENTURY} ) "00" ) "-02-29"'
    ),
    "hour": '( [01] [0-9] | "2" [0-3] ) ":" [0-5] [0-9]',
    "moment": 'hour ":" [0-5] [0-9] ( "." [0-9]{1,6} )? ( "Z" | [+-] hour )',
    "date": '"\\"" day "\\""',
    "time": '"\\"" moment "\\""',
    "date-time": '"\\"" day "T" moment "\\""',
}
_NAME = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|([a-z][a-z-]*)')


class Unheld(SettingError):
    """No grammar can hold a model to a part of a schema, or nothing fits it; another part may do instead."""


class Rules:
    """The rules of a grammar by name."""

    def __init__(self) -> None:
        self._rules: dict[str, str] = {}

    def use(self, name: str) -> str:
        """The name of a rule that is always the same, such as `string`; it is added with all it needs."""
        if name not in self._rules:
            self._rules[name] = _BUILT_IN[name]
            for found in _NAME.finditer(_BUILT_IN[name]):
                if found.group(1):
                    self.use(found.group(1))
        return name

    def add(self, name: str, body: str) -> str:
        """Add a rule, under another name where this one is taken; gives its name."""
        name = self._free(name, body)
        self._rules[name] = body
        return name

    def reserve(self, name: str) -> str:
        """A name for a rule to be `set` later, so that it can refer to itself."""
        return self.add(name, "")

    def set(self, name: str, body: str) -> None:
        """Say what a reserved rule is."""
        self._rules[name] = body

    def repeat(self, symbol: str, least: int, most: int | None) -> str:
        """A rule's name repeated, at most `MOST` times; None for any number of times.

        llama.cpp makes a rule of each repetition that may be missing, so many are counted in blocks.
        """
        if most == least:
            return self._times(symbol, least)
        if least < _BLOCK and (most is None or most <= _BLOCK):
            return _few(symbol, least, most)
        head = f"{self._times(symbol, least)} " if least else ""
        if most is None:
            return f"{head}{symbol}*"
        blocks, rest = divmod(most - least, _BLOCK)
        if not blocks:
            return f"{head}{_few(symbol, 0, rest)}"
        block = self._block(symbol)
        last = f"{self._times(block, blocks)} {_few(symbol, 0, rest)}" if rest else self._times(block, blocks)
        return f"{head}( {_few(block, 0, blocks - 1)} {_few(symbol, 0, _BLOCK - 1)} | {last} )"

    def text(self) -> str:
        """The grammar."""
        return "".join(f"{name} ::= {body}\n" for name, body in self._rules.items())

    def _times(self, symbol: str, count: int) -> str:
        if count <= _BLOCK or symbol.endswith("-block"):
            return _few(symbol, count, count)
        blocks, rest = divmod(count, _BLOCK)
        head = _few(self._block(symbol), blocks, blocks)
        return f"{head} {_few(symbol, rest, rest)}" if rest else head

    def _block(self, symbol: str) -> str:
        return self.add(f"{symbol}-block", _few(symbol, _BLOCK, _BLOCK))

    def _free(self, name: str, body: str) -> str:
        name = _NOT_IN_NAMES.sub("-", name)[:_LONGEST_NAME].strip("-") or "part"
        if not name[0].isalpha():
            name = f"n{name}"
        number, free = 0, name
        while free in _BUILT_IN or self._rules.get(free, body) != body or (not body and free in self._rules):
            number += 1
            free = f"{name}-{number}"
        return free


def _few(symbol: str, least: int, most: int | None) -> str:
    if most == 0:
        return '""'
    if most is None:
        return f"{symbol}*" if not least else f"{symbol}+" if least == 1 else f"{symbol}{{{least},}}"
    if most == 1:
        return symbol if least else f"{symbol}?"
    return f"{symbol}{{{least}}}" if least == most else f"{symbol}{{{least},{most}}}"


def counts(schema: Schema, least: str, most: str, place: str) -> tuple[int, int | None]:
    """Two bounds of a schema, such as `minItems` and `maxItems`.

    Raises:
        SettingError: they are no counts, or too large.
        Unheld: nothing is between them.
    """
    low, high = (_count(schema, key, place) for key in (least, most))
    if high is not None and high >= _ENDLESS:
        high = None
    for key, count in ((least, low), (most, high)):
        if count is not None and count > MOST:
            raise refused(place, f"{key} asks for more than {MOST:,} repetitions")
    if high is not None and (low or 0) > high:
        raise refused(place, f"{least} is more than {most}")
    return low or 0, high


def _count(schema: Schema, key: str, place: str) -> int | None:
    value = schema.get(key)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        raise malformed(place, f"{key} has to be a whole number from 0")
    return value


def literal(text: str) -> str:
    """A text as GBNF has it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNPRINTABLE.sub(lambda found: f"\\x{ord(found.group()):02X}", escaped) + '"'


def json_text(value: object) -> str:
    """A value as JSON; characters that no text can have stay escaped."""
    plain = json.dumps(value, ensure_ascii=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", plain)


def malformed(place: str, why: str) -> SettingError:
    """The error for something that no schema may have."""
    return SettingError(_WHAT, why=_reason(place, why), hint=_HINT)


def refused(place: str, why: str) -> Unheld:
    """The error for something that cannot be held."""
    return Unheld(_WHAT, why=_reason(place, why), hint=_HINT)


_WHAT = "The JSON schema cannot be made a grammar"
_HINT = "simplify it, or write a grammar"


def _reason(place: str, why: str) -> str:
    place = one_line(place)
    shown = place if len(place) <= 100 else f"{place[:50]}…{place[-49:]}"
    return f"{why} at {shown}" if place else why
