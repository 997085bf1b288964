"""Texts to vectors."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engines import events_of, load
from tests.support.tiny_shapes import write_embedding
from tui.core.errors import LocalLLMError, ModelLoadError
from tui.core.events import Embedded, Failed
from tui.core.parameters import GenerationParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with a tiny BERT."""
    engine = Engine()
    load(engine, write_embedding(tmp_path_factory.mktemp("models") / "tiny-bert-F32.gguf"), threads=1, embeddings=True)
    yield engine
    assert engine.close(120)


def vectors(engine: Engine, *texts: str | list[int]) -> list[tuple[float, ...]]:
    """What comes of texts; a failure is raised."""
    last = events_of(engine.embed(texts))[-1]
    if isinstance(last, Failed):
        raise last.error
    assert isinstance(last, Embedded)
    return list(last.vectors)


def test_each_text_has_one_vector_of_length_one(embedder: Engine) -> None:
    found = vectors(embedder, "hello", "world", "something longer than that")
    assert len(found) == 3 and len({len(vector) for vector in found}) == 1
    assert all(abs(math.hypot(*vector) - 1) < 1e-4 for vector in found)
    assert found[0] != found[1]


def test_a_vector_is_the_same_alone_and_among_many(embedder: Engine) -> None:
    texts = [f"text number {number} " + "x" * (number % 13) for number in range(100)]
    together = vectors(embedder, *texts)
    assert len(together) == 100
    for number in (0, 41, 99):
        (alone,) = vectors(embedder, texts[number])
        assert all(abs(one - other) < 1e-3 for one, other in zip(alone, together[number], strict=True))


@pytest.mark.parametrize("texts", [[""], [[10**9]], [[-1]], ["x" * 5000]])
def test_what_cannot_be_a_text_is_one_line(embedder: Engine, texts: list[str | list[int]]) -> None:
    with pytest.raises(LocalLLMError):
        vectors(embedder, *texts)
    assert vectors(embedder, "after that")


def test_it_writes_no_text(embedder: Engine) -> None:
    last = events_of(embedder.generate(RawPrompt("hello"), GenerationParams(n_predict=3)))[-1]
    assert isinstance(last, Failed) and "vectors" in last.error.line()


def test_a_model_that_writes_can_make_vectors_too(tiny_gguf: Path) -> None:
    engine = Engine()
    load(engine, tiny_gguf, n_ctx=128, threads=1, embeddings=True, pooling="mean")
    assert len(vectors(engine, "abc", "def")) == 2
    with pytest.raises(ModelLoadError, match="pooling"):
        load(engine, tiny_gguf, n_ctx=128, threads=1, embeddings=True)
    assert engine.close(120)


def test_a_model_loaded_to_write_makes_none(tiny_gguf: Path) -> None:
    engine = Engine()
    load(engine, tiny_gguf, n_ctx=128, threads=1)
    with pytest.raises(LocalLLMError, match="writes text"):
        vectors(engine, "abc")
    assert engine.close(120)
