"""Reads the regular expressions of JSON schemas (ECMA-262) as far as a grammar can hold them."""

from __future__ import annotations

from dataclasses import dataclass

from tui.engine.schema_charset import CLASSES, Charset, complement, union
from tui.engine.schema_rules import MOST, malformed, refused

_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_AHEAD = {
    "(?=": "it looks ahead", "(?!": "it looks ahead", "(?<=": "it looks back", "(?<!": "it looks back",
}  # fmt: skip
_DEEPEST = 100


@dataclass(frozen=True, slots=True)
class Set:
    """One character of a set."""

    ranges: Charset


@dataclass(frozen=True, slots=True)
class Anything:
    """One character, whatever it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several."""

    choices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Several times; `most` None for any number of times."""

    part: Node
    least: int
    most: int | None


Node = Set | Anything | Row | Either | Repeat


def read(pattern: str, place: str) -> list[Row]:
    """What a whole text may be in which a pattern is found, each way in turn.

    Where it has no `^` or `$` at its end, any characters are allowed there.

    Raises:
        SettingError: it is no regular expression.
        Unheld: it has something that no grammar can hold, such as a look ahead.
    """
    return _Reader(pattern, place).read()


class _Reader:
    def __init__(self, pattern: str, place: str) -> None:
        self._text = pattern
        self._place = place
        self._at = 0
        self._depth = 0

    def read(self) -> list[Row]:
        rows = [self._anchored()]
        while self._take("|"):
            rows.append(self._anchored())
        if self._at < len(self._text):
            raise self._wrong("it closes a group that is not open")
        return rows

    def _anchored(self) -> Row:
        """One of the outermost alternatives: anchors are at its ends."""
        begins = False
        while self._take("^"):
            begins = True
        parts = self._row()
        ends = False
        while self._take("$"):
            ends = True
        if self._at < len(self._text) and self._text[self._at] not in "|)":
            raise self._unheld("it has $ inside")
        anything = Repeat(Anything(), 0, None)
        return Row((*(() if begins else (anything,)), *parts, *(() if ends else (anything,))))

    def _row(self) -> list[Node]:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)$":
            parts.append(self._repeated(self._atom()))
        return parts

    def _atom(self) -> Node:
        character = self._text[self._at]
        if character == "(":
            return self._group()
        self._at += 1
        if character == "[":
            return Set(self._class())
        if character == ".":
            return Set(complement(((10, 10), (13, 13), (0x2028, 0x2029))))
        if character == "\\":
            return Set(self._escape()[0])
        if character == "^":
            raise self._unheld("it has ^ inside")
        if character in "*+?":
            raise self._wrong("there is nothing to repeat")
        return Set(self._only(character))

    def _group(self) -> Node:
        rest = self._text[self._at : self._at + 4]
        for mark, why in _AHEAD.items():
            if rest.startswith(mark):
                raise self._unheld(why)
        self._at += 1
        if self._take("?"):
            self._group_kind()
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._unheld("it is nested too deep")
        choices: list[Node] = [Row(tuple(self._row()))]
        while self._take("|"):
            choices.append(Row(tuple(self._row())))
        if self._at < len(self._text) and self._text[self._at] == "$":
            raise self._unheld("it has $ inside a group")
        if not self._take(")"):
            raise self._wrong("a group does not end")
        self._depth -= 1
        return choices[0] if len(choices) == 1 else Either(tuple(choices))

    def _group_kind(self) -> None:
        """What follows `(?`: nothing that matters, or a name."""
        if self._take(":"):
            return
        self._take("P")
        if not self._take("<"):
            raise self._unheld("it has flags or conditions (?…)")
        end = self._text.find(">", self._at)
        if end < 0:
            raise self._wrong("the name of a group does not end")
        self._at = end + 1

    def _repeated(self, part: Node) -> Node:
        while self._at < len(self._text):
            character = self._text[self._at]
            if character in "*+?":
                self._at += 1
                least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[character]
            elif character == "{" and (found := self._bounds()) is not None:
                least, most = found
            else:
                break
            self._take("?")  # lazy: the same texts
            part = Repeat(part, least, most)
        return part

    def _bounds(self) -> tuple[int, int | None] | None:
        """`{2}`, `{2,}` or `{2,5}`; None for a plain brace."""
        end = self._text.find("}", self._at)
        low, comma, high = self._text[self._at + 1 : max(end, 0)].partition(",")
        if not (low.isascii() and low.isdigit() and (not high or (high.isascii() and high.isdigit()))):
            return None
        least, most = int(low[:9]), int(high[:9]) if high else None if comma else int(low[:9])
        if max(least, most or 0) > MOST:
            raise self._unheld(f"pattern asks for more than {MOST:,} repetitions", whole=True)
        if most is not None and most < least:
            raise self._wrong("the second number of a repetition is smaller than the first")
        self._at = end + 1
        return least, most

    def _class(self) -> Charset:
        negated = self._take("^")
        narrow: list[Charset] = []
        wide: list[Charset] = []
        if self._at_end("]"):  # a bracket of nothing, or one that has a bracket in it: languages differ
            raise self._unheld("a bracket begins with ]")
        while not self._at_end("]"):
            sure, possible, single = self._member()
            after = self._text[self._at : self._at + 2]
            if single is not None and after[:1] == "-" and after[1:] not in ("]", ""):
                self._at += 1
                _, _, last = self._member()
                if last is None or last < single:
                    raise self._wrong("a range ends before it begins")
                sure = possible = ((single, last),)
            narrow.append(sure)
            wide.append(possible)
        self._at += 1
        found = complement(union(wide)) if negated else union(narrow)
        if not found:
            raise self._unheld("a bracket allows no character")
        return found

    def _member(self) -> tuple[Charset, Charset, int | None]:
        """Of one character or class in brackets: what is in it, what may be in it, and the only one."""
        if self._at >= len(self._text):
            raise self._wrong("a bracket does not end")
        character = self._text[self._at]
        self._at += 1
        if character == "\\":
            return self._escape(bracket=True)
        only = self._only(character)
        return only, only, ord(character)

    def _escape(self, *, bracket: bool = False) -> tuple[Charset, Charset, int | None]:
        if self._at >= len(self._text):
            raise self._wrong("it ends with \\")
        character = self._text[self._at]
        self._at += 1
        if character in CLASSES:
            return *CLASSES[character], None
        if character in _CONTROLS:
            code = ord(_CONTROLS[character])
        elif character == "b" and bracket:
            code = 8
        elif character in "xu":
            code = self._hexadecimal(2 if character == "x" else 4)
        elif character.isalnum():
            raise self._unheld(f"it has \\{character}")
        else:
            code = ord(character)
        only = self._only(chr(code))
        return only, only, code

    def _only(self, character: str) -> Charset:
        if 0xD800 <= ord(character) <= 0xDFFF:
            raise self._unheld("it has half a character")
        return ((ord(character), ord(character)),)

    def _hexadecimal(self, size: int) -> int:
        digits = self._text[self._at : self._at + size]
        if len(digits) < size or not _HEXADECIMAL.issuperset(digits):
            raise self._wrong(f"an escape needs {size} hexadecimal digits")
        self._at += size
        return int(digits, 16)

    def _at_end(self, character: str) -> bool:
        return self._at < len(self._text) and self._text[self._at] == character

    def _take(self, character: str) -> bool:
        found = self._at_end(character)
        self._at += found
        return found

    def _unheld(self, why: str, *, whole: bool = False) -> Exception:
        return refused(self._place, why if whole else f"no grammar can hold its pattern: {why}")

    def _wrong(self, why: str) -> Exception:
        return malformed(self._place, f"its pattern is no regular expression: {why}")
