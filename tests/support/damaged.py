"""Files that are not models: what people really have on their disks."""

from __future__ import annotations

from pathlib import Path

from tests.support.tiny_gguf import write_tiny_gguf


def write_empty(path: Path) -> Path:
    """A file of zero bytes, as an interrupted download leaves it."""
    path.write_bytes(b"")
    return path


def write_html(path: Path) -> Path:
    """A web page saved under a model's name."""
    path.write_text("<!DOCTYPE html>\n<html><head><title>model.gguf · Hugging Face</title></head></html>\n")
    return path


def write_lfs_pointer(path: Path) -> Path:
    """What a clone without Git LFS leaves in place of a model."""
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 98362432\n")
    return path


def write_truncated_header(path: Path, size: int = 2000) -> Path:
    """The first `size` bytes of a model; the default ends within the vocabulary."""
    write_tiny_gguf(path)
    path.write_bytes(path.read_bytes()[:size])
    return path


def write_truncated_data(path: Path, missing: int = 10_000) -> Path:
    """A model without its last `missing` bytes."""
    write_tiny_gguf(path)
    path.write_bytes(path.read_bytes()[:-missing])
    return path


def write_unknown_architecture(path: Path) -> Path:
    """A whole model of an architecture that no llama.cpp knows."""
    return write_tiny_gguf(path, architecture="nosuchmodel")


def write_many_blocks(path: Path, count: int = 4000) -> Path:
    """A model that claims more blocks than llama.cpp can count: on this one it ends its process."""
    write_tiny_gguf(path)
    data = bytearray(path.read_bytes())
    key = b"llama.block_count"
    at = data.index(key) + len(key) + 4  # a type of four bytes comes between key and value
    data[at : at + 4] = count.to_bytes(4, "little")
    path.write_bytes(data)
    return path
