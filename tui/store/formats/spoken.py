"""A message as the model and a reader get it: its text together with what was attached."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.store.records import Attachment, MessageRecord

_OPENS = re.compile("```|~~~|<")
"""What begins a fence of its own, or HTML that would swallow ours, where a name begins with it."""


def full_text(message: MessageRecord) -> str:
    """The text of a message, attached texts before it."""
    return "\n\n".join([*(fenced(attachment) for attachment in message.attachments), message.text])


def fenced(attachment: Attachment) -> str:
    """An attached text between fences that nothing in it can close, its name above."""
    longest = max((len(run) for run in re.findall("`+", attachment.text)), default=0)
    fence = "`" * max(3, longest + 1)
    name = " ".join(attachment.name.split())
    if _OPENS.match(name):
        name = f"./{name}"
    return f"{name}:\n{fence}\n{attachment.text}{'' if attachment.text.endswith(chr(10)) else chr(10)}{fence}"


def speaker(message: MessageRecord) -> str:
    """Who said it, in words: the model by its name where that is known."""
    if message.role == "user":
        return "You"
    name = message.reply.facts.model.name if message.reply else ""
    return " ".join(name.split()) or "Assistant"


def system_prompt(branch: tuple[MessageRecord, ...]) -> str:
    """The system prompt that the last reply of a branch was made with; empty where there was none."""
    replies = (message.reply for message in reversed(branch) if message.reply)
    return next((reply.facts.system_prompt for reply in replies), "")
