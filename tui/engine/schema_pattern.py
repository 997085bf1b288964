"""Patterns of JSON schemas as GBNF."""

from __future__ import annotations

from dataclasses import replace

from tui.engine.schema_charset import plain, written
from tui.engine.schema_regex import Anything, Either, Node, Repeat, Row, Set, read
from tui.engine.schema_rules import MOST, Rules, literal, refused

_KNOWN = {
    # pydantic's Decimal: what looks ahead only asks for a digit
    r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$": r"^[+-]?(\d+\.?\d*|\.\d+)$",
}

_MOST_WAYS = 2000

Width = tuple[int, int | None]
"""Fewest and most characters; None for any number."""


def pattern_string(pattern: str, length: Width, rules: Rules, name: str, place: str) -> str:
    """An expression for the JSON strings in which a pattern is found.

    Args:
        pattern: a regular expression.
        length: the length that they may have besides, in characters.
        rules: where rules that it needs are added.
        name: what their names begin with.
        place: where the schema stands.

    Raises:
        SettingError: it is no regular expression.
        Unheld: no grammar can hold it.
    """
    rows = read(_KNOWN.get(pattern, pattern), place)
    if max(map(_ways, rows)) > _MOST_WAYS:
        raise refused(place, "no grammar can hold its pattern: its repetitions have too many repetitions inside")
    fitting = [_within(row, length, place) for row in rows]
    writer = _Writer(rules, name)
    found = [writer.row(row) for row in fitting if row is not None]
    if not found:
        raise refused(place, "no text fits its pattern and its length")
    inside = found[0] if len(found) == 1 else f"( {' | '.join(found)} )"
    return f'"\\"" {inside} "\\""'


class _Writer:
    def __init__(self, rules: Rules, name: str) -> None:
        self._rules = rules
        self._name = name

    def row(self, row: Row) -> str:
        parts: list[str] = []
        text = ""
        for part in row.parts:
            character = plain(part.ranges) if isinstance(part, Set) else None
            if character is not None:
                text += character
                continue
            if text:
                parts.append(literal(text))
                text = ""
            parts.append(self._one(part))
        if text or not parts:
            parts.append(literal(text))
        return " ".join(parts)

    def _one(self, node: Node) -> str:
        match node:
            case Set():
                return written(node.ranges)
            case Anything():
                return self._rules.use("char")
            case Row():
                return f"( {self.row(node)} )"
            case Either():
                return f"( {' | '.join(self._one(choice) for choice in node.choices)} )"
            case Repeat():
                return self._repeat(node)

    def _repeat(self, node: Repeat) -> str:
        if node.most == 0:
            return '""'
        if (node.least, node.most) == (1, 1):
            return self._one(node.part)
        if isinstance(node.part, Anything):
            symbol = self._rules.use("char")
        else:
            symbol = self._rules.add(f"{self._name}-part", self._one(node.part))
        return self._rules.repeat(symbol, node.least, node.most)


def _within(row: Row, length: Width, place: str) -> Row | None:
    """A row, with a repetition of it shortened or lengthened so that the whole has a length; None where it cannot."""
    least, most = length
    low, high = _width(row)
    if low >= least and (most is None or (high is not None and high <= most)):
        return row
    if (high is not None and high < least) or (most is not None and low > most):
        return None
    loose = [number for number, part in enumerate(row.parts) if _is_loose(part)]
    part = row.parts[loose[0]]
    if len(loose) > 1 or not isinstance(part, Repeat) or _width(part.part) != (1, 1):
        raise refused(place, "no grammar can hold its pattern and its length together")
    others = low - part.least
    bounds = [bound for bound in (part.most, None if most is None else most - others) if bound is not None]
    changed = replace(part, least=max(part.least, least - others), most=min(bounds) if bounds else None)
    return Row((*row.parts[: loose[0]], changed, *row.parts[loose[0] + 1 :]))


def _ways(node: Node) -> int:
    """In how many ways a text may be counted: llama.cpp follows all of them, at each of its characters."""
    match node:
        case Row():
            return max(map(_ways, node.parts), default=1)
        case Either():
            return max(map(_ways, node.choices))
        case Repeat():
            times = max(node.least, node.most or 1)
            inside = _ways(node.part)
            return (
                min(times * inside, 10 * _MOST_WAYS) if _is_loose(node.part) or times * inside <= _MOST_WAYS else inside
            )
        case _:
            return 1


def _is_loose(node: Node) -> bool:
    low, high = _width(node)
    return low != high


def _width(node: Node) -> Width:
    match node:
        case Set() | Anything():
            return 1, 1
        case Row():
            widths = [_width(part) for part in node.parts]
            highs = [high for _, high in widths if high is not None]
            return sum(low for low, _ in widths), sum(highs) if len(highs) == len(widths) else None
        case Either():
            widths = [_width(choice) for choice in node.choices]
            highs = [high for _, high in widths if high is not None]
            return min(low for low, _ in widths), max(highs) if len(highs) == len(widths) else None
        case Repeat():
            low, high = _width(node.part)
            most = None if node.most is None or high is None else min(high * node.most, 10 * MOST)
            return min(low * node.least, 10 * MOST), 0 if node.most == 0 or high == 0 else most
