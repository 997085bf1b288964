"""What the status line says, as a value, and how each event of the engine changes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from tui.core.endpoints import remote_name
from tui.core.errors import CancelledError
from tui.core.events import (
    Event,
    Failed,
    Finished,
    Loaded,
    Loading,
    ModelInfo,
    Prefilling,
    Shifted,
    StopReason,
    Token,
    Unloaded,
)


class Phase(Enum):
    """What the engine is doing, in the words of the screen."""

    NO_MODEL = "no model"
    LOADING = "loading"
    READY = "ready"
    PREFILL = "prefill"
    GENERATING = "generating"
    STOPPED = "stopped"
    FAILED = "failed"


BUSY = frozenset({Phase.LOADING, Phase.PREFILL, Phase.GENERATING})


@dataclass(frozen=True, slots=True)
class Status:
    """Everything the status line shows of the engine.

    Attributes:
        model: the loaded model.
        phase: what is going on.
        loading: name of the model that is being loaded.
        fraction: how much of it, 0 to 1.
        done: prompt tokens evaluated, while prefilling.
        total: prompt tokens, while prefilling.
        speed: decode speed in tok/s, live or of the last reply; 0 when unknown.
        first_token_seconds: TTFT of the present or the last reply in seconds; None before there is one.
        prefill_speed: tok/s of reading the last prompt; None when nothing had to be read.
        used: tokens in the context.
        threads: threads that decode had in the last reply; 0 before one.
    """

    model: ModelInfo | None = None
    phase: Phase = Phase.NO_MODEL
    loading: str = ""
    fraction: float = 0.0
    done: int = 0
    total: int = 0
    speed: float = 0.0
    first_token_seconds: float | None = None
    prefill_speed: float | None = None
    used: int = 0
    threads: int = 0

    @property
    def busy(self) -> bool:
        """Whether something runs that can be stopped."""
        return self.phase in BUSY


def advance(status: Status, event: Event) -> Status:
    """The status after an event. The live speed is the caller's: events carry no time."""
    if isinstance(event, Loading):
        name = model_name(event.path)
        return replace(status, phase=Phase.LOADING, loading=name, fraction=event.fraction)
    if isinstance(event, Loaded):
        return Status(model=event.model, phase=Phase.READY)
    if isinstance(event, Unloaded):
        return Status(phase=Phase.LOADING if status.phase is Phase.LOADING else Phase.NO_MODEL, loading=status.loading)
    if isinstance(event, Prefilling):
        return _prefilling(status, event)
    if isinstance(event, Token):
        return replace(status, phase=Phase.GENERATING, used=event.position or status.used)
    if isinstance(event, Shifted):
        return replace(status, used=event.used)
    if isinstance(event, Finished):
        return _finished(status, event)
    return _failed(status, event) if isinstance(event, Failed) else status


def _prefilling(status: Status, event: Prefilling) -> Status:
    if status.phase is not Phase.PREFILL:  # another reply: what is known of the last one would be taken for its own
        status = replace(status, speed=0.0, first_token_seconds=None)
    # A server that does not tell how far it is has told nothing of the context either.
    used = event.done if event.total else status.used
    return replace(status, phase=Phase.PREFILL, done=event.done, total=event.total, used=used)


def _finished(status: Status, event: Finished) -> Status:
    phase = Phase.STOPPED if event.reason is StopReason.CANCELLED else Phase.READY
    return replace(
        status,
        phase=phase,
        used=event.used or status.used,
        speed=event.timings.decode_speed,
        first_token_seconds=event.timings.first_token_seconds,
        prefill_speed=event.timings.prompt_speed or None,
        threads=event.timings.threads or status.threads,
    )


def _failed(status: Status, event: Failed) -> Status:
    if status.phase is Phase.LOADING:
        # A file that is no model fails before the old one is unloaded.
        return replace(status, phase=Phase.READY if status.model else Phase.NO_MODEL)
    phase = Phase.STOPPED if isinstance(event.error, CancelledError) else Phase.FAILED
    return replace(status, phase=phase if status.model else Phase.NO_MODEL)


_QUANTIZATION = re.compile(
    r"[-._ ](?:ud-)?((?:i?q\d+|tq\d)(?:_[a-z0-9]+)*|mxfp4(?:_moe)?|bf16|f16|fp16|f32|fp32)$", re.I
)


def model_name(path: str | Path) -> str:
    """A model's file name without its ending and its quantization; of an endpoint, its model's."""
    stem = remote_name(path) or Path(path).stem
    return _QUANTIZATION.sub("", stem) or stem


def quantization(model: ModelInfo) -> str:
    """A loaded model's quantization: from its file name, or else from llama.cpp's description."""
    if remote_name(model.path) is not None:
        return "remote"
    if found := _QUANTIZATION.search(Path(model.path).stem):
        return found[1].upper()
    return model.description.rpartition(" ")[2]
