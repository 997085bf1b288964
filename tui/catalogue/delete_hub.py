"""Delete a file of the Hugging Face cache: its links in all downloaded revisions, and the blob that nothing else links.

Done here and not by huggingface_hub's `delete_files`, which looks at the whole cache and passes over repositories that
it finds a fault in, such as those with a download that has not ended. What goes is the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.catalogue.deletion import Deletion, freed_by, make
from tui.catalogue.disk_use import disk_use
from tui.catalogue.entry import ModelEntry
from tui.catalogue.hub_cache import repository_id
from tui.core.units import format_bytes


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file below a repository's `snapshots`.

    Attributes:
        repository: the folder `models--owner--name`.
        revision: the commit.
        relative: its path in the repository.
    """

    repository: Path
    revision: str
    relative: Path

    @property
    def path(self) -> Path:
        """The file, mostly a link to a blob."""
        return self.repository / "snapshots" / self.revision / self.relative


def cached_file(path: Path) -> CachedFile | None:
    """`path` as a file of a Hugging Face cache; None for any other."""
    parts = path.parts
    for at in range(len(parts) - 4, 0, -1):
        if parts[at + 1] == "snapshots" and parts[at].startswith("models--"):
            repository = Path(*parts[: at + 1])
            return CachedFile(repository, parts[at + 2], Path(*parts[at + 3 :]))
    return None


def plan_hub(entry: ModelEntry, files: Sequence[CachedFile]) -> Deletion:
    """What goes with the files of a model, all of one repository.

    Raises:
        LocalLLMError: it cannot be deleted here.
    """
    repository, wanted = files[0].repository, {file.relative for file in files}
    blobs = {blob for file in files if (blob := _blob(repository, file.path)) is not None}
    links, used_by, kept, older = [file.path for file in files], [], set(), []
    for other in _every_file(repository):
        blob = _blob(repository, other.path)
        if blob in blobs and other.relative in wanted:
            links.append(other.path)
        elif blob in blobs:
            used_by.append(f"{repository_id(repository)}: {other.relative} in revision {other.revision[:12]}")
            kept.add(blob)
        elif blob is not None and other.relative in wanted:
            older.append(blob)
    gone = sorted(blobs - kept)
    shared = [blob for blob in gone if _in_store(blob) is not None]
    freed = freed_by([*links, *gone])
    for blob in shared:
        users = _store_users(blob)
        used_by += [repository_id(user.parents[1]) for user in users]
        freed += 0 if users else disk_use([blob])
    words = "It goes from the Hugging Face cache, which other programs share."
    if used_by:
        words = "Only the link goes: something else uses the weights."
    elif (revisions := len({cached.revision for link in links if (cached := cached_file(link))})) > 1:
        words = f"It goes from the Hugging Face cache, which other programs share: from {revisions} revisions there."
    if older:
        words += f" Another revision of it stays ({format_bytes(disk_use(older))})."
    return make(entry, [*links, *gone], freed=freed, used_by=used_by, words=words, shared=shared)


def unlink_shared(blobs: Sequence[Path]) -> None:
    """Remove blobs that are links into the cache's common store, and there what no repository links any longer.

    huggingface_hub does it: the store has its own locks.
    """
    from huggingface_hub import DeleteCacheStrategy  # slow to import

    nothing: frozenset[Path] = frozenset()
    cache = blobs[0].parents[2]
    DeleteCacheStrategy(0, frozenset(blobs), nothing, nothing, nothing, nothing, cache).execute()


def _every_file(repository: Path) -> Iterator[CachedFile]:
    snapshots = repository / "snapshots"
    for folder, _, names in os.walk(snapshots):
        for name in names:
            path = Path(folder, name)
            revision, *rest = path.relative_to(snapshots).parts
            if rest:
                yield CachedFile(repository, revision, Path(*rest))


def _blob(repository: Path, path: Path) -> Path | None:
    """The blob that a link leads to: directly in the repository's own folder of blobs, or none."""
    try:
        target = Path(os.path.normpath(path.parent / os.readlink(path)))
    except (OSError, ValueError):
        return None
    return target if target.parent == repository / "blobs" and os.path.lexists(target) else None


def _in_store(blob: Path) -> Path | None:
    """Where a blob lies in the common store `blobs/` of the whole cache; None when it is the repository's own."""
    store = blob.parents[2] / "blobs"
    try:
        target = Path(os.path.normpath(blob.parent / os.readlink(blob)))
    except (OSError, ValueError):
        return None
    return target if target.parent.parent == store and target.parent.name == target.name[:2] else None


def _store_users(blob: Path) -> list[Path]:
    """Other blobs that link to the same file of the common store, by the list that huggingface_hub keeps beside it."""
    target, cache = _in_store(blob), blob.parents[2]
    if target is None:
        return []
    try:
        lines = target.with_name(f"{target.name}.refs").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return []
    others = [Path(os.path.normpath(cache / line)) for line in lines]
    return [
        other
        for other in dict.fromkeys(others)
        if other != blob and len(other.parts) == len(blob.parts) and _in_store(other) == target
    ]
