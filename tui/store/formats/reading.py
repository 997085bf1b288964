"""Files that others wrote, read with care: bounded, checked, and refused in one line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from tui.core.errors import LocalLLMError
from tui.core.units import format_bytes

MAX_FILE = 512 * 1024 * 1024
"""Bytes of the largest text file that is read: it is held in memory as a whole."""
_LATEST = 253_402_300_799.0  # the last second of the year 9999, the last one that dates can be made of


class FormatError(LocalLLMError):
    """A file is not what it should be."""


def read_text(path: Path) -> str:
    """A whole file as text.

    Raises:
        FormatError: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise FormatError(f"{path} is too large", why=f"{format_bytes(size)} of at most {format_bytes(MAX_FILE)}")
        with path.open("rb") as file:
            # What is no ordinary file, such as a device, tells no size.
            data = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else "its name is not possible"
        raise FormatError(f"{path} cannot be read", why=why) from None
    if len(data) > MAX_FILE:
        raise FormatError(f"{path} is too large", why=f"more than {format_bytes(MAX_FILE)}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise FormatError(f"{path} is no text", why="it is not UTF-8") from None


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        FormatError: it is no JSON, or nested too deeply to be a conversation.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FormatError("this is no JSON", why=f"{error.msg[:1].lower()}{error.msg[1:]} at {where}") from None
    except RecursionError:
        raise FormatError("this is no conversation", why="the JSON is nested too deeply") from None
    except ValueError as error:  # NaN, or a number of thousands of digits
        raise FormatError("this is no JSON", why=str(error).split(";")[0]) from None


def json_lines(text: str) -> Iterator[tuple[int, Any]]:
    """The values of JSON Lines, each with the number of its line; empty lines do not count.

    Raises:
        FormatError: a line is no JSON.
    """
    # Only the line feed separates: U+2028 and the like may stand inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, parse_json(line)
            except FormatError as error:
                why = error.why.replace("at line 1, column", "at column")
                raise FormatError(f"line {number} is no JSON", why=why) from None


def as_object(value: Any, what: str) -> dict[str, Any]:
    """`value`, which has to be a JSON object.

    Raises:
        FormatError: it is something else.
    """
    if not isinstance(value, dict):
        raise FormatError(f"{what} is {_kind(value)}, not an object")
    return value


def as_list(value: Any, what: str) -> list[Any]:
    """`value`, which has to be a JSON array.

    Raises:
        FormatError: it is something else.
    """
    if not isinstance(value, list):
        raise FormatError(f"{what} is {_kind(value)}, not an array")
    return value


def as_text(value: Any, what: str) -> str:
    """`value`, which has to be a string.

    Raises:
        FormatError: it is something else.
    """
    if not isinstance(value, str):
        raise FormatError(f"{what} is {_kind(value)}, not a string")
    return value


def text_or_empty(value: Any) -> str:
    """`value` if it is a string."""
    return value if isinstance(value, str) else ""


def seconds_or_none(value: Any, unit: float = 1.0) -> float | None:
    """A point in time as seconds since 1970; None when it is none that a calendar knows.

    Args:
        value: a number.
        unit: how many seconds its unit has: 0.001 for milliseconds.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        seconds = float(value) * unit
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and 0 < seconds <= _LATEST else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    for kind, name in ((bool, "true or false"), (int | float, "a number"), (str, "a string"), (list, "an array")):
        if isinstance(value, kind):
            return name
    return "an object"
