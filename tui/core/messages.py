"""A conversation as values: who said what. Identity and storage are other layers' concern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
"""Who speaks in a conversation that is kept."""

Speaker = Literal["system", "user", "assistant", "tool"]
"""Who speaks in what a model is given: a tool that it asked for, too."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model wants used.

    Attributes:
        name: of the tool.
        arguments: what it is given, as the text of a JSON object.
        id: by which the tool's answer says what it answers; empty for none.
    """

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes:
        role: who speaks, in the chat template's own words.
        content: the text, as typed or generated.
        reasoning: what was thought before it, where it is known apart from the content; a reply's content may have it
            between markers instead.
        calls: the tools that a reply wants used.
        call_id: which call a tool's message answers.
        name: of the tool that answers.
    """

    role: Speaker
    content: str
    reasoning: str = ""
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    name: str = ""
