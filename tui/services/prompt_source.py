"""Where a prompt comes from: the command line, a file, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from tui.core.errors import LocalLLMError

STANDARD_INPUT = "-"


class TextFileError(LocalLLMError):
    """A file cannot be read as text."""


def read_prompt(source: str) -> str:
    """The text of a prompt file, without one line break at its end, as llama.cpp's `-f` reads it.

    Args:
        source: a path, or `-` for standard input.

    Raises:
        TextFileError: there is no such file, or it is not UTF-8 text.
    """
    return read_text(source, "the prompt").removesuffix("\n").removesuffix("\r")


def read_text(source: str, what: str) -> str:
    """The text of a file.

    Args:
        source: a path, or `-` for standard input.
        what: what is read, for the error line, such as `the prompt`.

    Raises:
        TextFileError: there is no such file, or it is not UTF-8 text.
    """
    name = "standard input" if source == STANDARD_INPUT else source
    try:
        raw = sys.stdin.buffer.read() if source == STANDARD_INPUT else Path(source).read_bytes()
    except (OSError, AttributeError, ValueError) as error:  # no standard input at all; a NUL in the name
        why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "it is closed"
        raise TextFileError(f"{what} cannot be read from {name}", why=why) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise TextFileError(f"{what} cannot be read from {name}", why="it is not UTF-8 text") from None
    if "\0" in text:  # UTF-16 of English reads as UTF-8 with one in every other place
        why = "it has a NUL character, as no text has, but UTF-16 and binary files do"
        hint = r"take it out, or turn it into UTF-8; -p 'a\0b' passes one on" if what == "the prompt" else ""
        raise TextFileError(f"{what} cannot be read from {name}", why=why, hint=hint)
    return text
