"""What a load would take, exactly, without loading; and a guard against files on which llama.cpp ends its process.

llama.cpp is asked in a child process (`tui.engine.dry_run`). Nothing here imports it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tui.core.errors import CancelledError, LocalLLMError, ModelLoadError
from tui.core.parameters import LoadParams
from tui.core.text import printable
from tui.engine.child import Child, ChildCancelled, ChildDied, ChildError

_IDLE_SECONDS = 60.0
_STEP = 256
"""llama.cpp rounds contexts up to a multiple of this."""
_GUESSES = 8
_SMALLER_CACHES = (("q8_0", "q8_0"), ("q4_0", "q4_0"))
_REASONS = (
    re.compile(r"GGML_ASSERT\(.*\) failed.*"),
    re.compile(r"what\(\): +(?P<text>.+)"),
    re.compile(r"\.(?:c|cpp|h|cu|m):\d+: (?P<text>.+)"),
)


class NoPlanError(LocalLLMError):
    """llama.cpp could not be asked; nothing is known of the file."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a load takes.

    Attributes:
        n_ctx: tokens of context.
        cache_type_k: type of the keys in the KV cache.
        cache_type_v: type of the values.
        weights: bytes of tensors in the computer's own memory, mapped ones included.
        kv_cache: bytes of KV cache and recurrent state there.
        compute: bytes of compute and output buffers there.
        other: bytes of what llama.cpp keeps besides: vocabulary, header, graphs. As measured.
        device: bytes of all of these in the memory of GPUs.
    """

    n_ctx: int
    cache_type_k: str
    cache_type_v: str
    weights: int
    kv_cache: int
    compute: int
    other: int
    device: int = 0

    @property
    def total(self) -> int:
        """Bytes of the computer's own memory, everything together."""
        return self.weights + self.kv_cache + self.compute + self.other


def never() -> bool:
    """For work that nobody takes back."""
    return False


class Planner:
    """Asks llama.cpp what loads take. Any thread; one question at a time.

    The child stays for further questions about the same file, which take milliseconds, and ends after a minute
    without any.

    Args:
        idle_seconds: how long the child waits for the next question.
    """

    def __init__(self, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._key: object = None
        self._idle: threading.Timer | None = None
        self._closed = False

    def plan(
        self,
        path: Path,
        load: LoadParams,
        *,
        sequences: int = 1,
        timeout: float = 30.0,
        cancelled: Callable[[], bool] = never,
    ) -> Plan:
        """What a load would take.

        Args:
            path: the GGUF file; of a split model the first part.
            load: how it would be loaded.
            sequences: how many generations it would serve side by side.
            timeout: most seconds to wait for llama.cpp.
            cancelled: asked while waiting; True ends the wait and the child.

        Raises:
            ModelLoadError: llama.cpp refused the file or the settings, or aborted; its reason is in the line.
            CancelledError: `cancelled` said so, or the planner was closed.
            NoPlanError: llama.cpp could not be asked, or took too long.
        """
        planned = self.plans(path, [load], sequences=sequences, timeout=timeout, cancelled=cancelled)[0]
        if isinstance(planned, ModelLoadError):
            raise planned
        return planned

    def plans(
        self,
        path: Path,
        loads: Sequence[LoadParams],
        *,
        sequences: int = 1,
        timeout: float = 30.0,
        cancelled: Callable[[], bool] = never,
    ) -> list[Plan | ModelLoadError]:
        """What each of several loads of one file would take, in one question; see `plan`.

        Returns:
            For each load its plan, or why llama.cpp would refuse its settings.
        """
        request = {
            "path": os.path.abspath(path),
            "sequences": sequences,
            "loads": [dataclasses.asdict(load) for load in loads],
        }
        answer = self._ask(path, loads[0], json.dumps(request).encode(), timeout, cancelled)
        if "what" in answer:
            raise ModelLoadError(**answer)
        return [
            ModelLoadError(**numbers)
            if "what" in numbers
            else Plan(cache_type_k=load.cache_type_k, cache_type_v=load.cache_type_v, **numbers)
            for load, numbers in zip(loads, answer["plans"], strict=True)
        ]

    def largest(
        self,
        path: Path,
        load: LoadParams,
        available: int,
        most: int,
        *,
        sequences: int = 1,
        cancelled: Callable[[], bool] = never,
    ) -> list[Plan]:
        """The largest contexts that fit: with the KV types of `load`, and with smaller ones.

        Args:
            path: the GGUF file.
            load: how it would be loaded; its context does not matter.
            available: bytes of memory.
            most: tokens of the largest context worth having.
            sequences: as for `plan`.
            cancelled: as for `plan`.

        Returns:
            At most three plans, each with a smaller KV cache type and a larger context than the one before; empty when
            nothing fits.

        Raises:
            LocalLLMError: as `plan`.
        """
        most = max(_STEP, most // _STEP * _STEP)
        types = dict.fromkeys([(load.cache_type_k, load.cache_type_v), *_SMALLER_CACHES])
        found: list[Plan] = []
        for type_k, type_v in types:
            variant = replace(load, cache_type_k=type_k, cache_type_v=type_v)
            plan = self._largest(path, variant, available, most, sequences, cancelled)
            if plan and (not found or plan.n_ctx > found[-1].n_ctx):
                found.append(plan)
        return found

    def close(self) -> None:
        """End the child, and whatever waits for it. May be called again."""
        self._closed = True
        child = self._child
        if child:
            child.kill()
        with self._lock:
            self._end()

    def _largest(
        self, path: Path, load: LoadParams, available: int, most: int, sequences: int, cancelled: Callable[[], bool]
    ) -> Plan | None:
        """The largest context that fits. Memory grows nearly evenly with it, so a few guesses find it."""
        ends = [replace(load, n_ctx=n_ctx) for n_ctx in (_STEP, most)]
        low, high = self.plans(path, ends, sequences=sequences, cancelled=cancelled)
        if not (isinstance(low, Plan) and isinstance(high, Plan)) or low.total > available:
            return None
        if high.total <= available:
            return high
        for _ in range(_GUESSES):
            if high.n_ctx - low.n_ctx <= _STEP:
                break
            guess = replace(load, n_ctx=_between(low, high, available))
            middle = self.plan(path, guess, sequences=sequences, cancelled=cancelled)
            low, high = (middle, high) if middle.total <= available else (low, middle)
        return low

    def _ask(
        self, path: Path, load: LoadParams, request: bytes, timeout: float, cancelled: Callable[[], bool]
    ) -> dict[str, Any]:
        def taken_back() -> bool:
            return self._closed or cancelled()

        while not self._lock.acquire(timeout=0.05):
            if taken_back():
                raise _cancelled(path)
        try:
            answer: dict[str, Any] = json.loads(self._answer(path, load, request, timeout, taken_back))
        except ChildCancelled:
            self._end()
            raise _cancelled(path) from None
        except ChildError as error:
            self._end()
            raise NoPlanError("llama.cpp could not be asked how much memory a load takes", why=str(error)) from error
        except ChildDied as death:
            self._end()
            if taken_back():
                raise _cancelled(path) from None
            raise _gave_up(path, death) from None
        else:
            self._wait_idle()
            return answer
        finally:
            self._lock.release()

    def _answer(
        self, path: Path, load: LoadParams, request: bytes, timeout: float, cancelled: Callable[[], bool]
    ) -> bytes:
        """The answer of the child that has this file; a new one unless there is one."""
        key = identity(path), (load.n_gpu_layers, bool(load.rpc))
        if self._idle:
            self._idle.cancel()
        if self._child and self._key == key:
            try:
                return self._child.ask(request, timeout, cancelled)
            except ChildDied:
                pass  # it may have been killed while it waited; the file is blamed for a new one's death only
        self._end()
        self._child, self._key = Child("tui.engine.dry_run"), key
        return self._child.ask(request, timeout, cancelled)

    def _wait_idle(self) -> None:
        child = self._child
        self._idle = threading.Timer(self._idle_seconds, self._end_idle, (child,))
        self._idle.daemon = True
        self._idle.start()

    def _end_idle(self, child: Child) -> None:
        with self._lock:
            if self._child is child and self._idle is threading.current_thread():
                self._end()

    def _end(self) -> None:
        if self._idle:
            self._idle.cancel()
        if self._child:
            self._child.close()
        self._idle = self._child = self._key = None


def identity(path: Path) -> tuple[str, int, int]:
    """What tells a file from another one: its path, bytes and time of change; zeros when there is none."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return os.path.abspath(path), 0, 0
    return os.path.abspath(path), facts.st_size, facts.st_mtime_ns


def _between(low: Plan, high: Plan, available: int) -> int:
    """Tokens between two contexts where `available` bytes are reached if memory grows evenly."""
    share = (available - low.total) / max(1, high.total - low.total)
    steps = (high.n_ctx - low.n_ctx) // _STEP
    return low.n_ctx + min(max(1, int(steps * share)), max(1, steps - 1)) * _STEP


def _cancelled(path: Path) -> CancelledError:
    return CancelledError(f"Loading {printable(path.name)} was stopped")


def _gave_up(path: Path, death: ChildDied) -> ModelLoadError:
    hint = "the file is damaged, or made for another version of llama.cpp"
    if death.signal_name == "SIGKILL":
        hint = "it may need more memory than there is"
    return ModelLoadError(
        f"llama.cpp gave up on {printable(path.name)}",
        why=printable(_last_words(death.stderr)) or death.signal_name or f"it ended with status {death.status}",
        hint=hint,
    )


def _last_words(stderr: str) -> str:
    """Why a process aborted, from what it wrote: the assertion, the exception, or the message."""
    for pattern in _REASONS:
        if found := pattern.search(stderr):
            return found.groupdict().get("text") or found[0]
    return ""
