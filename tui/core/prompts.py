"""What a generation starts from: text or tokens as they are, or a conversation for the model's chat template."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.core.messages import Message


@dataclass(frozen=True, slots=True)
class RawPrompt:
    """Text given to the model as it is: no template; special tokens in it are recognised.

    Attributes:
        text: the whole text, escapes already processed.
        scored: whether it is told how likely the model finds each of its own tokens; nothing of it is then reused.
    """

    text: str
    scored: bool = False


@dataclass(frozen=True, slots=True)
class ChatPrompt:
    """A conversation that the model's chat template turns into a prompt.

    Attributes:
        messages: in order; a system message may come first.
        begun: what the model's next message begins with already; it goes on from there.
        label: what the conversation is called where computed ones are kept; nothing that the model sees.
        tools: what the model may call, for the chat template: the text of a JSON array; empty for none.
        shown: texts of special tokens that belong to the answer, such as those that begin a call.
    """

    messages: tuple[Message, ...]
    begun: str = ""
    label: str = field(default="", compare=False)
    tools: str = ""
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """Tokens given to the model as they are; for measurements and for stored conversations.

    Attributes:
        tokens: their numbers, each below the vocabulary's size.
        scored: as of a text.
    """

    tokens: tuple[int, ...]
    scored: bool = False


Prompt = RawPrompt | ChatPrompt | TokenPrompt


def characters(prompt: Prompt) -> int:
    """Characters of a prompt without its template; of tokens, how many there are."""
    if isinstance(prompt, ChatPrompt):
        return sum(len(message.content) for message in prompt.messages) + len(prompt.tools)
    return len(prompt.tokens) if isinstance(prompt, TokenPrompt) else len(prompt.text)
