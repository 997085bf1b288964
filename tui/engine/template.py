"""Chat templates: from a conversation to the prompt that a model was trained on."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import llama_cpp.llama_cpp as lib
from jinja2 import TemplateSyntaxError

from tui.core.errors import TemplateError
from tui.core.markers import markers_of
from tui.core.messages import Message
from tui.core.text import one_line
from tui.engine.jinja import Rendered, compiled
from tui.engine.past_calls import PastCalls
from tui.engine.past_reasoning import PastReasoning

PLAIN_STOPS = ("\nUser:", "\nuser:")
"""Where a model without a template would begin to speak for the person."""

PLAIN = """\
{%- for message in messages -%}
{%- if message.role == "system" %}{{ message.content }}

{% elif message.role == "user" %}User: {{ message.content }}
{% else %}Assistant: {{ message.content }}
{% endif -%}
{%- endfor -%}
{%- if add_generation_prompt %}Assistant:{% endif -%}"""
"""For models that carry no template, base models above all: a plain dialogue that any of them can continue."""

Renderer = Callable[[Sequence[Message], bool, Mapping[str, Any]], str]
_NONE: Mapping[str, Any] = MappingProxyType({})
_LONGEST = 300
"""Characters of what a template says that are told."""


class ChatTemplate:
    """Turns messages into a prompt.

    Args:
        override: a Jinja template, or the name of one of llama.cpp's built-in templates; empty takes the model's own.
        own: the model's Jinja template; empty when it carries none.
        bos: text of the model's first token.
        eos: text of the model's end token.
    """

    def __init__(self, override: str, own: str, bos: str, eos: str) -> None:
        source = override or own
        self.stops: tuple[str, ...] = () if source else PLAIN_STOPS
        """Stop strings that the template needs."""
        self.source = source
        """The template's text; empty for the plain dialogue, a name for a built-in one."""
        self.markers = markers_of(source)
        """Between which the model thinks, as the template has it; None where it has none."""
        self.digest = hashlib.sha256((source or PLAIN).encode("utf-8", "replace")).hexdigest()
        """SHA-256 of the template's text, in hexadecimal."""
        self._render: Renderer
        if source and "{" not in source:
            self._render = _builtin(source.strip())
        else:
            self._render = _jinja(source or PLAIN, bos, eos)

    def render(self, messages: Sequence[Message], *, reply: bool = True, variables: Mapping[str, Any] = _NONE) -> str:
        """The prompt for the model's next message.

        A template that knows no system message gets it as the beginning of the first user message.

        Args:
            messages: the conversation.
            reply: whether the beginning of the next message stands at the end.
            variables: what else the template may ask for, such as `enable_thinking`.

        Raises:
            TemplateError: the template refuses the messages, or is broken.
        """
        try:
            return self._render(messages, reply, variables)
        except TemplateError:
            raise
        except Exception as error:  # a template is a program from a file: whatever it raises is its refusal
            if isinstance(error, TemplateSyntaxError):
                raise _broken(error) from error
            if messages and messages[0].role == "system" and len(messages) > 1:
                return self.render(_without_system(messages), reply=reply, variables=variables)
            raise TemplateError(
                "The chat template refuses this conversation",
                why=one_line(str(error))[:_LONGEST] or type(error).__name__,
                hint="begin a new chat, or use another template (--chat-template)",
            ) from error


def _broken(error: TemplateSyntaxError) -> TemplateError:
    """For a template that is no template."""
    return TemplateError(
        "The chat template has a syntax error",
        why=f"line {error.lineno}: {one_line(error.message or type(error).__name__)[:_LONGEST]}",
        hint="correct it, or use another template (--chat-template)",
    )


def _without_system(messages: Sequence[Message]) -> Sequence[Message]:
    system, first, *rest = messages
    return [Message(first.role, f"{system.content}\n\n{first.content}"), *rest]


def _jinja(source: str, bos: str, eos: str) -> Renderer:
    template: Rendered | None = None
    past = PastReasoning(source)
    calls = PastCalls()

    def render(messages: Sequence[Message], reply: bool, variables: Mapping[str, Any]) -> str:
        nonlocal template
        template = template or compiled(source, bos, eos)
        given = [{**past.as_wanted(message), **calls.fields(message, template)} for message in messages]
        return template(given, reply, variables)

    return render


def _builtin(name: str) -> Renderer:
    def render(messages: Sequence[Message], reply: bool, _variables: Mapping[str, Any]) -> str:
        chat = (lib.llama_chat_message * len(messages))()
        for entry, message in zip(chat, messages, strict=True):
            entry.role, entry.content = message.role.encode(), message.content.encode("utf-8", "replace")
        room = 256 + 2 * sum(len(entry.content) + 64 for entry in chat)
        buffer = ctypes.create_string_buffer(room)
        count = lib.llama_chat_apply_template(name.encode(), chat, len(chat), reply, buffer, room)
        if count < 0:
            raise TemplateError(
                f"llama.cpp has no chat template called {one_line(name)[:_LONGEST]}",
                hint="give another name, or a template's text, with --chat-template",
            )
        if count > room:
            buffer = ctypes.create_string_buffer(count)
            lib.llama_chat_apply_template(name.encode(), chat, len(chat), reply, buffer, count)
        return buffer.raw[:count].decode("utf-8", "replace")

    return render
