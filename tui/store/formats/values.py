"""Frozen dataclasses to JSON and back, by their own type hints: a field that is added to one is in the file at once."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable, Collection
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from tui.store.formats.reading import FormatError, as_list, as_object, as_text

_Value = TypeVar("_Value")
_INTEGERS = range(-(2**63), 2**63)
"""What SQLite can keep."""


def to_json(value: Any, leave_out: Collection[str] = ()) -> Any:
    """What `json.dumps` takes, with fields in the order of their declaration.

    Args:
        value: a dataclass of strings, numbers, enumerations, tuples and further dataclasses; or one of these.
        leave_out: names of fields, of the outermost dataclass only.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        hints = _hints(type(value))
        return {
            name: float(field) if hint is float and field is not None else to_json(field)
            for name, hint in hints.items()
            if name not in leave_out
            for field in (getattr(value, name),)
        }
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return value


def from_json(kind: type[_Value], value: Any, what: str, **further: Any) -> _Value:
    """The dataclass that `to_json` made `value` of.

    Args:
        kind: the dataclass.
        value: what was parsed. Names that the dataclass does not have are ignored.
        what: whose value this is, for the error.
        further: fields that do not come from the file.

    Raises:
        FormatError: a field is missing or has another type.
    """
    entry = as_object(value, what)
    fields = dict(further)
    described: Any = kind
    for name, hint in _hints(described).items():
        if name in fields:
            continue
        if name in entry:
            fields[name] = _decoded(hint, entry[name], f"{name} of {what}")
        elif name in _required(described):
            raise FormatError(f"{what} has no {name}")
    return kind(**fields)


def _decoded(hint: Any, value: Any, what: str) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        if value is None and type(None) in get_args(hint):
            return None
        (hint,) = (choice for choice in get_args(hint) if choice is not type(None))
    if get_origin(hint) is tuple:
        return tuple(_decoded(get_args(hint)[0], item, f"an entry of {what}") for item in as_list(value, what))
    if get_origin(hint) is Literal:
        return _one_of(get_args(hint), value, what)
    if dataclasses.is_dataclass(hint):
        return from_json(typing.cast(type[Any], hint), value, what)
    if issubclass(hint, Enum):
        return hint(_one_of(tuple(choice.value for choice in hint), value, what))
    return _SCALARS[hint](value, what)


def _one_of(choices: tuple[Any, ...], value: Any, what: str) -> Any:
    if not isinstance(value, str) or value not in choices:
        raise FormatError(f"{what} is none of {', '.join(map(str, choices))}")
    return value


def _string(value: Any, what: str) -> str:
    text = as_text(value, what)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise FormatError(f"{what} is no text", why="it has half of a surrogate pair") from None
    return text


def _boolean(value: Any, what: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError(f"{what} is neither true nor false")
    return value


def _integer(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in _INTEGERS:
        raise FormatError(f"{what} is not a whole number of 64 bits")
    return value


def _number(value: Any, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FormatError(f"{what} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise FormatError(f"{what} is too large a number")
    return number


_SCALARS: dict[type, Callable[[Any, str], Any]] = {str: _string, bool: _boolean, int: _integer, float: _number}


@cache
def _hints(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@cache
def _required(kind: type) -> frozenset[str]:
    missing = dataclasses.MISSING
    return frozenset(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is missing and field.default_factory is missing
    )
