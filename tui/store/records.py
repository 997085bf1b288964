"""What the store gives and takes: conversations, messages, and what is known of a reply. Values, all of them frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tui.core.events import StopReason, Timings
from tui.core.messages import Role

State = Literal["done", "growing", "interrupted"]
"""`growing` while a program writes the reply; `interrupted` when that program died over it."""

TitleSource = Literal["prompt", "model", "person"]
"""Who gave a conversation its title: the first prompt, the model, or the person."""


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """Which model wrote a reply, told without its file.

    Attributes:
        name: as it is shown.
        size: bytes of the file; 0 when not known.
        header_hash: of the GGUF header, in hexadecimal; empty when not known.
    """

    name: str
    size: int = 0
    header_hash: str = ""


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """What a reply was made with: enough to make it again.

    Attributes:
        model: which model.
        template_hash: of the chat template's text, in hexadecimal; empty when not known.
        params: the whole sampler chain and every other parameter, as JSON.
        seed: the seed that was asked for, and after the reply the one that was used.
        system_prompt: the text; empty for none.
        build: llama.cpp's version.
    """

    model: ModelIdentity
    template_hash: str = ""
    params: str = "{}"
    seed: int = -1
    system_prompt: str = ""
    build: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a reply that was generated in one go, and after which the reply was continued.

    Attributes:
        facts: what it was made with, the seed that was used included.
        tokens: how many of the reply's tokens it has.
        characters: how long the reply's text was when it had ended.
        timings: how long it took.
        stop_reason: why it ended; None when it was interrupted.
        stop: the stop string that ended it, if one did.
    """

    facts: ReplyFacts
    tokens: int
    characters: int
    timings: Timings = field(default_factory=Timings)
    stop_reason: StopReason | None = None
    stop: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What is known of a model's message; of one that was continued, the first four of its last part.

    Attributes:
        facts: what it was made with.
        timings: how long it took; zeros while it grows and when it was interrupted.
        stop_reason: why it ended; None while it grows, when it was interrupted, and where an import does not say.
        stop: the stop string that ended it, if one did.
        continued: how many times it was continued after it had ended, each time from where it stopped.
        stretches: the parts before the last one, oldest first; fewer than `continued` where an older version of this
            program continued it.
        begun: characters at its beginning that were given and not generated; None where nobody noted that.
    """

    facts: ReplyFacts
    timings: Timings = field(default_factory=Timings)
    stop_reason: StopReason | None = None
    stop: str = ""
    continued: int = 0
    stretches: tuple[Stretch, ...] = ()
    begun: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text that was sent along with a prompt.

    Attributes:
        name: its file name or path, as the person gave it.
        text: all of it.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A text that is attached to a prompt which is not sent yet.

    Attributes:
        attachment: its name and text.
        size: bytes of the file it was read from.
        note: what is special about it in a few words, such as `12 pages`.
        path: where the file is; empty for what came from no file.
        modified: when the file was changed last, in nanoseconds since 1970; 0 when not known.
    """

    attachment: Attachment
    size: int
    note: str = ""
    path: str = ""
    modified: int = 0


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """One message of the tree.

    Attributes:
        id: its number; greater than those of the messages stored before it.
        conversation: the conversation's number.
        parent: number of the message it follows; None for a first one.
        role: who speaks.
        text: all of it so far.
        created: seconds since 1970, UTC.
        state: whether it is complete.
        reply: of a model's message only, and there None where nothing is known, such as one the person wrote.
        attachments: what was sent with it, in order.
        edited: number of the message it was made from by editing; None for any other.
        position: which of its siblings it is, from 1; by age.
        siblings: how many messages follow the same parent, itself included.
    """

    id: int
    conversation: int
    parent: int | None
    role: Role
    text: str
    created: float
    state: State = "done"
    reply: Reply | None = None
    attachments: tuple[Attachment, ...] = ()
    edited: int | None = None
    position: int = 1
    siblings: int = 1


@dataclass(frozen=True, slots=True)
class Twig:
    """A message as a picture of the whole tree needs it.

    Attributes:
        id: its number.
        parent: number of the message it follows; None for a first one.
        role: who speaks.
        text: all of it so far.
        created: seconds since 1970, UTC.
        model: name of the model that wrote it; empty for what no model wrote.
        chosen: number of the message after it where the person went last; None when there is none.
    """

    id: int
    parent: int | None
    role: Role
    text: str
    created: float
    model: str = ""
    chosen: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation without its messages: a row of the list.

    Attributes:
        id: its number; greater than those of conversations stored before it.
        title: one line; empty until there is a prompt.
        titled_by: who gave the title.
        created: seconds since 1970, UTC.
        used: when something was last said in it, likewise.
        leaf: number of the message where the person is; None when there is none.
        model: name of the model that replied last; empty when none did.
        length: messages in it, on all branches.
        pinned: kept at the top of the list.
        archived: kept out of the list.
        deleted: when it was deleted; None if it was not.
        settings: what holds for this conversation alone, as JSON; empty when nothing does.
        draft: a prompt that was typed and not sent.
    """

    id: int
    title: str
    titled_by: TitleSource
    created: float
    used: float
    leaf: int | None = None
    model: str = ""
    length: int = 0
    pinned: bool = False
    archived: bool = False
    deleted: float | None = None
    settings: str = ""
    draft: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snippet.

    Attributes:
        text: of the message, line breaks included.
        found: whether it is what was searched for.
    """

    text: str
    found: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A message in which all words were found.

    Attributes:
        conversation: where.
        message: its number; None when they were found in the title.
        role: who said it; `system` for a title.
        created: when it was said.
        parts: the surroundings of the first word found.
    """

    conversation: Conversation
    message: int | None
    role: Role
    created: float
    parts: tuple[Part, ...]
