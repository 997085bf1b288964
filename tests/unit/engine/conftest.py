"""Engines with a model in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import load
from tests.support.reference import Reference
from tests.support.tiny_gguf import write_tiny_gguf
from tui.engine.engine import Engine


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model that speaks ASCII only, so that its text can go into the next prompt token for token."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-ascii-F32.gguf", ascii_only=True)


@pytest.fixture
def engine() -> Iterator[Engine]:
    """An engine with nothing loaded."""
    engine = Engine()
    yield engine
    assert engine.close(120)


@pytest.fixture
def tiny(engine: Engine, tiny_gguf: Path) -> Engine:
    """An engine with the tiny model and a context of 256 tokens."""
    load(engine, tiny_gguf, n_ctx=256, threads=1)
    return engine


@pytest.fixture
def tiny_reference(tiny_gguf: Path) -> Iterator[Reference]:
    """The plain loop on the tiny model."""
    reference = Reference(tiny_gguf, n_ctx=256, threads=1)
    yield reference
    reference.close()


@pytest.fixture(scope="module")
def smollm2_engine(smollm2: Path) -> Iterator[Engine]:
    """An engine with SmolLM2."""
    engine = Engine()
    load(engine, smollm2, n_ctx=1024, threads=1)
    yield engine
    assert engine.close(120)


@pytest.fixture(scope="module")
def gemma3_engine(gemma3: Path) -> Iterator[Engine]:
    """An engine with Gemma 3 270M base."""
    engine = Engine()
    load(engine, gemma3, n_ctx=512, threads=1)
    yield engine
    assert engine.close(120)
