"""JSON schemas as grammars, by llama-cpp-python's converter."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

from llama_cpp.llama_grammar import SchemaConverter

from tui.core.errors import SettingError

_COUNTS = ("minItems", "maxItems", "minLength", "maxLength")
_MOST = 900
"""Most repetitions: the converter writes one inside the other, and llama.cpp takes 1,000."""

_QUANTIFIER = re.compile(r"\{\s*(\d*)\s*,?\s*(\d*)\s*\}")

# The converter's strings may hold control characters, which JSON forbids; llama.cpp's own converter excludes them.
_IN_STRING = r'[^"\\\x7F\x00-\x1F]'
_CHAR = r'[^"\\]'
_DOT = r"[^\x0A\x0D]"


@lru_cache(maxsize=32)
def grammar_of_schema(text: str) -> str:
    """The grammar (GBNF) of the JSON texts that a schema allows.

    Args:
        text: a JSON schema.

    Raises:
        SettingError: it is not JSON, or has something that the converter does not know.
    """
    try:
        schema = json.loads(text)
    except json.JSONDecodeError as error:
        raise SettingError("The JSON schema is not JSON", why=f"line {error.lineno}: {error.msg}") from error
    except RecursionError as error:
        raise _unsupported("it is nested too deep") from error
    if not isinstance(schema, dict):
        raise SettingError(
            "The JSON schema is no schema", why="it is not an object", hint='any JSON object is {"type": "object"}'
        )
    try:
        _check_counts(schema)
        return _convert(schema)
    except RecursionError as error:
        raise _unsupported("it is nested too deep") from error
    except SettingError:
        raise
    except Exception as error:  # the converter asserts, and falls over what it does not expect
        raise _unsupported(_reason(error)) from error


class _Converter(SchemaConverter):  # type: ignore[misc]
    """The converter, with texts quoted so that any character may be in them."""

    def visit(self, schema: Any, name: str) -> Any:
        if isinstance(schema, dict) and schema.get("items") in ({}, True):  # anything
            schema = {key: value for key, value in schema.items() if key != "items"}
        return super().visit(schema, name)

    def _format_literal(self, literal: str) -> str:
        plain = json.dumps(json.loads(literal), ensure_ascii=False)
        return '"' + plain.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _convert(schema: dict[str, Any]) -> str:
    converter = _Converter(prop_order={}, allow_fetch=False, dotall=False, raw_pattern=False)
    # Beside a reference the converter looks no further, and the definitions are usually there.
    reference = schema.pop("$ref", None)
    converter.resolve_refs(schema, "")
    if reference is not None:
        schema["$ref"] = reference
        converter.resolve_refs(schema, "")
    converter.visit(schema, "")
    rules: dict[str, str] = converter._rules
    if "char" in rules:
        rules["char"] = rules["char"].replace(_CHAR, _IN_STRING, 1)
    if rules.get("dot") == _DOT:
        rules["dot"] = _IN_STRING
    return str(converter.format_grammar())


def _check_counts(node: object) -> None:
    """The converter would write a billion parentheses for a billion items."""
    if isinstance(node, list):
        for item in node:
            _check_counts(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            counts = [value] if key in _COUNTS else []
            if key == "pattern" and isinstance(value, str):
                counts = [int(number[:9]) for found in _QUANTIFIER.findall(value) for number in found if number]
            if any(isinstance(count, int) and count > _MOST for count in counts):
                raise _unsupported(f"{key} asks for more than {_MOST} repetitions")
            if key == "$ref" and isinstance(value, str) and not value.startswith("#"):
                raise _unsupported("it refers to another document")
            _check_counts(value)


def _reason(error: Exception) -> str:
    words = str(error) or type(error).__name__
    return f"{words} is missing" if isinstance(error, KeyError) else words


def _unsupported(why: str) -> SettingError:
    return SettingError(
        "The JSON schema cannot be made a grammar", why=why[:200], hint="simplify it, or write a grammar"
    )
