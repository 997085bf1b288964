"""Reads GBNF, llama.cpp's notation for grammars, by the rules of its own parser (`src/llama-grammar.cpp`).

llama.cpp prints what is wrong with a grammar to standard error, where the terminal application draws, and takes some
that make it loop for ever. So a grammar is read here first.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.core.errors import SettingError
from tui.core.text import one_line

MOST_REPETITIONS = 2000  # llama.cpp's MAX_REPETITION_THRESHOLD
_MOST_NESTED = 1024  # llama.cpp calls itself for each parenthesis
_MOST_RULES = 20_000  # and for each rule in a chain of rules
_MOST_ELEMENTS = 1_000_000
_MOST_COPIES = 500

_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
_DIGITS = frozenset("0123456789")
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}
_ESCAPES = frozenset('trn\\"[]-')

Alternative = list[str | None]
"""A sequence: names of rules, and None for each character."""
Rule = list[Alternative]


@dataclass(slots=True)
class _Frame:
    """A rule or a parenthesis being read.

    Attributes:
        rule: its alternatives; the last one grows.
        start: where the last symbol begins, which a repetition repeats.
        width: elements that llama.cpp has for it.
        weight: llama.cpp's count of the rules that its repetition would multiply.
        symbols: how many names there were before.
    """

    rule: Rule = field(default_factory=lambda: [[]])
    start: int = 0
    width: int = 0
    weight: int = 1
    symbols: int = 0

    @property
    def current(self) -> Alternative:
        return self.rule[-1]

    def add(self, *elements: str | None, weight: int = 1) -> None:
        """Append a symbol."""
        self.start, self.width, self.weight = len(self.current), len(elements), weight
        self.current.extend(elements)


def parse(text: str) -> dict[str, Rule]:
    """The rules of a grammar by name; those of parentheses and repetitions have names with a `_`.

    Of a symbol repeated n times a few copies are kept: what can follow what is the same.

    Raises:
        SettingError: it is not GBNF; the line tells where.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text + "\0"  # as in C: there is always a character to look at
        self._at = 0
        self._rules: dict[str, Rule] = {}
        self._used: dict[str, int] = {}
        self._made = 0
        self._elements = 0

    def parse(self) -> dict[str, Rule]:
        if "\0" in self._text[:-1]:
            raise SettingError("The grammar cannot be read", why="it is not text")
        self._skip_space()
        while self._peek() != "\0":
            self._rule()
        for name, at in self._used.items():
            if name not in self._rules:
                self._at = at
                raise self._error(f"there is no rule called {name}", "")
        if "root" not in self._rules:
            raise SettingError("The grammar is wrong", why="it has no rule called root, where it would begin")
        return self._rules

    def _rule(self) -> None:
        name = self._name()
        self._used.setdefault(name, self._at)
        self._skip_space(newline=False)
        if not self._text.startswith("::=", self._at):
            raise self._error("expecting ::=")
        self._at += 3
        self._skip_space()
        self._rules[name] = self._alternatives()
        if self._peek() not in "\r\n\0":
            raise self._error("expecting a new line or the end")
        self._skip_space()

    def _alternatives(self) -> Rule:
        """What stands right of `::=`."""
        frames = [_Frame()]
        while True:
            frame, character = frames[-1], self._peek()
            if character == "(":
                self._open(frames)
            elif character == ")" and len(frames) > 1:
                self._close(frames)
            elif character == "|":
                self._at += 1
                frame.rule.append([])
                frame.start, frame.width, frame.weight = 0, 0, 1
                self._skip_space()
                continue
            elif not self._symbol(frame, character, nested=len(frames) > 1):
                break
            self._skip_space(newline=len(frames) > 1)
            self._limit(frames)
        if len(frames) > 1:
            raise self._error("expecting )")
        return frame.rule

    def _symbol(self, frame: _Frame, character: str, *, nested: bool) -> bool:
        """Read one symbol or repetition; False when there is none here."""
        if character == '"':
            frame.add(*[None] * self._literal())
        elif character == "[":
            frame.add(*[None] * self._class())
        elif character == ".":
            self._at += 1
            frame.add(None)
        elif character in _WORD:
            at, name = self._at, self._name()
            self._used.setdefault(name, at)
            frame.add(name)
        elif character in "*+?":
            self._at += 1
            self._repeat(frame, *{"*": (0, None), "+": (1, None), "?": (0, 1)}[character])
        elif character == "{":
            self._at += 1
            self._repeat(frame, *self._bounds(nested=nested))
        elif character in "<!":
            # llama.cpp ends the process when such a rule meets a token that reaches past it.
            raise self._error("rules for single tokens (<...>) are not supported", "write the text in quotes")
        else:
            return False
        return True

    def _open(self, frames: list[_Frame]) -> None:
        if len(frames) > _MOST_NESTED:
            raise self._error(f"parentheses are nested more than {_MOST_NESTED:,} deep", "")
        self._at += 1
        frames.append(_Frame(symbols=self._symbols))
        self._made += 1

    def _close(self, frames: list[_Frame]) -> None:
        self._at += 1
        inner = frames.pop()
        frames[-1].add(self._store(inner.rule), weight=max(1, self._symbols - inner.symbols))

    def _literal(self) -> int:
        self._at += 1
        count = 0
        while self._peek() != '"':
            self._character()
            count += 1
        self._at += 1
        return count

    def _class(self) -> int:
        self._at += 2 if self._text.startswith("[^", self._at) else 1
        count = 0
        while self._peek() != "]":
            self._character()
            count += 1
            if self._peek() == "-" and self._text[self._at + 1] != "]":
                self._at += 1
                self._character()
                count += 1
        self._at += 1
        return count

    def _character(self) -> None:
        character = self._peek()
        if character == "\0":
            raise self._error("unexpected end", "")
        if character != "\\":
            self._at += 1
            return
        escape = self._text[self._at + 1]
        if size := _HEX_ESCAPES.get(escape):
            digits = self._text[self._at + 2 : self._at + 2 + size]
            if len(digits) < size or not _HEXADECIMAL.issuperset(digits):
                raise self._error(f"expecting {size} hexadecimal digits")
            self._at += 2 + size
        elif escape in _ESCAPES:
            self._at += 2
        else:
            raise self._error("unknown escape")

    def _bounds(self, *, nested: bool) -> tuple[int, int | None]:
        """What stands in `{...}`."""
        self._skip_space(newline=nested)
        least = self._number()
        most: int | None = least
        self._skip_space(newline=nested)
        if self._peek() == ",":
            self._at += 1
            self._skip_space(newline=nested)
            most = self._number() if self._peek() in _DIGITS else None
            self._skip_space(newline=nested)
        if self._peek() != "}":
            raise self._error("expecting }")
        if least > MOST_REPETITIONS:
            raise self._error(f"no symbol can be repeated more than {MOST_REPETITIONS:,} times", "")
        if most is not None and most < least:
            raise self._error("the second number is smaller than the first", "")
        self._at += 1
        return least, None if most is None or most > MOST_REPETITIONS else most

    def _repeat(self, frame: _Frame, least: int, most: int | None) -> None:
        """Rewrite the last symbol S: S{m,n} is S S ... S' with S' ::= S S' | and nothing."""
        symbol = frame.current[frame.start :]
        if not symbol:
            raise self._error("there is nothing to repeat before this", "")
        total = most or least or 1
        if frame.weight * total > MOST_REPETITIONS:
            raise self._error(f"this repeats more than {MOST_REPETITIONS:,} rules", "")
        optional = 1 if most is None else most - least
        self._elements += (least + optional) * (frame.width + 3)
        frame.weight *= total
        frame.width = frame.width * least + bool(optional)
        # A name may stand for nothing, and how often that is repeated matters.
        copies = _MOST_COPIES if len(symbol) == 1 and symbol[0] is not None else 2
        frame.current[frame.start :] = symbol * min(least, copies)
        self._made += optional
        if most is None:
            frame.current.append(self._store([[*symbol, self._next_name()], []]))
        elif optional:
            rest = [self._store([symbol * min(optional - 1, copies - 1), []])] if optional > 1 else []
            frame.current.append(self._store([[*symbol, *rest], []]))

    def _store(self, rule: Rule) -> str:
        name = self._next_name()
        self._rules[name] = rule
        return name

    def _next_name(self) -> str:
        return f"_{len(self._rules)}"

    @property
    def _symbols(self) -> int:
        """Names that llama.cpp would know by now."""
        return len(self._used) + self._made

    def _limit(self, frames: list[_Frame]) -> None:
        if self._symbols > _MOST_RULES or self._elements + len(frames[-1].current) > _MOST_ELEMENTS:
            raise self._error("it is too large: llama.cpp would take very long", "")

    def _name(self) -> str:
        start = self._at
        while self._peek() in _WORD:
            self._at += 1
        if start == self._at:
            raise self._error("expecting the name of a rule")
        return self._text[start : self._at]

    def _number(self) -> int:
        start = self._at
        while self._peek() in _DIGITS:
            self._at += 1
        if start == self._at:
            raise self._error("expecting a whole number")
        return int(self._text[start : self._at][:9])

    def _skip_space(self, *, newline: bool = True) -> None:
        spaces = " \t\r\n" if newline else " \t"
        while (character := self._peek()) in spaces or character == "#":
            if character == "#":
                while self._peek() not in "\r\n\0":
                    self._at += 1
            else:
                self._at += 1

    def _peek(self) -> str:
        return self._text[self._at]

    def _error(self, what: str, hint: str | None = None) -> SettingError:
        """`hint` None quotes what stands there instead."""
        line = self._text.count("\n", 0, self._at) + 1
        found = one_line(self._text[self._at : self._at + 24].rstrip("\0")) if hint is None else ""
        why = f"{what} at {found}" if found else what
        return SettingError(f"The grammar is wrong in line {line}", why=why, hint=hint or "")
