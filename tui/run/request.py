"""What `run` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.core.messages import Message
from tui.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One completion.

    Attributes:
        settings: how to load and generate.
        model: the GGUF file.
        prompt: the text, escapes already processed.
        chat: whether the model's chat template makes a message of it.
        echo: whether the prompt is printed before the completion.
        color: whether the printed prompt has its colour.
        timings: whether timings go to standard error.
        turns: what is said before the prompt, in a chat.
    """

    settings: Settings
    model: Path
    prompt: str
    chat: bool = False
    echo: bool = False
    color: bool = False
    timings: bool = True
    turns: tuple[Message, ...] = ()
