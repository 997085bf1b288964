"""Models laid out as other programs lay them out: Ollama's manifests and blobs, the Hugging Face cache."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from tui.catalogue.ollama import MODEL

CONFIG = "application/vnd.docker.container.image.v1+json"
TEMPLATE = "application/vnd.ollama.image.template"


def ollama_blob(store: Path, content: bytes) -> str:
    """Put a blob into a store of Ollama.

    Returns:
        Its digest, `sha256:…`.
    """
    digest = hashlib.sha256(content).hexdigest()
    path = store / "blobs" / f"sha256-{digest}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return f"sha256:{digest}"


def ollama_model(
    store: Path, name: str, layers: Mapping[str, str], *, host: str = "registry.ollama.ai", root: str = "manifests"
) -> Path:
    """Write a manifest.

    Args:
        store: the folder of models.
        name: `namespace/model/tag`.
        layers: digest of each layer by its media type.
        host: the registry.
        root: the folder of manifests.

    Returns:
        The manifest's file.
    """
    config = ollama_blob(store, json.dumps({"model_format": "gguf", "name": name}).encode())
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": CONFIG, "digest": config, "size": 1},
        "layers": [{"mediaType": kind, "digest": digest, "size": 1} for kind, digest in layers.items()],
    }
    path = store / root / host / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))
    return path


def ollama_weights(store: Path, name: str, content: bytes) -> Path:
    """A model of weights and a configuration.

    Returns:
        The blob of the weights.
    """
    digest = ollama_blob(store, content)
    ollama_model(store, name, {MODEL: digest})
    return store / "blobs" / digest.replace(":", "-")


def cached_file(cache: Path, repository: str, revision: str, name: str, content: bytes) -> Path:
    """A file in the Hugging Face cache: a blob, and a link to it in a revision.

    Returns:
        The link.
    """
    folder = cache / f"models--{repository.replace('/', '--')}"
    blob = folder / "blobs" / hashlib.sha256(content).hexdigest()
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(content)
    link = folder / "snapshots" / revision / name
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(os.path.relpath(blob, link.parent))
    (folder / "refs").mkdir(exist_ok=True)
    (folder / "refs" / "main").write_text(revision)
    return link
