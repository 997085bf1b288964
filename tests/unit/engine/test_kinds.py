"""Files of other kinds: split models load, and what cannot generate is refused in one line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.engines import error_of, load, reply
from tests.support.tiny_gguf import write_split, write_tiny_gguf
from tests.support.tiny_shapes import write_embedding, write_encoder_decoder
from tui.core.errors import ModelLoadError
from tui.core.parameters import LoadParams
from tui.core.prompts import RawPrompt
from tui.engine.engine import Engine


def test_a_split_model_says_what_the_whole_one_says(engine: Engine, tmp_path: Path) -> None:
    whole, parts = write_tiny_gguf(tmp_path / "whole.gguf"), write_split(tmp_path)
    texts = []
    for path in (whole, parts[0]):
        info = load(engine, path, n_ctx=256, threads=1)
        texts.append((info.parameters, reply(engine, RawPrompt("abc"), n_predict=20, temp=0.0, ignore_eos=True).tokens))
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    ("write", "words"), [(write_embedding, "embeddings"), (write_encoder_decoder, "encoder-decoder")]
)
def test_what_cannot_generate_is_refused(
    engine: Engine, tmp_path: Path, write: Callable[[Path], Path], words: str
) -> None:
    error = error_of(engine.load(write(tmp_path / "m.gguf"), LoadParams()))
    assert isinstance(error, ModelLoadError)
    assert words in error.line() and "m.gguf" in error.line() and "\n" not in error.line()
    assert engine.model is None
