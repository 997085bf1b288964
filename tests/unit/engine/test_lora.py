"""LoRA adapters: laid over the model, scaled, switched without a load, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engines import error_of, events_of, load, reply
from tests.support.tiny_lora import write_tiny_lora
from tui.core.errors import LocalLLMError, ModelFileError, ModelLoadError, NoModelError
from tui.core.events import Loaded
from tui.core.parameters import LoadParams
from tui.core.prompts import RawPrompt
from tui.engine.adapters import adapter_of
from tui.engine.engine import Engine

PROMPT = RawPrompt("The quick brown fox jumps over the lazy dog. " * 3)


def says(engine: Engine) -> str:
    """The likeliest forty tokens after a prompt long enough to be cached."""
    return reply(engine, PROMPT, temp=0.0, n_predict=40, ignore_eos=True).text


def switch(engine: Engine, *lora: str) -> None:
    """Other adapters over the loaded model."""
    assert isinstance(events_of(engine.set_adapters(lora))[-1], Loaded)


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    """An adapter for the tiny model."""
    return write_tiny_lora(tmp_path / "change.gguf")


@pytest.fixture
def base(engine: Engine, tiny_gguf: Path) -> str:
    """What the tiny model says without an adapter; it stays loaded in `engine`."""
    load(engine, tiny_gguf, n_ctx=256, threads=1)
    return says(engine)


def test_loaded_with_the_model(engine: Engine, tiny_gguf: Path, lora: Path, base: str) -> None:
    load(engine, tiny_gguf, n_ctx=256, threads=1, lora=(str(lora),))
    changed = says(engine)
    assert changed != base
    load(engine, tiny_gguf, n_ctx=256, threads=1, lora=(f"{lora}:0",))
    assert says(engine) == base
    load(engine, tiny_gguf, n_ctx=256, threads=1, lora=(f"{lora}:1.0",))
    assert says(engine) == changed


def test_switched_without_a_load(engine: Engine, lora: Path, base: str) -> None:
    switch(engine, str(lora))
    changed = says(engine)
    assert changed != base
    switch(engine, f"{lora}:0.0")
    assert says(engine) == base
    switch(engine, f"{lora}:0.5", f"{lora}:0.5")
    assert says(engine) == changed
    switch(engine)
    assert says(engine) == base


def test_several_together(engine: Engine, lora: Path, tmp_path: Path, base: str) -> None:
    other = write_tiny_lora(tmp_path / "other.gguf", seed=2)
    heard = {base}
    for adapters in ([lora], [other], [lora, other]):
        switch(engine, *map(str, adapters))
        heard.add(says(engine))
    assert len(heard) == 4


def test_what_was_computed_with_other_adapters_is_not_reused(engine: Engine, lora: Path, base: str) -> None:
    switch(engine, str(lora))
    assert reply(engine, PROMPT, n_predict=1).finished.timings.cached_tokens == 0


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"architecture": "gemma3"}, "arch"),
        ({"general_type": "model"}, "general.type"),
        ({"adapter_type": "control"}, "adapter.type"),
        ({"tensor": "blk.{layer}.nothing.weight"}, "does not exist in base model"),
        ({"width": 32}, "incorrect shape"),
    ],
)
def test_an_adapter_that_does_not_fit_is_one_line(
    engine: Engine, tmp_path: Path, base: str, made: dict[str, object], why: str
) -> None:
    path = write_tiny_lora(tmp_path / "wrong.gguf", **made)  # type: ignore[arg-type]
    error = error_of(engine.set_adapters([str(path)]))
    assert isinstance(error, ModelLoadError)
    assert why in error.line() and "wrong.gguf" in error.line() and "\n" not in error.line()
    assert says(engine) == base


def test_files_that_are_no_adapters(engine: Engine, tiny_gguf: Path, tmp_path: Path, base: str) -> None:
    (tmp_path / "page.gguf").write_text("<html>")
    (tmp_path / "empty.gguf").touch()
    for path in (tmp_path / "page.gguf", tmp_path / "empty.gguf", tiny_gguf):
        assert "cannot be laid over" in error_of(engine.set_adapters([str(path)])).line()
    for path in (tmp_path / "missing.gguf", tmp_path):
        assert isinstance(error_of(engine.set_adapters([str(path)])), ModelFileError)
    assert says(engine) == base


def test_a_missing_adapter_leaves_the_loaded_model(engine: Engine, tiny_gguf: Path, base: str) -> None:
    error = error_of(engine.load(tiny_gguf, LoadParams(lora=("/nowhere.gguf:0.5",))))
    assert "/nowhere.gguf does not exist" in error.line()
    assert says(engine) == base


def test_without_a_model(engine: Engine, lora: Path) -> None:
    assert isinstance(error_of(engine.set_adapters([str(lora)])), NoModelError)


def test_names_and_scales(tmp_path: Path) -> None:
    plain, colon = tmp_path / "a.gguf", tmp_path / "b:2"
    plain.touch()
    colon.touch()
    assert adapter_of(str(plain)) == (plain, 1.0)
    assert adapter_of(f"{plain}:-0.5") == (plain, -0.5)
    assert adapter_of(str(colon)) == (colon, 1.0)
    assert adapter_of(f"{colon}:3") == (colon, 3.0)
    for text in (f"{plain}:much", f"{plain}:nan", ":1", ""):
        with pytest.raises(LocalLLMError):
            adapter_of(text)
