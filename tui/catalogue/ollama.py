"""Ollama's models: manifests that give blobs their names. Ollama itself is not asked and need not run.

The layout, from Ollama's `manifest/manifest.go` and `manifest/paths.go`: `manifests/HOST/NAMESPACE/MODEL/TAG` is a
JSON file whose layers are `blobs/sha256-…`; since 2026 `manifests-v2` holds links to manifests that are blobs
themselves.
"""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_log = logging.getLogger("localllm.catalogue")

SYSTEM_STORES = ("/usr/share/ollama/.ollama/models", "/var/lib/ollama/.ollama/models", "/var/lib/ollama")
"""Where Ollama keeps models when it runs as a service: its installer's place, and those of distributions."""
MANIFESTS = ("manifests-v2", "manifests")
MODEL = "application/vnd.ollama.image.model"
PROJECTOR = "application/vnd.ollama.image.projector"
ADAPTER = "application/vnd.ollama.image.adapter"

_REGISTRIES = ("registry.ollama.ai", "ollama.com")
_DIGEST = re.compile(r"sha256[:-]([0-9a-fA-F]{64})")
_MOST_BYTES = 1 << 22
_MOST_LAYERS = 10_000


@dataclass(frozen=True, slots=True)
class Layer:
    """A blob that a manifest names.

    Attributes:
        media_type: what it is, such as `MODEL`.
        blob: its file, always directly in the store's folder of blobs.
    """

    media_type: str
    blob: Path


@dataclass(frozen=True, slots=True)
class Manifest:
    """One named model.

    Attributes:
        store: the folder that has `manifests` and `blobs`.
        path: the manifest's own file.
        name: as Ollama shows it: `gemma2:2b`, `owner/model:tag`, `hf.co/owner/model:tag`.
        layers: weights, template, licence, configuration; the manifest's own blob too, where it is one.
    """

    store: Path
    path: Path
    name: str
    layers: tuple[Layer, ...]


def stores(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Folders of models that exist and can be read, each once."""
    home = Path(os.path.expanduser("~"))
    chosen = environ.get("OLLAMA_MODELS", "").strip()
    places = [Path(chosen).expanduser()] if chosen else []
    places += [home / ".ollama" / "models", *map(Path, SYSTEM_STORES)]
    found: dict[str, Path] = {}
    for place in places:
        if any(_readable(place / manifests) for manifests in MANIFESTS):
            found.setdefault(os.path.realpath(place), place)
    return list(found.values())


def manifests(store: Path) -> Iterator[Manifest]:
    """The models of a store, in the order of their names, each once; what cannot be read is passed over."""
    seen: set[str] = set()
    for manifest in every_manifest(store):
        if manifest.layers and manifest.name not in seen:
            seen.add(manifest.name)
            yield manifest


def every_manifest(store: Path) -> Iterator[Manifest]:
    """All manifest files: of a model that both folders have, both; one that cannot be read has no layers."""
    for root in MANIFESTS:
        for path in _files(store / root, depth=4):
            yield Manifest(store, path, _name(path.relative_to(store / root).parts), tuple(_layers(store, path)))


def _name(parts: tuple[str, ...]) -> str:
    host, namespace, model, tag = parts
    if host in _REGISTRIES:
        return f"{model}:{tag}" if namespace == "library" else f"{namespace}/{model}:{tag}"
    return f"{host}/{namespace}/{model}:{tag}"


def _layers(store: Path, path: Path) -> list[Layer]:
    content = _read(path)
    layers = [Layer("", blob)] if (blob := _own_blob(store, path)) else []
    children = content.get("manifests")
    for child in children if isinstance(children, list) else []:
        if not isinstance(child, dict):
            continue
        if (blob := _blob(store, child.get("digest"))) is not None:
            layers.append(Layer("", blob))
            child = child if child.get("layers") else _read(blob)
        layers += _named(store, child)
    return (layers + _named(store, content))[:_MOST_LAYERS]


def _named(store: Path, content: dict[str, Any]) -> list[Layer]:
    listed = content.get("layers")
    layers = [*(listed if isinstance(listed, list) else []), content.get("config")]
    found = []
    for layer in layers:
        if isinstance(layer, dict) and (blob := _blob(store, layer.get("digest"))) is not None:
            found.append(Layer(str(layer.get("mediaType", "")).partition(";")[0].strip(), blob))
    return found


def _own_blob(store: Path, path: Path) -> Path | None:
    return _blob(store, os.path.basename(os.path.realpath(path))) if path.is_symlink() else None


def _blob(store: Path, digest: object) -> Path | None:
    # Nothing but 64 hexadecimal digits becomes a path.
    found = _DIGEST.fullmatch(digest) if isinstance(digest, str) else None
    return store / "blobs" / f"sha256-{found[1].lower()}" if found else None


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = json.loads(file.read(_MOST_BYTES))
    except (OSError, ValueError, RecursionError) as error:
        _log.info("Ollama's manifest %s was not understood: %s", path, error)
        return {}
    return content if isinstance(content, dict) else {}


def _files(folder: Path, depth: int) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            found = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    except OSError:
        return
    for name, is_folder in found:
        if depth > 1 and is_folder:
            yield from _files(folder / name, depth - 1)
        elif depth == 1 and not is_folder:
            yield folder / name


def _readable(folder: Path) -> bool:
    try:
        return folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
    except (OSError, ValueError):
        return False
