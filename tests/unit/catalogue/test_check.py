"""One clear line for each way in which a load cannot work."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import damaged
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tui.catalogue.check import check_file, check_memory
from tui.core.errors import ModelFileError, OutOfMemoryError
from tui.core.parameters import LoadParams


def refusal(path: Path) -> str:
    with pytest.raises(ModelFileError) as caught:
        check_file(path)
    line = caught.value.line()
    assert line.isprintable()
    return line


def test_good_models(tiny_gguf: Path, smollm2: Path, gemma3: Path) -> None:
    assert [check_file(path).architecture for path in (tiny_gguf, smollm2, gemma3)] == ["llama", "llama", "gemma3"]


def test_an_unknown_architecture_is_left_to_llama_cpp(tmp_path: Path) -> None:
    assert check_file(damaged.write_unknown_architecture(tmp_path / "m.gguf")).architecture == "nosuchmodel"


FILES: dict[str, tuple[Callable[[Path], Path], list[str]]] = {
    "empty": (damaged.write_empty, ["is empty", "get the file again"]),
    "html": (damaged.write_html, ["is a web page, not a model", "/resolve/"]),
    "lfs": (damaged.write_lfs_pointer, ["Git LFS pointer", "git lfs pull"]),
    "header": (damaged.write_truncated_header, ["damaged GGUF", "ends within its header", "ownload it again"]),
    "data": (damaged.write_truncated_data, ["cut off", "428,560 bytes", "438,560 bytes", "get the file again"]),
}


@pytest.mark.parametrize("name", FILES)
def test_damaged_files(name: str, tmp_path: Path) -> None:
    write, words = FILES[name]
    line = refusal(write(tmp_path / "m.gguf"))
    assert all(word in line for word in [*words, str(tmp_path / "m.gguf")])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x40\0\0\0\0\0\0\0" + b'{"__metadata__":{}}', "safetensors"),
        (b"PK\x03\x04rest", "zip archive or a PyTorch checkpoint"),
        (b"tjgg\x01\0\0\0", "before GGUF"),
        (b"FUGG\0\0\0\x03", "big-endian"),
        (b'{"error": "Repository not found"}', "JSON"),
        (b"Not Found\n", "a text"),
        (b"\0" * 600, "begins with zeros"),
        (b"\xff\xfe\xfd", "is not a GGUF file. This program runs GGUF"),
        (b"  <html>", "web page"),
        (b"GGUF\0\0\0\x03" + b"\0" * 16, "big-endian"),
    ],
)
def test_other_files(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(content)
    assert words in refusal(path)


def test_a_missing_file_suggests_near_names(tmp_path: Path) -> None:
    write_tiny_gguf(tmp_path / "Tiny-Model-Q4_K_M.gguf")
    assert "id you mean Tiny-Model-Q4_K_M.gguf?" in refusal(tmp_path / "tiny-model-q4_k_s.gguf")
    assert "that folder has Tiny-Model-Q4_K_M.gguf" in refusal(tmp_path / "x").replace("That", "that")
    assert "does not exist either" in refusal(tmp_path / "gone" / "m.gguf")
    assert "there is no file" in refusal(tmp_path / "Tiny-Model-Q4_K_M.gguf" / "below")


def test_a_folder_lists_what_is_inside(tmp_path: Path) -> None:
    assert "no GGUF file in it" in refusal(tmp_path)
    for number in range(7):
        damaged.write_empty(tmp_path / f"{number}.gguf")
    line = refusal(tmp_path)
    assert "is a folder" in line
    assert "0.gguf, 1.gguf, 2.gguf, 3.gguf, 4.gguf and 2 more" in line


def test_links_to_nothing_and_odd_paths(tmp_path: Path) -> None:
    (tmp_path / "link.gguf").symlink_to(tmp_path / "gone")
    (tmp_path / "loop.gguf").symlink_to(tmp_path / "loop.gguf")
    assert "a link to a file that is not there" in refusal(tmp_path / "link.gguf")
    assert "cannot read" in refusal(tmp_path / "loop.gguf")
    assert "cannot read" in refusal(tmp_path / "a\0b")
    assert "cannot read" in refusal(tmp_path / ("x" * 300))
    assert "not a file" in refusal(Path("/dev/null"))


def test_missing_and_renamed_parts(tmp_path: Path) -> None:
    first, second = write_split(tmp_path)
    assert check_file(first).parameters == check_file(second).parameters == 107_584
    renamed = tmp_path / "renamed.gguf"
    first.rename(renamed)
    assert f"{first.name} is missing" in refusal(second)
    assert "one of 2 parts under another name" in refusal(renamed)


@pytest.mark.parametrize(
    ("architecture", "kind", "words"),
    [
        ("bert", "model", "embeddings"),
        ("nomic-bert", "model", "embeddings"),
        ("clip", "mmproj", "image or sound part"),
        ("llama", "adapter", "LoRA"),
        ("llama", "imatrix", "importance matrix"),
    ],
)
def test_files_that_cannot_write_text(architecture: str, kind: str, words: str, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf", architecture=architecture, kind=kind)
    assert words in refusal(path)


def test_names_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    damaged.write_empty(tmp_path / "model\x1b[31m\n.gguf")
    for path in (tmp_path, tmp_path / "model\x1b[31m\n.gguf", tmp_path / "modell\x1b[31m\n.gguf"):
        assert "^[[31m" in refusal(path)


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder that everyone may enter, and no rights beyond: root would read everything."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def test_a_file_that_may_not_be_read(nobody: Path) -> None:
    path = write_tiny_gguf(nobody / "m.gguf")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65_534)
    try:
        line = refusal(path)
    finally:
        os.seteuid(user)
    assert "cannot read" in line
    assert "Permission denied" in line


def test_memory(smollm2: Path) -> None:
    header = check_file(smollm2)
    check_memory(header, LoadParams(n_ctx=2048), 200 << 20)
    with pytest.raises(OutOfMemoryError) as caught:
        check_memory(header, LoadParams(n_ctx=8192), 200 << 20)
    line = caught.value.line()
    assert "context of 8,192 tokens does not fit" in line
    assert "weights 92.1 MiB, KV cache 180 MiB" in line
    largest = int(line.rsplit("-c ", 1)[1].rstrip(")"))
    check_memory(header, LoadParams(n_ctx=largest), 200 << 20)
    with pytest.raises(OutOfMemoryError):
        check_memory(header, LoadParams(n_ctx=largest + 256), 200 << 20)


def test_memory_for_no_context_at_all(smollm2: Path) -> None:
    with pytest.raises(OutOfMemoryError, match="smaller model or quantization"):
        check_memory(check_file(smollm2), LoadParams(), 50 << 20)


def test_memory_for_more_than_the_trained_context(smollm2: Path) -> None:
    with pytest.raises(OutOfMemoryError, match=r"trained context of 8,192 tokens fits \(-c 8192\)"):
        check_memory(check_file(smollm2), LoadParams(n_ctx=1 << 20), 8 << 30)
