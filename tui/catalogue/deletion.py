"""What a deletion would do, and doing exactly that."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tui.catalogue.disk_use import allocated
from tui.catalogue.entry import ModelEntry
from tui.core.errors import LocalLLMError
from tui.core.text import one_line


@dataclass(frozen=True, slots=True)
class Deletion:
    """What deleting a model would do. Texts and paths are untrusted.

    Attributes:
        entry: the model.
        files: what is removed, in this order: links and manifests before what they lead to.
        freed: bytes that the disk gets back.
        used_by: what else uses the weights, and so keeps them, or would be left without them; empty when nothing does.
        words: one or two sentences for the person who is asked.
        shared: links into the Hugging Face cache's common store, which may go with them.
    """

    entry: ModelEntry
    files: tuple[Path, ...]
    freed: int
    used_by: tuple[str, ...] = ()
    words: str = ""
    shared: tuple[Path, ...] = ()
    identities: tuple[tuple[int, int], ...] = field(default=(), repr=False)


def make(
    entry: ModelEntry,
    files: Iterable[Path],
    *,
    freed: int,
    used_by: Iterable[str] = (),
    words: str = "",
    shared: Iterable[Path] = (),
    hint: str = "",
) -> Deletion:
    """A deletion of files that exist and may be removed.

    Raises:
        LocalLLMError: a file is in a folder that this user cannot write to; `hint` says what to do then.
    """
    kept, identities = [], []
    for file in dict.fromkeys(files):
        try:
            state = os.lstat(file)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise refused(entry, error.strerror or type(error).__name__, hint) from None
        if stat.S_ISDIR(state.st_mode):
            raise refused(entry, f"{one_line(str(file))} is a folder")
        if not os.access(file.parent, os.W_OK | os.X_OK):
            raise refused(entry, f"{one_line(str(file.parent))} is not yours to write to", hint)
        kept.append(file)
        identities.append((state.st_dev, state.st_ino))
    if not kept:
        raise refused(entry, "nothing is left of it", "search again")
    return Deletion(entry, tuple(kept), freed, tuple(used_by), words, tuple(shared), tuple(identities))


def refused(entry: ModelEntry, why: str, hint: str = "") -> LocalLLMError:
    """The error for a model that stays."""
    return LocalLLMError(f"{one_line(entry.name)} cannot be deleted", why=why, hint=hint)


def remove(deletion: Deletion) -> None:
    """Remove the files but for those in `shared`, and nothing that has taken their place since.

    Raises:
        LocalLLMError: some are left; the line names them.
    """
    left: dict[Path, str] = {}
    for file, identity in zip(deletion.files, deletion.identities, strict=True):
        if file not in deletion.shared and (why := _unlink(file, identity)):
            left[file] = why
            # What follows is what this one leads to.
            break
    if left:
        ((file, why),) = left.items()
        rest = [other for other in deletion.files if os.path.lexists(other)]
        state = "not" if len(rest) == len(deletion.files) else "only in part"
        raise LocalLLMError(
            f"{one_line(deletion.entry.name)} was {state} deleted",
            why=f"{one_line(str(file))}: {why}",
            hint="left are " + ", ".join(one_line(str(other)) for other in rest) if rest != [file] else "",
        )


def _unlink(file: Path, identity: tuple[int, int]) -> str:
    """Remove one file; why it was not, or an empty text."""
    try:
        state = os.lstat(file)
        if (state.st_dev, state.st_ino) != identity:
            return "another file has taken its place"
        os.unlink(file)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    return ""


def freed_by(files: Iterable[Path]) -> int:
    """Bytes that the disk gets back when these files are removed: nothing for links, nor for one of several names."""
    counts: dict[tuple[int, int], int] = {}
    freed = 0
    for state in _regular(files):
        mark = (state.st_dev, state.st_ino)
        counts[mark] = counts.get(mark, 0) + 1
        if counts[mark] == state.st_nlink:
            freed += allocated(state)
    return freed


def has_other_names(files: Iterable[Path]) -> bool:
    """Whether one of these files has hard links beside it."""
    return any(state.st_nlink > 1 for state in _regular(files))


def _regular(files: Iterable[Path]) -> Iterator[os.stat_result]:
    for file in dict.fromkeys(files):
        try:
            state = os.lstat(file)
        except (OSError, ValueError):
            continue
        if stat.S_ISREG(state.st_mode):
            yield state
