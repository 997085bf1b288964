"""Where models may lie on this machine: folders, and the places of other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tui.catalogue.entry import Kind, Source
from tui.catalogue.folders import gguf_files, never
from tui.catalogue.hub_cache import cached_ggufs, hub_cache_dir
from tui.catalogue.llama_cache import llama_cache_dir, llama_ggufs
from tui.catalogue.lm_studio import model_folders, studio_ggufs
from tui.catalogue.ollama import ADAPTER, MODEL, PROJECTOR, manifests, stores
from tui.catalogue.packages import packaged_ggufs

_OLLAMA_KINDS: dict[str, Kind] = {MODEL: "model", PROJECTOR: "mmproj", ADAPTER: "adapter"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file that may be a model.

    Attributes:
        source: what kind of place it was found in.
        origin: the folder that was searched, the Hub repository, Ollama's store, or the Python package.
        path: the file.
        name: what its place calls it; empty where the file's own name says it.
        kind: what its place says it is.
    """

    source: Source
    origin: str
    path: Path
    name: str = ""
    kind: Kind = "model"


def find_files(folders: Sequence[Path], stop: Callable[[], bool] = never) -> Iterator[Found]:
    """Every GGUF file on this machine, lazily; one that is in several places is given several times.

    Args:
        folders: where to look first, with everything below; a missing one is no error.
        stop: asked at each of these folders; true ends the search.
    """
    for folder in folders:
        for path in gguf_files(folder, stop):
            yield Found("folder", str(folder), path)
    if stop():
        return
    for origin, path in cached_ggufs(hub_cache_dir()):
        yield Found("huggingface", origin, path)
    yield from ollama_files()
    for folder in model_folders():
        for origin, path in studio_ggufs(folder):
            yield Found("lm-studio", origin, path)
    for origin, path in llama_ggufs(llama_cache_dir()):
        yield Found("llama.cpp", origin, path)
    for origin, path in packaged_ggufs():
        yield Found("package", origin, path)


def ollama_files() -> Iterator[Found]:
    """The files that Ollama's manifests name as weights, projectors and adapters."""
    for store in stores():
        for manifest in manifests(store):
            for layer in manifest.layers:
                if (kind := _OLLAMA_KINDS.get(layer.media_type)) is not None:
                    yield Found("ollama", str(store), layer.blob, manifest.name, kind)


def watched_folders(folders: Sequence[Path]) -> list[Path]:
    """Folders in which a model may appear or go, with everything below them; packages are left out."""
    ollama = [store / name for store in stores() for name in ("manifests", "manifests-v2")]
    return [*folders, hub_cache_dir(), *ollama, *model_folders(), llama_cache_dir()]
