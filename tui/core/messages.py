"""A conversation as values: who said what. Identity and storage are other layers' concern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation.

    Attributes:
        role: who speaks, in the chat template's own words.
        content: the text, as typed or generated.
    """

    role: Role
    content: str
