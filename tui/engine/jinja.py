"""Jinja chat templates, rendered as Hugging Face's Transformers renders them.

llama-cpp-python has a formatter that does the same, in a module that imports NumPy and the whole high-level interface
with it: 20 MB and 0.2 s.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from jinja2 import BaseLoader, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

Messages = Sequence[Mapping[str, Any]]
Variables = Mapping[str, Any]
_NONE: Variables = MappingProxyType({})


class Rendered(Protocol):
    """A compiled template."""

    def __call__(self, messages: Messages, reply: bool = True, variables: Variables = _NONE) -> str:
        """The prompt. Raises whatever the template does.

        Args:
            messages: the conversation, as the template reads it.
            reply: whether the beginning of an answer stands at the end.
            variables: what else the template may ask for.
        """


class _GenerationTag(Extension):
    """Passes over `{% generation %}`, which marks the assistant's part for training."""

    tags = {"generation"}  # noqa: RUF012 (declared so by Jinja)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        parser.stream.skip(1)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def compiled(source: str, bos: str, eos: str) -> Rendered:
    """A function that renders messages.

    A template is a program from a file: it runs in a sandbox and cannot change what it is given.

    Args:
        source: the template.
        bos: text of the model's first token.
        eos: text of the model's end token.

    Raises:
        jinja2.TemplateError: the template is broken. The function raises whatever the template does.
    """
    environment = ImmutableSandboxedEnvironment(
        loader=BaseLoader(), trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols]
    )
    environment.filters["tojson"] = _to_json
    template = environment.from_string(source)

    def render(messages: Messages, reply: bool = True, variables: Variables = _NONE) -> str:
        none = dict.fromkeys(("tools", "tool_choice", "functions", "function_call"))
        own = {
            "messages": messages,
            "bos_token": bos,
            "eos_token": eos,
            "add_generation_prompt": reply,
            "raise_exception": _raise,
            "strftime_now": lambda form: datetime.now().strftime(form),
        }
        return template.render({**none, **variables, **own})

    return render


def _raise(message: str) -> None:
    raise ValueError(message)


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Without Jinja's own escapes for HTML."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)
