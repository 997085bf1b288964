"""JSON schemas as grammars."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from tui.core.errors import SettingError
from tui.engine.schema_convert import Converter
from tui.engine.schema_rules import malformed


@lru_cache(maxsize=32)
def grammar_of_schema(text: str) -> str:
    """The grammar (GBNF) of the JSON texts that a schema allows.

    What the grammar lets through fits the schema, but for `uniqueItems`, `contains`, `not`, `if`, `oneOf` beyond
    `anyOf`, formats other than of dates, times and UUIDs, and words of `dependent…` and `unevaluated…`, which are not
    looked at. Not all that fits comes through: properties keep their order, and numbers have a bounded length.

    Args:
        text: a JSON schema.

    Raises:
        SettingError: it is no JSON schema, or no grammar can hold it; the line says where.
    """
    try:
        schema = json.loads(text, parse_constant=_no_number, parse_float=_number)
    except json.JSONDecodeError as error:
        raise SettingError("The JSON schema is not JSON", why=f"line {error.lineno}: {error.msg}") from error
    except ValueError as error:  # a number of thousands of digits, or beyond all numbers
        raise SettingError("The JSON schema is not JSON", why="a number in it is too large") from error
    except RecursionError as error:
        raise _too_deep() from error
    if not isinstance(schema, dict | bool):
        raise SettingError(
            "The JSON schema is no schema", why="it is not an object", hint='any JSON object is {"type": "object"}'
        )
    try:
        return Converter(schema).grammar()
    except RecursionError as error:
        raise _too_deep() from error


def _number(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(text)
    return value


def _no_number(text: str) -> Any:
    raise ValueError(text)


def _too_deep() -> SettingError:
    return malformed("", "it is nested too deep")
