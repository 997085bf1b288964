"""`models show`: what a model is, whether it fits here, and how fast it may be; for people and for scripts."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tui.catalogue.explanation import Fact, Section
from tui.core.text import one_line
from tui.core.units import format_bytes, format_count, format_speed, speed_band
from tui.run.guard import guarded
from tui.run.interrupt import Interruption
from tui.run.one_shot import DONE
from tui.run.output import Output
from tui.services.describe import Description, MemoryUse, describe
from tui.services.find_model import find_model, local_file, wants_hub
from tui.services.hub_models import download_folder, find_cached
from tui.services.load_check import LoadCheck
from tui.services.siblings import siblings_of
from tui.services.speed_estimate import SpeedEstimate
from tui.settings.settings import Settings

_REPO = re.compile(r"[\w.-]+/[\w.-]+(?::[\w.-]+)?|(?:https?://)?(?:www\.)?(?:huggingface\.co|hf\.co)/.+")
_LABEL = 20
_WIDEST, _NARROWEST = 110, 50
_METADATA = 200
"""Letters of a value in the header that are shown; --json has all of them."""


def show_model(model: str, settings: Settings, *, as_json: bool) -> int:
    """Print what a model is.

    Args:
        model: a file, a model's name, or `owner/repo[:quant]` on the Hub; empty for what `-hf` names.
        settings: how it would be loaded, and where models are.
        as_json: a JSON object with everything, in place of text.

    Returns:
        The exit status.
    """

    def work(interruption: Interruption) -> int:
        described, extra = _described(model, settings, interruption)
        output = Output()
        if as_json:
            output.write(json.dumps(described.record() | extra, indent=2, allow_nan=False) + "\n")
        else:
            width = min(max(shutil.get_terminal_size().columns, _NARROWEST), _WIDEST)
            output.write("\n".join(lines(described, width)) + "\n")
        return DONE

    return guarded(work)


def lines(described: Description, width: int) -> Iterator[str]:
    """A description as text.

    Args:
        described: the model.
        width: columns.
    """
    yield described.name
    yield from _wrapped(described.explanation.summary, width, "")
    if described.problem:
        yield from _wrapped(f"It cannot be loaded: {described.problem}", width, "")
    sections = [
        *(memory_section(described.memory, refused=bool(described.problem)) if described.memory else ()),
        *(_speed(described.speed) if described.speed else ()),
        *described.explanation.sections,
    ]
    for section in sections:
        yield ""
        yield section.title
        for fact in section.facts:
            yield from _fact(fact, width)
    yield ""
    yield "Metadata"
    for row in described.metadata:
        value = row.value if len(row.value) <= _METADATA else f"{row.value[:_METADATA]}…"
        yield f"  {row.key} = {value}"


def memory_section(use: MemoryUse, *, refused: bool = False) -> Iterator[Section]:
    """Whether a model fits, and what its memory goes to.

    Args:
        use: what a load takes.
        refused: whether it cannot be loaded at all, however much is free.
    """
    how = "llama.cpp's own figures" if use.exact else "an estimate from the header"
    verdict = "cannot be loaded" if refused else "fits" if use.fits else "does not fit"
    needs = f"{format_bytes(use.total)} of {format_bytes(use.available)} free"
    cache = "unknown" if use.kv_cache is None else format_bytes(use.kv_cache)
    largest = f"{format_count(use.largest_context)} tokens" if use.largest_context else "none"
    glance = Fact("At a glance", use.fit.value, "by the file's size: × 1.5 fits, × 1.1 is tight")
    yield Section(
        "Does it fit here",
        (
            *(() if refused else (glance,)),
            Fact("This load", f"{verdict}: {needs}", f"with {format_count(use.n_ctx)} tokens of context; {how}"),
            Fact("Weights", format_bytes(use.weights)),
            Fact("KV cache", cache),
            Fact("Compute buffers", format_bytes(use.compute)),
            Fact("Vocabulary, other", format_bytes(use.other)),
            Fact("Largest context", largest, "that fits in the free memory, up to the trained one"),
        ),
    )


def _speed(speed: SpeedEstimate) -> Iterator[Section]:
    about = "" if speed.measured else "about "
    facts = [
        Fact(
            "Writing" if speed.measured else "Writing (estimate)",
            f"{about}{format_speed(speed.tokens_per_second)}, {speed_band(speed.tokens_per_second)}",
            speed.basis,
        )
    ]
    if speed.at_full_context is not None:
        facts.append(Fact("With a full context", f"about {format_speed(speed.at_full_context)}", "an estimate"))
    facts.append(Fact("Read for each token", format_bytes(speed.bytes_per_token), "of weights"))
    yield Section("How fast", tuple(facts))


def _described(model: str, settings: Settings, interruption: Interruption) -> tuple[Description, dict[str, Any]]:
    wanted = model
    if not model and wants_hub(settings):
        wanted = settings.app.hf_repo
    elif not _is_remote(model):
        path = local_file(find_model(model, settings.app.folders()), "models show")
        return _here(path, settings, interruption), {}
    cached = find_cached(wanted, download_folder(settings))
    if cached:
        return _here(cached, settings, interruption), {}
    return _on_the_hub(wanted, settings, interruption)


def _is_remote(text: str) -> bool:
    """Whether this names a repository: not when there is such a file."""
    return bool(_REPO.fullmatch(text)) and not text.lower().endswith(".gguf") and not Path(text).exists()


def _here(path: Path, settings: Settings, interruption: Interruption) -> Description:
    check = LoadCheck()
    stopped: list[bool] = []
    interruption.watch(lambda: stopped.append(True))
    try:
        return describe(
            path,
            settings.load,
            lambda file, load: check.plan(file, load, lambda: bool(stopped)),
            siblings=siblings_of(path),
        )
    finally:
        check.close()


def _on_the_hub(text: str, settings: Settings, interruption: Interruption) -> tuple[Description, dict[str, Any]]:
    from tui.catalogue.hub.cancel import Cancel
    from tui.catalogue.hub.client import Hub
    from tui.services.remote_plan import describe_remote, find_remote

    cancel = Cancel()
    interruption.watch(cancel.set)
    hub = Hub(offline=settings.app.offline)
    repository, variant = find_remote(hub, text, cancel)
    described = describe_remote(hub, repository, variant, settings.load, cancel=cancel)
    files = [file.path for file in variant.files]
    return described, {"repository": repository.repo_id, "commit": repository.commit, "files": files}


def _fact(fact: Fact, width: int) -> Iterator[str]:
    label = one_line(fact.label)
    if len(label) >= _LABEL:
        yield f"  {label}"
        label = ""
    first = f"  {label:<{_LABEL}}"
    value, note = one_line(fact.value), one_line(fact.note)
    together = f"{value} ({note})" if note else value
    if len(first) + len(together) <= width:
        yield first + together
        return
    yield from _wrapped(value, width, first)
    yield from _wrapped(note, width, " " * (_LABEL + 4))


def _wrapped(text: str, width: int, first: str) -> list[str]:
    indent = " " * len(first)
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
