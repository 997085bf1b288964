"""The command for models that other servers run."""

from __future__ import annotations

from tui.app.commands.command import Command

ENDPOINT_COMMANDS: tuple[Command, ...] = (
    Command(
        "models.add_endpoint", "Add a remote model",
        "A model of another server, on this machine or elsewhere: llama-server, Ollama, LM Studio, vLLM, OpenAI…",
        "plus", "app.add_endpoint", "remote", "Models", priority=False,
    ),
)  # fmt: skip
