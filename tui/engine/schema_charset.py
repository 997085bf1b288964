"""Sets of characters, and how one of them is written inside a JSON string."""

from __future__ import annotations

from collections.abc import Iterable

from tui.engine.schema_rules import literal

Charset = tuple[tuple[int, int], ...]
"""Ranges of code points, first and last, in order and apart."""

LAST = 0x10FFFF
_SURROGATES = (0xD800, 0xDFFF)
_SHORT = {8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '"', 92: "\\"}
_ESCAPED: Charset = ((0, 31), (34, 34), (92, 92), _SURROGATES)


def union(sets: Iterable[Charset]) -> Charset:
    """All characters of several sets."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(one for ranges in sets for one in ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return tuple(found)


def complement(ranges: Charset) -> Charset:
    """All other characters."""
    found: list[tuple[int, int]] = []
    at = 0
    for first, last in union([ranges, (_SURROGATES,)]):
        if first > at:
            found.append((at, first - 1))
        at = last + 1
    return (*found, (at, LAST)) if at <= LAST else tuple(found)


_WORD: Charset = ((48, 57), (65, 90), (95, 95), (97, 122))
_DIGIT: Charset = ((48, 57),)
_SPACE: Charset = (
    (9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029), (0x202F, 0x202F),
    (0x205F, 0x205F), (0x3000, 0x3000),
)  # fmt: skip
_PERHAPS_SPACE = union([_SPACE, ((0x1C, 0x1F), (0x85, 0x85), (0xFEFF, 0xFEFF))])
_BEYOND: Charset = ((0x80, LAST),)
_NO_WORD = complement(union([_WORD, _BEYOND]))

# What the engines of all languages agree on, and what some of them add: \w is a letter of any script for some.
CLASSES: dict[str, tuple[Charset, Charset]] = {
    "d": (_DIGIT, _DIGIT),
    "D": (complement(_DIGIT), complement(_DIGIT)),
    "w": (_WORD, union([_WORD, _BEYOND])),
    "W": (_NO_WORD, complement(_WORD)),
    "s": (_SPACE, _PERHAPS_SPACE),
    "S": (complement(_PERHAPS_SPACE), complement(_SPACE)),
}
"""Of each class, the characters that are in it for sure, and those that may be."""


def written(ranges: Charset) -> str:
    """An expression for one character of a set inside a JSON string, escaped where JSON wants it so."""
    plain = complement(union([complement(ranges), _ESCAPED]))
    parts = [f"[{''.join(_range(first, last) for first, last in plain)}]"] if plain else []
    special = {
        code for first, last in ranges for code in range(first, min(last, 92) + 1) if code < 32 or code in _SHORT
    }
    if short := "".join(_SHORT[code] for code in sorted(special & _SHORT.keys())):
        parts.append(f'"\\\\" [{short.replace(chr(92), chr(92) * 2)}]')
    others = sorted(special - _SHORT.keys())
    if len(others) == 32 - 5:
        parts.append('"\\\\u00" [01] [0-9a-fA-F]')
    else:
        parts += [literal(f"\\u{code:04x}") for code in others]
    return parts[0] if len(parts) == 1 else f"( {' | '.join(parts)} )"


def plain(ranges: Charset) -> str | None:
    """The only character of a set as it is written inside a JSON string; None where there are several."""
    (first, last), *others = ranges
    if others or first != last:
        return None
    if first in _SHORT:
        return "\\" + _SHORT[first]
    return chr(first) if first >= 32 else f"\\u{first:04x}"


def _range(first: int, last: int) -> str:
    return _code(first) if first == last else f"{_code(first)}-{_code(last)}"


def _code(code: int) -> str:
    if code < 128 and chr(code).isalnum():
        return chr(code)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
