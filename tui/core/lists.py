r"""Several texts in one line, for forms and environment variables: `User:, \n\n, a\,b`.

Commas separate, white space around a text does not count, and a backslash keeps what would be lost otherwise.
"""

from __future__ import annotations

import re

_NAMES = {"\\": "\\\\", ",": "\\,", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t"}
_PART = re.compile(r"(?:\\.|[^,\\]|\\$)+", re.DOTALL)


def split_list(text: str) -> tuple[str, ...]:
    """The texts that a line names; empty ones do not count."""
    pieces = (_unescape(_strip(found[0])) for found in _PART.finditer(text))
    return tuple(piece for piece in pieces if piece)


def join_list(parts: tuple[str, ...]) -> str:
    """One line that `split_list` reads back as `parts`."""
    return ", ".join(_escape(part) for part in parts)


def _escape(part: str) -> str:
    text = "".join(_NAMES.get(character, character) for character in part)
    head = len(text) - len(text.lstrip())
    tail = len(text) - len(text.rstrip()) if head < len(text) else 0
    middle = text[head : len(text) - tail]
    return _kept(text[:head]) + middle + _kept(text[len(text) - tail :])


def _kept(spaces: str) -> str:
    return "".join("\\" + space for space in spaces)


def _strip(piece: str) -> str:
    bare = piece.strip()
    # The white space after a final backslash belongs to it.
    backslashes = len(bare) - len(bare.rstrip("\\"))
    if backslashes % 2:
        after = piece[piece.index(bare) + len(bare) :]
        return bare + after[:1]
    return bare


def _unescape(piece: str) -> str:
    return re.sub(r"\\(.)", lambda found: _CHARACTERS.get(found[1], found[1]), piece, flags=re.DOTALL)
