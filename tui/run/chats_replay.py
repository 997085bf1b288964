"""`chats replay`: a stored reply once more, and whether it comes out the same."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tui.catalogue.header_cache import HeaderCache
from tui.catalogue.scan import scan
from tui.core.errors import LocalLLMError, ModelFileError
from tui.core.events import Failed, Loaded, Loading, ModelInfo, Prefilling, Token
from tui.core.parameters import LoadParams
from tui.core.text import one_line
from tui.run.chats_store import opened_store
from tui.run.guard import guarded
from tui.run.interrupt import Interruption
from tui.run.one_shot import DONE
from tui.run.output import Output, Progress, note, warn
from tui.services.find_model import find_model, local_file
from tui.services.model_host import ModelHost
from tui.services.replay import Recording, Replay, last_reply, recall
from tui.services.replay_differences import differences, file_of
from tui.services.replay_result import ReplayResult
from tui.settings.settings import COMMAND_LINE, Settings

DIFFERENT = 1
OVERRIDES = ("n_ctx", "threads", "threads_batch", "n_gpu_layers", "rpc", "tensor_split", "mmap", "mlock")
"""Load settings of the command line that hold in place of the recorded ones."""


def replay_chat(number: int, settings: Settings, problems: Sequence[str], *, as_json: bool) -> int:
    """Generate a stored reply again with its recorded settings, and print whether it matched. Nothing is stored.

    Args:
        number: a conversation's, for the last reply of its open branch, or a message's.
        settings: which model to take, where one is named; else the one that wrote the reply is searched.
        problems: lines about settings that were left out.
        as_json: a JSON object instead of one line.

    Returns:
        The exit status: 0 identical, 1 different or failed.
    """
    for problem in problems:
        warn(problem)

    def work(interruption: Interruption) -> int:
        with opened_store() as store:
            recording = recall(store, last_reply(store, number))
        path = _model(recording, settings)
        host, progress = ModelHost(), Progress()
        closed = False
        try:
            model = _load(host, path, _load_params(recording, settings), interruption, progress)
            lines = differences(recording, model)
            for line in lines:
                warn(line)
            replay = _run(host, recording, interruption, progress)
        finally:
            progress.clear()
            closed = host.close()
        status = interruption.status or _report(replay, lines, as_json=as_json)
        if not closed:
            os._exit(status)  # a thread inside llama.cpp does not survive the interpreter's end
        return status

    return guarded(work, color=settings.app.color)


def _report(replay: Replay, lines: Sequence[str], *, as_json: bool) -> int:
    if replay.error is not None:
        raise replay.error
    result = replay.result()
    if result.note:
        warn(result.note)
    if result.odds and not as_json:
        note(result.odds)
    text = json.dumps(_record(replay, result, lines), indent=2, ensure_ascii=False) if as_json else result.line()
    Output().write(f"{text}\n")
    return DONE if result.same else DIFFERENT


def _record(replay: Replay, result: ReplayResult, lines: Sequence[str]) -> dict[str, Any]:
    stored, now = result.around()
    return {
        "message": str(replay.recording.record.id),
        "conversation": str(replay.recording.record.conversation),
        "result": result.outcome.value,
        "matched": result.matched,
        "stored_tokens": result.stored_tokens,
        "first_difference": result.at,
        "stored": stored if result.differs else None,
        "now": now if result.differs else None,
        "odds": result.odds or None,
        "text": result.text,
        "seed": replay.recording.params.seed,
        "parts": len(replay.recording.parts),
        "differences": [*lines, *([result.note] if result.note else [])],
    }


def _model(recording: Recording, settings: Settings) -> Path:
    if settings.origin("model") == COMMAND_LINE and settings.app.model:
        return local_file(find_model(settings.app.model, settings.app.folders()), "chats replay")
    wanted = recording.reply.facts.model
    entries = scan(settings.app.folders(), HeaderCache())
    found = file_of(wanted, (entry.path for entry in entries if entry.loadable))
    if found is None:
        name = one_line(wanted.name) or "its name is not known"
        raise ModelFileError(
            f"The model that wrote this reply is not on this machine: {name}", hint="-m takes another one"
        )
    return found


def _load_params(recording: Recording, settings: Settings) -> LoadParams:
    given = {name: settings.get(name) for name in OVERRIDES if settings.origin(name) == COMMAND_LINE}
    # What the program kept on disk of the conversation is taken from there; nothing is kept of this.
    return replace(recording.load, **given, cache_ram=0)  # type: ignore[arg-type]


def _load(host: ModelHost, path: Path, params: LoadParams, interruption: Interruption, progress: Progress) -> ModelInfo:
    ticket = host.load(path, params)
    interruption.watch(ticket.cancel)
    for event in ticket.events():
        if isinstance(event, Loading):
            progress.show(f"loading {path.name} {event.fraction:4.0%}")
        elif isinstance(event, Failed):
            raise event.error
        elif isinstance(event, Loaded):
            progress.clear()
            return event.model
    raise LocalLLMError(f"{path.name} was not loaded")


def _run(host: ModelHost, recording: Recording, interruption: Interruption, progress: Progress) -> Replay:
    replay = Replay(recording)
    while replay.finished is None or (replay.goes_on and not interruption.status):
        ticket = replay.start(host.engine)
        interruption.watch(ticket.cancel)
        for event in ticket.events():
            replay.absorb(event)
            if isinstance(event, Prefilling):
                progress.show(f"prompt {event.done} / {event.total} tokens")
            elif isinstance(event, Token):
                progress.show(f"token {len(replay.tokens)} of {recording.count}")
        if replay.error is not None:
            break
    return replay
