"""The commands of this front end, as the command line calls them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tui.catalogue.hub.values import Query, Sort
from tui.core.messages import Message
from tui.monitor.cpu import usable_cores
from tui.run.bench import bench
from tui.run.list_models import list_models
from tui.run.one_shot import DONE, run
from tui.run.output import Output, wants_color, warn
from tui.run.request import RunRequest
from tui.services.find_model import find_model, local_file, wants_hub
from tui.services.measurements import BenchPlan, thread_counts
from tui.settings.settings import COMMAND_LINE, DEFAULT, Settings


def complete(
    settings: Settings,
    problems: Sequence[str],
    prompt: str,
    *,
    chat: bool,
    timings: bool,
    preset: str = "",
    answers: Mapping[str, str] = MappingProxyType({}),
) -> int:
    """Complete one prompt.

    Args:
        settings: the settings that hold.
        problems: lines about settings that were left out.
        prompt: the text, escapes already processed.
        chat: whether to apply the model's chat template.
        timings: whether timings go to standard error.
        preset: name of the preset that holds; empty for none.
        answers: what the preset asks for.

    Returns:
        The exit status.

    Raises:
        ModelFileError: no model has the name that was given.
        PresetError: the preset cannot be used.
    """
    for problem in problems:
        warn(problem)
    if settings.origin("system_prompt") == COMMAND_LINE and not chat:
        warn("-sys has no effect without --chat: the prompt is completed as it is")
    model, status = model_of(settings)
    if model is None:
        return status
    turns: tuple[Message, ...] = ()
    if preset:
        from tui.run.presets import with_preset

        settings, turns = with_preset(settings, preset, answers, model, chat=chat)
    terminal = Output().is_terminal
    choice = settings.app.color
    request = RunRequest(
        settings=settings,
        model=model,
        prompt=prompt,
        chat=chat,
        # Only who asks for colours wants to see the prompt: otherwise nothing but the completion is printed.
        echo=choice == "on" or (settings.origin("color") != DEFAULT and wants_color(choice, terminal=terminal)),
        color=wants_color(choice, terminal=terminal),
        timings=timings,
        turns=turns,
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


def measure(
    settings: Settings, problems: Sequence[str], numbers: Mapping[str, tuple[int, ...]], *, as_json: bool
) -> int:
    """Measure how fast a model is.

    Args:
        settings: the settings that hold.
        problems: lines about settings that were left out.
        numbers: what to measure: `n_prompt`, `n_gen` and `repetitions` (one number each), `n_depth` and `threads`
            (as many as there are; no threads: a row of counts up to the usable cores).
        as_json: a JSON object instead of tables.

    Returns:
        The exit status.

    Raises:
        ModelFileError: no model has the name that was given.
    """
    for problem in problems:
        warn(problem)
    plan = BenchPlan(
        n_prompt=sum(numbers["n_prompt"][:1]),
        n_gen=sum(numbers["n_gen"][:1]),
        depths=numbers["n_depth"] or (0,),
        threads=numbers["threads"] or thread_counts(usable_cores()),
        repetitions=numbers["repetitions"][0],
    )
    path, status = model_of(settings)
    return status if path is None else bench(local_file(path, "bench"), settings.load, plan, as_json=as_json)


def show(settings: Settings, problems: Sequence[str], model: str, *, as_json: bool) -> int:
    """Say what a model is; see `tui.run.show_model`."""
    for problem in problems:
        warn(problem)
    from tui.run.show_model import show_model

    return show_model(model, settings, as_json=as_json)


def search(
    settings: Settings, problems: Sequence[str], words: str, *, sort: Sort, author: str, limit: int, as_json: bool
) -> int:
    """Search the Hub for GGUF repositories; see `tui.run.search`."""
    for problem in problems:
        warn(problem)
    from tui.run.search import search_hub

    query = Query(text=words, author=author, sort=sort)
    return search_hub(query, limit, offline=settings.app.offline, as_json=as_json)


def pull(settings: Settings, problems: Sequence[str], repo: str, *, as_json: bool) -> int:
    """Download a model from the Hub; see `tui.run.pull`."""
    for problem in problems:
        warn(problem)
    from tui.run.pull import pull_model

    return pull_model(settings, repo, as_json=as_json)


def remove(settings: Settings, problems: Sequence[str], model: str, *, yes: bool, as_json: bool) -> int:
    """Delete a model from this machine; see `tui.run.remove`."""
    for problem in problems:
        warn(problem)
    from tui.run.remove import remove_model

    return remove_model(settings, model, yes=yes, as_json=as_json)


def model_of(settings: Settings) -> tuple[Path | None, int]:
    """The file of the model that the settings name, fetched from the Hub where that is wanted; None with the exit
    status when it could not be fetched."""
    if not wants_hub(settings):
        return find_model(settings.app.model, settings.app.folders()), DONE
    from tui.run.pull import fetched

    return fetched(settings)
