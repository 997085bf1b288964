"""What is not as it was when a reply was made, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tui.core.events import ModelInfo
from tui.core.options import options_of
from tui.core.parameters import LoadParams
from tui.core.text import one_line
from tui.core.units import format_bytes
from tui.services.recorded_chat_facts import file_identity, model_identity, same_model
from tui.services.replay_recall import Recording
from tui.store.records import ModelIdentity

_NO_MATTER = (
    "mmap", "mlock", "fit", "cache_ram", "cache_disk", "chat_template", "threads", "threads_batch", "rpc",
    "tensor_split",
)  # fmt: skip
"""Load settings that change no token, or of which more is said elsewhere."""


def differences(recording: Recording, model: ModelInfo) -> list[str]:
    """What differs between then and now, and may let the replay differ.

    Args:
        recording: the stored reply.
        model: the loaded model.
    """
    return list(dict.fromkeys(line for part in recording.parts for line in _of_part(part, model)))


def _of_part(recording: Recording, model: ModelInfo) -> list[str]:
    facts = recording.reply.facts
    lines = []
    if not same_model(facts.model, now := model_identity(model)):
        lines.append(f"another model: {_named(facts.model)} wrote it, loaded is {_named(now)}")
    if facts.template_hash and model.template_hash and facts.template_hash != model.template_hash:
        lines.append("another chat template: the prompt is not the same text")
    if facts.build != model.build:
        lines.append(f"another llama.cpp: {one_line(facts.build) or 'not known'} then, {one_line(model.build)} now")
    lines += _load(recording.load, model.params)
    lines += _threads(recording, model)
    if not recording.reply.timings.prompt_tokens:
        lines.append("how much of the prompt was in the cache then was not stored: near ties may differ")
    if recording.unknown:
        lines.append(f"settings that this version cannot follow: {', '.join(map(one_line, recording.unknown))}")
    return lines


def file_of(model: ModelIdentity, paths: Iterable[Path]) -> Path | None:
    """The file that holds a model, among some; reads a mebibyte of each one of the right size.

    Args:
        model: what is known of it.
        paths: where to look.
    """
    for path in paths:
        try:
            right_size = model.size in (0, path.stat().st_size)
            if right_size and same_model(model, file_identity(path)):
                return path
        except OSError:
            continue
    return None


def _load(then: LoadParams, now: LoadParams) -> Iterator[str]:
    for spec in options_of(LoadParams):
        was, holds = getattr(then, spec.name), getattr(now, spec.name)
        if was != holds and spec.name not in _NO_MATTER:
            yield f"{spec.label}: {_shown(spec.format(was))} then, {_shown(spec.format(holds))} now"


def _threads(recording: Recording, model: ModelInfo) -> Iterator[str]:
    then, now = recording.load, model.params
    pairs = [(then.threads, now.threads), (then.threads_batch, now.threads_batch)]
    if any(was != holds for was, holds in pairs):
        words = ["/".join("auto" if n < 1 else str(n) for n in pair) for pair in zip(*pairs, strict=True)]
        yield f"threads (decode/prefill): {words[0]} then, {words[1]} now: near ties may differ"
    elif then.threads < 1:
        yield "threads are automatic: where their number differed, near ties may differ"


def _named(model: ModelIdentity) -> str:
    size = f" ({format_bytes(model.size)})" if model.size else ""
    return f"{one_line(model.name) or 'an unknown model'}{size}"


def _shown(text: str) -> str:
    return one_line(text) or "none"
