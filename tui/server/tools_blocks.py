"""Calls that models write as tags or as Python: whole ones only, as their values have no type before the end."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from tui.server.tools import Tool
from tui.server.tools_formats import Block
from tui.server.tools_json import Malformed


def calls_of(block: Block, text: str, tools: Mapping[str, Tool]) -> list[tuple[str, dict[str, Any]]]:
    """The calls in a block.

    Args:
        block: how they are written.
        text: from after the marker that begins them to the one that ends them.
        tools: by name, for the types of the arguments.

    Returns:
        The name and the arguments of each.

    Raises:
        Malformed: there is none.
    """
    if block.call is None:
        return _python(text.removesuffix(block.end).strip())
    found = block.call.fullmatch(text)
    if not found:
        raise Malformed
    name = found["name"]
    known = tools[name].parameters.get("properties") if name in tools else None
    types = known if isinstance(known, dict) else {}
    parts = block.argument.finditer(found["body"])
    arguments = {one["key"]: _typed(one["value"], types.get(one["key"])) for one in parts}
    return [(name, arguments)]


def _typed(text: str, schema: object) -> Any:
    """A value: text where the schema says so, else what it is as JSON, else text."""
    if isinstance(schema, dict) and schema.get("type") == "string":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {"True": True, "False": False, "None": None}.get(text.strip(), text)


def _python(text: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        tree = ast.parse(text, mode="eval").body
        calls = tree.elts if isinstance(tree, ast.List | ast.Tuple) else [tree]
        return [_python_call(call) for call in calls]
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        raise Malformed from None


def _python_call(call: ast.expr) -> tuple[str, dict[str, Any]]:
    if not isinstance(call, ast.Call) or call.args:
        raise Malformed
    arguments: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise Malformed
        arguments[keyword.arg] = _literal(keyword.value)
    return ast.unparse(call.func), json.loads(json.dumps(arguments, allow_nan=False))


def _literal(value: ast.expr) -> Any:
    """A Python value; the words that JSON has for the same are taken too."""
    if isinstance(value, ast.Name) and value.id in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[value.id]
    return ast.literal_eval(value)
