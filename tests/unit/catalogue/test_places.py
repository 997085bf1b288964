"""The places of other programs: Ollama, LM Studio, llama.cpp; and one file in several of them."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from tests.support.other_places import TEMPLATE, cached_file, ollama_blob, ollama_model, ollama_weights
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tui.catalogue.entry import ModelEntry
from tui.catalogue.hub_cache import hub_cache_dir
from tui.catalogue.llama_cache import llama_cache_dir
from tui.catalogue.lm_studio import model_folders
from tui.catalogue.ollama import ADAPTER, MODEL, PROJECTOR, every_manifest, stores
from tui.catalogue.scan import scan


def found(*folders: Path) -> list[ModelEntry]:
    entries = {entry.path: entry for entry in scan(folders)}
    return [entry for entry in entries.values() if entry.source != "package"]


@pytest.fixture
def store(isolated_home: Path) -> Path:
    return isolated_home / ".ollama" / "models"


def test_ollama_names_its_models(store: Path, tiny_gguf: Path) -> None:
    blob = ollama_weights(store, "library/gemma2/2b", tiny_gguf.read_bytes())
    (entry,) = found()
    assert (entry.name, entry.source, entry.origin, entry.path) == ("gemma2:2b", "ollama", str(store), blob)
    assert (entry.architecture, entry.parameters, entry.kind, entry.problem) == ("llama", 107_584, "model", "")
    assert entry.files == (blob,)


@pytest.mark.parametrize(
    ("host", "path", "name"),
    [
        ("registry.ollama.ai", "library/llama3.2/latest", "llama3.2:latest"),
        ("ollama.com", "library/llama3.2/1b", "llama3.2:1b"),
        ("registry.ollama.ai", "someone/tuned/v1", "someone/tuned:v1"),
        ("hf.co", "mmnga/gemma-2-2b-it-gguf/Q4_K_M", "hf.co/mmnga/gemma-2-2b-it-gguf:Q4_K_M"),
    ],
)
def test_names_are_those_that_ollama_shows(host: str, path: str, name: str, store: Path, tiny_gguf: Path) -> None:
    ollama_model(store, path, {MODEL: ollama_blob(store, tiny_gguf.read_bytes())}, host=host)
    assert [entry.name for entry in found()] == [name]


def test_names_that_share_their_weights_are_one_entry(store: Path, tiny_gguf: Path) -> None:
    for tag in ("2b", "latest"):
        ollama_weights(store, f"library/gemma2/{tag}", tiny_gguf.read_bytes())
    (entry,) = found()
    assert (entry.name, entry.also_at) == ("gemma2:2b", ("gemma2:latest",))


def test_projectors_and_adapters_of_ollama(store: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    projector = write_tiny_gguf(tmp_path / "p", architecture="clip").read_bytes()
    adapter = write_tiny_gguf(tmp_path / "a", kind="adapter").read_bytes()
    layers = {
        MODEL: ollama_blob(store, tiny_gguf.read_bytes()),
        PROJECTOR: ollama_blob(store, projector),
        ADAPTER: ollama_blob(store, adapter),
        TEMPLATE: ollama_blob(store, b"{{ .Prompt }}"),
    }
    ollama_model(store, "library/llava/7b", layers)
    assert [(entry.name, entry.kind, entry.loadable) for entry in found()] == [
        ("llava:7b", "model", True), ("llava:7b", "mmproj", False), ("llava:7b", "adapter", False),
    ]  # fmt: skip


def test_manifests_that_are_blobs_and_lists_of_them(store: Path, tiny_gguf: Path) -> None:
    weights = ollama_blob(store, tiny_gguf.read_bytes())
    child = {"schemaVersion": 2, "runner": "llamacpp", "layers": [{"mediaType": MODEL, "digest": weights, "size": 1}]}
    reference = ollama_blob(store, json.dumps(child).encode())
    whole = {
        "mediaType": "application/vnd.ollama.manifest.list.v2+json",
        "manifests": [{"mediaType": "x", "digest": reference, "runner": "llamacpp"}],
    }
    listed = store / "blobs" / ollama_blob(store, json.dumps(whole).encode()).replace(":", "-")
    link = store / "manifests-v2" / "ollama.com" / "library" / "tiny" / "1m"
    link.parent.mkdir(parents=True)
    link.symlink_to(os.path.relpath(listed, link.parent))
    (entry,) = found()
    assert (entry.name, entry.problem) == ("tiny:1m", "")
    (manifest,) = every_manifest(store)
    assert {layer.blob.name[7:] for layer in manifest.layers} == {
        digest.removeprefix("sha256:") for digest in (weights, reference, f"sha256:{listed.name[7:]}")
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"layers": 7}',
        b'{"layers": [7, {}, {"digest": 7}]}',
        b'{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../../etc/passwd"}]}',
        b'{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "/etc/passwd"}]}',
    ],
)
def test_damaged_and_hostile_manifests_are_passed_over(content: bytes, store: Path, tiny_gguf: Path) -> None:
    ollama_weights(store, "library/good/1b", tiny_gguf.read_bytes())
    bad = store / "manifests" / "registry.ollama.ai" / "library" / "bad" / "1b"
    bad.parent.mkdir()
    bad.write_bytes(content)
    assert [entry.name for entry in found()] == ["good:1b"]


def test_a_blob_that_is_missing_is_said(store: Path) -> None:
    ollama_weights(store, "library/gone/1b", b"x").unlink()
    (entry,) = found()
    assert (entry.name, entry.loadable, entry.files) == ("gone:1b", False, ())
    assert entry.problem


def test_ollama_models_chosen_by_its_variable(tmp_path: Path, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    for place in (elsewhere, store):
        (place / "manifests").mkdir(parents=True)
    monkeypatch.setenv("OLLAMA_MODELS", str(elsewhere))
    assert stores() == [elsewhere, store]
    monkeypatch.setenv("OLLAMA_MODELS", str(store))
    assert stores() == [store]


def test_lm_studio(isolated_home: Path, tiny_gguf: Path) -> None:
    folder = isolated_home / ".lmstudio" / "models"
    path = folder / "lmstudio-community" / "Tiny-GGUF" / "Tiny-1M-F32.gguf"
    path.parent.mkdir(parents=True)
    shutil.copy(tiny_gguf, path)
    (entry,) = found()
    assert (entry.path, entry.source, entry.origin) == (path, "lm-studio", "lmstudio-community/Tiny-GGUF")


def test_lm_studio_elsewhere(isolated_home: Path, tmp_path: Path) -> None:
    moved, chosen = tmp_path / "moved", tmp_path / "chosen"
    for folder in (moved / "models", chosen, isolated_home / ".cache" / "lm-studio" / "models"):
        folder.mkdir(parents=True)
    (isolated_home / ".lmstudio-home-pointer").write_text(f"{moved}\n")
    (moved / "settings.json").write_text(json.dumps({"downloadsFolder": str(chosen)}))
    assert model_folders() == [chosen, moved / "models", isolated_home / ".cache" / "lm-studio" / "models"]
    (moved / "settings.json").write_text("{")
    (isolated_home / ".lmstudio-home-pointer").write_bytes(b"\xff\0relative")
    assert model_folders() == [isolated_home / ".cache" / "lm-studio" / "models"]


def test_llama_cpp_before_it_used_the_hugging_face_cache(tiny_gguf: Path) -> None:
    cache = llama_cache_dir()
    cache.mkdir(parents=True)
    (cache / "manifest=ggml-org=tiny_models-GGUF=latest.json").write_text("{}")
    known = cache / "ggml-org_tiny_models-GGUF_tiny-1M-F32.gguf"
    shutil.copy(tiny_gguf, known)
    write_tiny_gguf(cache / "other.gguf", seed=1)
    assert [(entry.path.name, entry.source, entry.origin) for entry in found()] == [
        (known.name, "llama.cpp", "ggml-org/tiny_models-GGUF"),
        ("other.gguf", "llama.cpp", str(cache)),
    ]


def test_llama_cache_in_the_layout_of_the_hugging_face_cache(
    tmp_path: Path, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path))
    link = cached_file(tmp_path, "owner/tiny-GGUF", "a" * 40, "tiny-F32.gguf", tiny_gguf.read_bytes())
    (entry,) = found()
    assert (entry.path, entry.source, entry.origin) == (link, "llama.cpp", "owner/tiny-GGUF")


def test_one_file_in_several_places_is_one_entry(store: Path, tmp_path: Path, tiny_gguf: Path) -> None:
    blob = ollama_weights(store, "library/tiny/1m", tiny_gguf.read_bytes())
    hub = cached_file(hub_cache_dir(), "owner/tiny-GGUF", "a" * 40, "tiny.gguf", b"")
    hub.unlink()
    os.link(blob, hub)
    top = tmp_path / "models"
    top.mkdir()
    (top / "mine.gguf").symlink_to(blob)
    os.link(blob, top / "twin.gguf")
    (entry,) = found(top)
    assert entry.path == top / "mine.gguf"
    assert entry.also_at == (str(top / "twin.gguf"), str(hub), "tiny:1m")


def test_an_entry_comes_before_its_other_places_are_known(tmp_path: Path, tiny_gguf: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.gguf").symlink_to(tiny_gguf)
    entries = [entry for entry in scan([tmp_path / "a", tiny_gguf.parent]) if entry.source == "folder"]
    assert [(entry.path.name, bool(entry.also_at)) for entry in entries] == [("x.gguf", False), ("x.gguf", True)]


def test_the_same_folder_twice_says_nothing_new(tmp_path: Path, tiny_gguf: Path) -> None:
    write_split(tmp_path)
    assert [entry.also_at for entry in found(tmp_path, tmp_path)] == [()]
