"""The models on this machine, for the front ends: found, marked, watched, deleted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from tui.catalogue.delete import Deletion, delete, plan_delete
from tui.catalogue.disk_use import disk_use
from tui.catalogue.entry import ModelEntry
from tui.catalogue.folders import never
from tui.catalogue.found import watched_folders
from tui.catalogue.header_cache import HeaderCache
from tui.catalogue.scan import scan
from tui.catalogue.usage import Usage
from tui.catalogue.watch import Watch
from tui.core.errors import LocalLLMError
from tui.services.remote.entries import endpoint_entries, plan_removal
from tui.settings.endpoints import remove_endpoint
from tui.settings.paths import state_dir

_log = logging.getLogger("localllm.library")


class Library:
    """Every model on this machine. Any thread may call; what touches many files says so and belongs in a worker.

    Args:
        folders: searched with everything below them, besides the places of other programs.
        state: the file of favourites and times of use; None for the person's own.
    """

    def __init__(self, folders: Sequence[Path], state: Path | None = None) -> None:
        self._folders = tuple(folders)
        self._usage = Usage(state or state_dir() / "library.json")
        self._cache = HeaderCache()

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders that are searched."""
        return self._folders

    def scan(self, stop: Callable[[], bool] = never) -> Iterator[ModelEntry]:
        """Find the models, each given as soon as it is found; for a worker thread.

        An entry may be given again, with more in `also_at`, once the same file was found in another place: it takes
        the place of the one with the same `path`. `{entry.path: entry for entry in library.scan()}` is the whole.

        Args:
            stop: asked at each file and folder; true ends the search.
        """
        self._usage.refresh()
        yield from endpoint_entries()
        yield from scan(self._folders, self._cache, stop)

    def watch(self, changed: Callable[[], None]) -> Watch:
        """Have `changed` called, in another thread, when a model came, went or changed; until `Watch.stop`."""
        return Watch(lambda: watched_folders(self._folders), changed)

    def is_favourite(self, entry: ModelEntry) -> bool:
        """Whether the person marked it; from memory."""
        return self._usage.record(entry.path).favourite

    def toggle_favourite(self, entry: ModelEntry) -> bool:
        """Mark it as a favourite, or take the mark away; kept on disk.

        Returns:
            Whether it is a favourite now.

        Raises:
            LocalLLMError: it cannot be kept.
        """
        try:
            return self._usage.toggle_favourite(entry.path)
        except OSError as error:
            raise LocalLLMError("the favourite was not kept", why=error.strerror or type(error).__name__) from error

    def used(self, path: Path) -> None:
        """Note that the model at `path` is used now. Never fails: a disk that is full must not stop a load."""
        try:
            self._usage.used(path)
        except OSError as error:
            _log.warning("the time of use of %s was not kept: %s", path, error)

    def last_used(self, entry: ModelEntry) -> float | None:
        """When it was last loaded here, in seconds since 1970; None for never; from memory."""
        return self._usage.record(entry.path).used

    def disk_use(self, entries: Iterable[ModelEntry]) -> int:
        """Bytes that these models take on disk: shared files count once, holes in sparse ones not at all."""
        return disk_use(file for entry in entries for file in entry.files)

    def plan_delete(self, entry: ModelEntry) -> Deletion:
        """What deleting a model would remove, how much it frees, and what else uses it; nothing is touched.

        Raises:
            LocalLLMError: it cannot be deleted here; the line says what to do instead.
        """
        return plan_removal(entry) if entry.remote else plan_delete(entry)

    def delete(self, deletion: Deletion) -> None:
        """Delete what was planned. A loaded model is for the caller to unload before.

        Raises:
            LocalLLMError: something could not be removed; the line names what is left.
        """
        if deletion.entry.remote:
            remove_endpoint(deletion.entry.path)
        else:
            delete(deletion)
