"""The commands of this front end, as the command line calls them."""

from __future__ import annotations

from collections.abc import Sequence

from tui.run.list_models import list_models
from tui.run.one_shot import run
from tui.run.output import Output, wants_color, warn
from tui.run.request import RunRequest
from tui.services.find_model import find_model
from tui.settings.settings import COMMAND_LINE, DEFAULT, Settings


def complete(settings: Settings, problems: Sequence[str], prompt: str, *, chat: bool, timings: bool) -> int:
    """Complete one prompt.

    Args:
        settings: the settings that hold.
        problems: lines about settings that were left out.
        prompt: the text, escapes already processed.
        chat: whether to apply the model's chat template.
        timings: whether timings go to standard error.

    Returns:
        The exit status.

    Raises:
        ModelFileError: no model has the name that was given.
    """
    for problem in problems:
        warn(problem)
    if settings.origin("system_prompt") == COMMAND_LINE and not chat:
        warn("-sys has no effect without --chat: the prompt is completed as it is")
    terminal = Output().is_terminal
    choice = settings.app.color
    request = RunRequest(
        settings=settings,
        model=find_model(settings.app.model, settings.app.folders()),
        prompt=prompt,
        chat=chat,
        # Only who asks for colours wants to see the prompt: otherwise nothing but the completion is printed.
        echo=choice == "on" or (settings.origin("color") != DEFAULT and wants_color(choice, terminal=terminal)),
        color=wants_color(choice, terminal=terminal),
        timings=timings,
    )
    return run(request)


def models(settings: Settings, problems: Sequence[str], *, as_json: bool) -> int:
    """List the models on this machine.

    Args:
        settings: the settings that hold; the folders to search are in them.
        problems: lines about settings that were left out.
        as_json: a JSON array instead of a table.

    Returns:
        The exit status.
    """
    for problem in problems:
        warn(problem)
    return list_models(settings.app.folders(), as_json=as_json)
