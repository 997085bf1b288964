"""Grammars that hold a model to calls of its tools, in its own format, with arguments that fit their schemas."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tui.engine.json_schema import grammar_of_schema
from tui.server.tools import Tool, Toolbox
from tui.server.tools_formats import GENERIC, Format

_PART = re.compile(r'"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|[a-zA-Z][a-zA-Z0-9-]*')
_TEXT = 'plain-text ::= ( [^<] | "<" [^/] )*'
"""The value of an argument between tags, up to the next tag that ends something."""


def grammar_of(form: Format, box: Toolbox, *, free: bool, schema: str = "") -> str:
    """The grammar (GBNF) of what an answer may be.

    Args:
        form: how the model writes calls.
        box: the tools, and whether it may call several.
        free: whether it may answer without a call.
        schema: the JSON schema of such an answer; empty for any text.

    Raises:
        SettingError: a schema cannot be made a grammar.
    """
    rules: list[str] = []
    calls = [_call(form, number, tool, rules) for number, tool in enumerate(box.tools)]
    rules.append(f"any-call ::= {' | '.join(calls)}")
    several = f" ( {_quoted(form.between)} any-call )*" if box.parallel else ""
    if form is GENERIC and box.parallel:
        root = f'{_quoted(GENERIC.openers[1])} any-call{several} "]}}"'
    else:
        root = " ".join(part for part in (_quoted(form.begin), f"any-call{several}", _quoted(form.end)) if part)
    if free:
        root += f" | {_answer(form, schema, rules)}"
    return "\n".join([f"root ::= {root}", *rules]) + "\n"


def _answer(form: Format, schema: str, rules: list[str]) -> str:
    if not schema and form is not GENERIC:
        raise ValueError("an answer of any text needs no grammar")
    name = _add(schema or '{"type": "string"}', "answer", rules)
    return f'{_quoted(ANSWER)} {name} "}}"' if form is GENERIC else name


ANSWER = '{"response": '
"""What an answer that calls nothing begins with in the generic format."""


def _call(form: Format, number: int, tool: Tool, rules: list[str]) -> str:
    """The rule of a call of one tool."""
    before, after = form.call.replace("$name", tool.name).split("$args")
    arguments = _tagged(form, number, tool, rules) if form.block else _add(tool.schema, f"t{number}", rules)
    parts = (_quoted(before), arguments, _quoted(after))
    rules.append(f"call-{number} ::= {' '.join(part for part in parts if part)}")
    return f"call-{number}"


def _tagged(form: Format, number: int, tool: Tool, rules: list[str]) -> str:
    """Arguments one by one: those that have to be there first, then the others."""
    assert form.block is not None
    found = tool.parameters.get("properties")
    properties = found if isinstance(found, dict) else {}
    wanted = tool.parameters.get("required")
    required = [key for key in properties if isinstance(wanted, list) and key in wanted]
    optional = [key for key in properties if key not in required]
    python = form.block.call is None
    comma = '", " ' if python else ""
    parts: list[str] = []
    for place, key in enumerate((*required, *optional)):
        value = _value(number, place, tool, properties[key], rules, python=python)
        before, after = form.block.text.replace("$key", key).split("$value")
        part = " ".join(one for one in (_quoted(before), value, _quoted(after)) if one)
        joined = f"{comma}{part}" if parts else part
        if key in required:
            parts.append(joined)
        elif parts or not python:
            parts.append(f"( {joined} )?")
        else:  # without a first argument there is no comma for the others, and so none of them
            parts.append(part)
    return f"( {' '.join(parts)} )?" if parts and not required else " ".join(parts)


def _value(number: int, place: int, tool: Tool, schema: Any, rules: list[str], *, python: bool) -> str:
    schema = schema if isinstance(schema, dict) else {}
    if not python and schema.get("type") == "string":
        words = schema.get("enum")
        if isinstance(words, list) and words and all(isinstance(word, str) for word in words):
            return f"( {' | '.join(map(_quoted, words))} )"
        if _TEXT not in rules:
            rules.append(_TEXT)
        return "plain-text"
    shared = {key: tool.parameters[key] for key in ("$defs", "definitions") if key in tool.parameters}
    return _add(json.dumps({**shared, **schema}, ensure_ascii=False), f"t{number}-{place}", rules)


def _add(schema: str, prefix: str, rules: list[str]) -> str:
    """Add the rules of a schema under names of their own, and give the name of the first."""
    rules.extend(_renamed(grammar_of_schema(schema), prefix))
    return f"{prefix}-root"


def _renamed(grammar: str, prefix: str) -> Iterator[str]:
    def change(found: re.Match[str]) -> str:
        text = found.group()
        return text if text[0] in '"[' else f"{prefix}-{text}"

    for line in grammar.splitlines():
        if line.strip():
            yield _PART.sub(change, line)


def _quoted(text: str) -> str:
    """A text as GBNF has it; empty for none."""
    return json.dumps(text, ensure_ascii=False) if text else ""
