"""Models of the Hub that are on this machine already, and what to download of those that are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tui.catalogue.folders import gguf_files
from tui.catalogue.hub.choice import choose, parse_hf
from tui.catalogue.hub.values import RemoteFile, Repository, Request, Variant
from tui.catalogue.hub.variants import group
from tui.catalogue.hub_cache import cached_ggufs, hub_cache_dir
from tui.core.errors import HubError, LocalLLMError
from tui.settings.settings import Settings

if TYPE_CHECKING:
    from tui.catalogue.hub.cancel import Cancel
    from tui.catalogue.hub.client import Hub


def download_folder(settings: Settings) -> Path | None:
    """Where downloads go; None for the Hugging Face cache."""
    folder = settings.app.download_dir
    return Path(folder).expanduser() if folder else None


def find_cached(text: str, folder: Path | None = None) -> Path | None:
    """The file on this machine that `owner/repo[:quant]` means; None when it is not here. Nothing is asked.

    Args:
        text: as typed after -hf.
        folder: where downloads go, besides the Hugging Face cache.

    Raises:
        SettingError: the text names no repository.
    """
    repo_id, quant = parse_hf(text)
    for found in (_in_cache(repo_id), _in_folder(repo_id, folder)):
        variants, _ = group([RemoteFile(path, file.stat().st_size) for path, file in found.items()])
        whole = tuple(variant for variant in variants if not variant.missing)
        if not whole:
            continue
        try:
            variant = choose(Repository(repo_id, "", whole), quant)
        except LocalLLMError:
            continue
        return found[variant.files[0].path]
    return None


def present(repo_id: str, variant: Variant, folder: Path | None = None) -> Path | None:
    """The first file of a variant that is on this machine, all parts as long as the Hub says; None when it is not."""
    for found in (_in_cache(repo_id), _in_folder(repo_id, folder, variant)):
        if variant.files and all(_same(found.get(file.path), file) for file in variant.files):
            return found[variant.files[0].path]
    return None


def request_of(repository: Repository, variant: Variant, folder: Path | None = None) -> Request:
    """What to download for a variant."""
    return Request(repository.repo_id, repository.commit, variant.label, variant.files, folder)


def look_up(hub: Hub, text: str, folder: Path | None, cancel: Cancel | None = None) -> Request:
    """What `owner/repo[:quant]` means on the Hub, by llama.cpp's rule; asks the network.

    Raises:
        LocalLLMError: it is not there, or cannot be asked for.
    """
    repo_id, quant = parse_hf(text)
    repository = hub.repository(repo_id, cancel=cancel)
    if not repository.variants:
        raise no_gguf(repository)
    return request_of(repository, choose(repository, quant), folder)


def no_gguf(repository: Repository) -> HubError:
    """Why nothing of a repository can be loaded."""
    name = repository.repo_id.rpartition("/")[2]
    return HubError(
        f"{repository.repo_id} has no GGUF files",
        why="converting is not part of this program",
        hint=f"search for {name} GGUF",
        kind="missing",
    )


def offline_line(text: str) -> HubError:
    """Why a model that is not here cannot be had."""
    return HubError(
        f"{text} is not on this machine",
        why="the Hub is switched off here (--offline or HF_HUB_OFFLINE)",
        hint="start without it to download the model, or see localllm-tui models list",
        kind="offline",
    )


def _same(path: Path | None, file: RemoteFile) -> bool:
    try:
        return path is not None and path.stat().st_size == file.size
    except OSError:
        return False


def _in_cache(repo_id: str) -> dict[str, Path]:
    """Paths in the repository and on this machine, of what the Hugging Face cache has of it."""
    wanted = repo_id.casefold()
    return {_in_snapshot(path): path for name, path in cached_ggufs(hub_cache_dir()) if name.casefold() == wanted}


def _in_snapshot(path: Path) -> str:
    parts = path.parts
    at = max(index for index, part in enumerate(parts) if part == "snapshots")
    return str(PurePosixPath(*parts[at + 2 :]))


def _in_folder(repo_id: str, folder: Path | None, variant: Variant | None = None) -> dict[str, Path]:
    """What a download folder has: files of a variant by their names, or those whose names begin as the repository's.

    A folder keeps no note of where a file came from.
    """
    if folder is None:
        return {}
    if variant is not None:
        return {file.path: folder / PurePosixPath(file.path).name for file in variant.files}
    stem = repo_id.rpartition("/")[2].casefold().removesuffix("-gguf")
    return {path.name: path for path in _files(folder) if path.name.casefold().startswith(stem)}


def _files(folder: Path) -> Iterator[Path]:
    yield from (path for path in gguf_files(folder) if path.parent == folder)
