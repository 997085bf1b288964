"""Whether a model thinks before it answers: what its chat template can be told, and what it is told."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tui.core.errors import SettingError, TemplateError
from tui.core.messages import Message
from tui.core.parameters import GenerationParams
from tui.core.reasoning import Reasoning
from tui.engine.template import ChatTemplate

# A variable of its own: no field of a message, no word in quotes.
_SWITCH = re.compile(r"\benable_thinking\b|(?<![\w.'\"<|])thinking(?![\w'\"=>|:])")
_EFFORT = re.compile(r"\breasoning_(?:effort|strength)\b")
_PROBE = (Message("user", "Hi"),)


def variables_of(params: GenerationParams) -> dict[str, Any]:
    """What the template is told beside the messages.

    Templates call the switch `enable_thinking`, or `thinking` (Granite, DeepSeek 3.1), and the effort as llama.cpp's
    `jinja/caps.cpp` lists it. Where nothing is said, llama.cpp switches `enable_thinking` on (`common/chat.h`), and so
    is it here.

    Raises:
        SettingError: the person's own variables are no JSON object.
    """
    told: dict[str, Any] = {"enable_thinking": True}
    if params.reasoning != "auto":
        told |= dict.fromkeys(("enable_thinking", "thinking"), params.reasoning == "on")
    if params.reasoning_effort != "default":
        told |= dict.fromkeys(("reasoning_effort", "reasoning_strength"), params.reasoning_effort)
    return {**told, **_own(params.chat_template_kwargs)}


def _own(text: str) -> Mapping[str, Any]:
    if not text.strip():
        return {}
    try:
        own = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(text) from error
    if not isinstance(own, dict):
        raise _refused(text)
    return own


def _refused(text: str) -> SettingError:
    return SettingError(
        f"chat_template_kwargs cannot be {text}", hint='it takes a JSON object such as {"key": "value"}'
    )


def reasoning_of(template: ChatTemplate) -> Reasoning:
    """What a template knows of reasoning, found out by asking it: the same message with it on and with it off."""
    effort = _EFFORT.search(template.source) is not None
    known = Reasoning(template.markers, effort=effort)
    if _SWITCH.search(template.source) is None:
        return known
    try:
        unsaid, on, off = (
            template.render(_PROBE, variables=variables_of(GenerationParams(reasoning=word)))
            for word in ("auto", "on", "off")
        )
    except TemplateError:  # it wants something that one message does not have
        return known
    return replace(known, switch=True, default_on=unsaid == on) if on != off else known
