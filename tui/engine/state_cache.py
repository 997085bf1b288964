"""KV states that are kept after their sequence was given to another conversation: in memory, and on disk.

Computing a prompt of 3,000 tokens takes seconds on a small machine, bringing its state back takes milliseconds.
"""

from __future__ import annotations

import itertools
import logging
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from tui.engine import state_file
from tui.engine.machine import unknown
from tui.engine.sequence import common_prefix
from tui.engine.state_file import StateFileError

_LOGGER = logging.getLogger("localllm.kv")
_SUFFIX = ".kv"


@dataclass(slots=True, eq=False)
class SavedState:
    """A state that can be brought back.

    Attributes:
        tokens: what it holds.
        size: bytes.
        data: the state, when it is in memory.
        path: the file, when it is on disk.
        used: when it was used last, as a running number.
        label: what it is of, for whoever had it computed.
    """

    tokens: list[int]
    size: int
    data: memoryview | None = None
    path: Path | None = None
    used: int = 0
    label: str = ""


class StateCache:
    """Saved states of one model with one set of parameters.

    Two budgets, in bytes, are kept by giving up what was used least recently. A state whose tokens begin another one's
    is given up for that one, where that one can be cut back. Files are written in the background; those of other
    programs running at the same time are found when a model is loaded. All methods are called from one thread.

    Args:
        folder: where the files are.
        fingerprint: of everything that a state depends on besides its tokens.
        ram: bytes of states in memory.
        disk: bytes of all files in the folder, other models' included; 0 writes and reads none.
        spare: tells how many bytes of memory are free; half of them may be taken by one more state.
        cuttable: whether a state can be cut back to any length.
    """

    def __init__(
        self,
        folder: Path,
        fingerprint: str,
        *,
        ram: int,
        disk: int,
        spare: Callable[[], int | None] = unknown,
        cuttable: bool = True,
    ) -> None:
        self._folder, self._fingerprint = folder, fingerprint
        self._ram, self._disk, self._spare = ram, disk, spare
        self._cuttable = cuttable
        self._clock = itertools.count()
        self._states: list[SavedState] = list(self._found()) if disk else []
        self._writer = _Writer(folder, fingerprint, disk)

    def find(self, prompt: list[int], *, whole: bool) -> tuple[SavedState | None, int]:
        """The state that saves most of a prompt; of several the one that has the least besides, or is in memory.

        Args:
            prompt: its tokens.
            whole: whether only a state counts whose tokens are all in the prompt (memory that cannot be cut back).

        Returns:
            The state and how many of the prompt's tokens it has; None and 0 when there is none.
        """
        best, longest = None, 0
        for state in self._states:
            length = common_prefix(state.tokens, prompt)
            if not length or (whole and length < len(state.tokens)):
                continue
            rank = (length, -len(state.tokens), state.data is not None)
            if best is None or rank > (longest, -len(best.tokens), best.data is not None):
                best, longest = state, length
        return best, longest

    def read(self, state: SavedState) -> memoryview | None:
        """The state's bytes; None when its file is gone or damaged, which is logged, and the state forgotten."""
        state.used = next(self._clock)
        if state.data is not None:
            return state.data
        assert state.path
        try:
            header, data = state_file.read_state(state.path)
            if header.fingerprint != self._fingerprint or header.tokens != state.tokens:
                raise StateFileError("it was replaced by another")
            state.path.touch()
        except (OSError, StateFileError) as error:
            _LOGGER.warning("saved state %s is not used: %s", state.path.name, error)
            self.forget(state)
            return None
        return data

    def forget(self, state: SavedState) -> None:
        """Give up a state that is of no use, its file too."""
        if state in self._states:
            self._states.remove(state)
        if state.path:
            self._writer.delete(state.path)

    @property
    def in_memory(self) -> bool:
        """Whether states are kept in memory at all."""
        return self._ram > 0

    def has_room(self, size: int) -> bool:
        """Whether a state of so many bytes may be kept in memory."""
        if not 0 < size <= self._ram:
            return False
        spare = self._spare()
        return spare is None or size <= spare // 2

    def has_room_beside(self, size: int) -> bool:
        """Whether a state of so many bytes may be kept in memory and all others stay."""
        held = sum(state.size for state in self._states if state.data is not None)
        return self.has_room(size) and held + size <= self._ram

    @property
    def labels(self) -> dict[str, Path | None]:
        """What the states are of, and where each is: a file, or None for memory."""
        states = [state for state in list(self._states) if state.label]
        on_disk = {state.label: state.path for state in states if state.path}
        return on_disk | {state.label: None for state in states if not state.path}

    def remember(self, tokens: list[int], data: memoryview, label: str = "") -> bool:
        """Keep a state in memory, as far as the budget goes; returns whether it is kept."""
        if room := self.has_room(len(data)):
            self._add(SavedState(list(tokens), len(data), data=data, label=label))
        return room

    def save(self, tokens: list[int], data: memoryview, label: str = "") -> None:
        """Keep a state on disk, as far as the budget goes; returns at once."""
        if not 0 < len(data) <= self._disk:
            return
        path = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        self._writer.write(path, list(tokens), data, label)  # before the states that it replaces are deleted
        self._add(SavedState(list(tokens), len(data), path=path, label=label))

    def close(self, timeout: float) -> None:
        """Wait for the files under way, `timeout` seconds at most."""
        self._writer.close(timeout)

    def _add(self, new: SavedState) -> None:
        new.used = next(self._clock)
        on_disk = new.path is not None
        for old in [s for s in self._states if on_disk or s.path is None]:
            begins = common_prefix(old.tokens, new.tokens) == len(old.tokens)
            if begins and (self._cuttable or len(old.tokens) == len(new.tokens)):
                self.forget(old)
        self._states.append(new)
        in_memory = sorted((s for s in self._states if s.data is not None), key=lambda s: s.used)
        excess = sum(s.size for s in in_memory) - self._ram
        for state in in_memory:
            if excess <= 0:
                break
            excess -= state.size
            self._states.remove(state)

    def _found(self) -> Iterator[SavedState]:
        """States of this fingerprint in the folder, the one used longest ago first."""
        for path in _by_age(self._folder):
            try:
                header = state_file.read_header(path)
            except (OSError, StateFileError) as error:
                _LOGGER.warning("saved state %s is not used: %s", path.name, error)
                continue
            if header.fingerprint == self._fingerprint:
                yield SavedState(header.tokens, header.size, path=path, used=next(self._clock), label=header.label)


class _Writer:
    """Writes and deletes files in a thread of its own, in order."""

    def __init__(self, folder: Path, fingerprint: str, budget: int) -> None:
        self._folder, self._fingerprint, self._budget = folder, fingerprint, budget
        self._jobs: SimpleQueue[tuple[Path, list[int], memoryview, str] | Path | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def write(self, path: Path, tokens: list[int], data: memoryview, label: str) -> None:
        self._put((path, tokens, data, label))

    def delete(self, path: Path) -> None:
        self._put(path)

    def close(self, timeout: float) -> None:
        if self._thread:
            self._jobs.put(None)
            self._thread.join(timeout)

    def _put(self, job: tuple[Path, list[int], memoryview, str] | Path) -> None:
        self._jobs.put(job)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="kv-writer", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                if isinstance(job, Path):
                    job.unlink(missing_ok=True)
                else:
                    self._write(*job)
            except OSError as error:
                _LOGGER.warning("a state could not be kept on disk: %s", error)

    def _write(self, path: Path, tokens: list[int], data: memoryview, label: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = _by_age(self._folder)
        excess = sum(_size(file) for file in files) + len(data) - self._budget
        for file in files:
            if excess <= 0:
                break
            excess -= _size(file)
            file.unlink(missing_ok=True)
        state_file.write(path, self._fingerprint, tokens, data, label)


def _by_age(folder: Path) -> list[Path]:
    """The saved states in a folder, the one used longest ago first."""
    files = [(_modified(path), path) for path in folder.glob(f"*{_SUFFIX}")]
    return [path for _, path in sorted(files)]


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
