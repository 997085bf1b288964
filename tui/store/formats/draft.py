"""A conversation as it was read from a file of another program, before the store gives it an identity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tui.core.messages import Role
from tui.core.text import well_formed
from tui.store.formats.reading import FormatError

MAX_MESSAGES = 1_000_000
"""Most messages that are taken from one file."""


@dataclass(frozen=True, slots=True)
class DraftMessage:
    """One message.

    Attributes:
        key: its name within the file.
        parent: the key of the message it follows; None at the beginning, or where the file does not have that message.
        role: who speaks.
        text: what was said.
        created: seconds since 1970; None where the file does not say.
        model: who generated it, as the other program calls the model; empty where it does not say.
    """

    key: str
    parent: str | None
    role: Role
    text: str
    created: float | None = None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A conversation.

    Attributes:
        title: its name; empty where it has none.
        messages: the whole tree, parents before children, siblings in order.
        selected: key of the message at the end of the branch that was open; empty for the newest one.
        system_prompt: what stands before every branch.
        created: seconds since 1970; None where the file does not say.
        model: who was talked to, as the other program calls the model.
        archived: whether it was put away.
        left_out: how many things of it cannot be kept here, such as pictures and calls of tools.
    """

    title: str
    messages: tuple[DraftMessage, ...]
    selected: str = ""
    system_prompt: str = ""
    created: float | None = None
    model: str = ""
    archived: bool = False
    left_out: int = 0


def tidy(draft: Draft) -> Draft:
    """`draft` as the store takes it.

    Messages come after their parents; those without text go, and what followed them follows their parent; the first
    system message at the beginning of a tree becomes the system prompt; no text has halves of surrogate pairs.

    Raises:
        FormatError: messages follow each other in a circle, or two have one key.
    """
    messages = _ordered(draft.messages)
    system = draft.system_prompt or next((m.text for m in messages if m.role == "system" and m.text.strip()), "")
    further = {m.text for m in messages if m.role == "system" and m.text.strip()} - {system}
    kept: list[DraftMessage] = []
    stands_for: dict[str | None, str | None] = {None: None}
    for message in messages:
        parent = stands_for[message.parent]
        if message.role == "system" or not message.text:
            stands_for[message.key] = parent
            continue
        stands_for[message.key] = message.key
        text, model = well_formed(message.text), well_formed(message.model)
        kept.append(replace(message, parent=parent, text=text, model=model))
    return replace(
        draft,
        title=well_formed(" ".join(draft.title.split())),
        messages=tuple(kept),
        selected=stands_for.get(draft.selected) or "",
        system_prompt=well_formed(system),
        model=well_formed(draft.model),
        left_out=draft.left_out + len(further),
    )


def chain(turns: Iterable[tuple[Role, str]]) -> tuple[DraftMessage, ...]:
    """Messages that follow each other without branches, from (role, text)."""
    return tuple(
        DraftMessage(str(number), str(number - 1) if number else None, role, text)
        for number, (role, text) in enumerate(turns)
    )


def _ordered(messages: Sequence[DraftMessage]) -> list[DraftMessage]:
    """Parents before children, everything else as it was."""
    by_key = {message.key: message for message in messages}
    if len(by_key) != len(messages):
        raise FormatError("two messages of a conversation have the same name")
    placed: dict[str, DraftMessage] = {}
    for message in messages:
        waiting: list[DraftMessage] = []
        seen: set[str] = set()
        here: DraftMessage | None = message
        while here is not None and here.key not in placed:
            if here.key in seen:
                raise FormatError("messages of a conversation follow each other in a circle")
            seen.add(here.key)
            waiting.append(here)
            here = by_key.get(here.parent) if here.parent is not None else None
        for ancestor in reversed(waiting):
            parent = ancestor.parent if ancestor.parent in by_key else None
            placed[ancestor.key] = replace(ancestor, parent=parent)
    return list(placed.values())
