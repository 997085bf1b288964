"""What is checked before a load, and what a refusal leaves behind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.support import damaged
from tests.support.engines import error_of, events_of
from tests.support.tiny_lora import write_tiny_lora
from tui.core.errors import CancelledError, ModelFileError, ModelLoadError, OutOfMemoryError
from tui.core.events import Finished, Loaded, Loading, Unloaded
from tui.core.parameters import GenerationParams, LoadParams
from tui.core.prompts import RawPrompt
from tui.monitor.cpu import usable_cores
from tui.services.model_host import ModelHost


def test_automatic_threads_are_the_usable_cores(loaded: ModelHost) -> None:
    assert loaded.model and loaded.model.threads == loaded.model.threads_batch == usable_cores()


def test_threads_that_were_fixed_are_kept(host: ModelHost, tiny_gguf: Path) -> None:
    last = events_of(host.load(tiny_gguf, LoadParams(n_ctx=256, threads=3, threads_batch=1)))[-1]
    assert isinstance(last, Loaded) and (last.model.threads, last.model.threads_batch) == (3, 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path, "no file|no such"),
        (damaged.write_empty, "empty"),
        (damaged.write_html, "web page"),
        (damaged.write_truncated_data, "incomplete|truncated|bytes|MiB|KiB"),
    ],
)
def test_a_file_that_is_no_model_is_one_line_and_the_loaded_model_stays(
    loaded: ModelHost, tmp_path: Path, make: object, says: str
) -> None:
    before = loaded.model
    path = make(tmp_path / "broken.gguf")  # type: ignore[operator]
    error = error_of(loaded.load(path, LoadParams()))
    assert isinstance(error, ModelFileError)
    assert "\n" not in error.line() and "broken.gguf" in error.line()
    assert any(word in error.line() for word in says.split("|"))
    assert loaded.model == before


def test_a_folder_is_no_model(loaded: ModelHost, tmp_path: Path) -> None:
    assert isinstance(error_of(loaded.load(tmp_path, LoadParams())), ModelFileError)


def test_a_context_larger_than_memory_names_the_largest_that_fits(host: ModelHost, smollm2: Path) -> None:
    error = error_of(host.load(smollm2, LoadParams(n_ctx=16_000_000)))
    assert isinstance(error, OutOfMemoryError)
    assert "-c" in error.line() and "\n" not in error.line()
    assert host.model is None


def test_a_file_on_which_llama_aborts_is_one_line_and_the_loaded_model_stays(
    loaded: ModelHost, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = loaded.model
    error = error_of(loaded.load(damaged.write_many_blocks(tmp_path / "bad.gguf"), LoadParams()))
    assert isinstance(error, ModelLoadError)
    assert "gave up on bad.gguf" in error.line() and "GGML_ASSERT(" in error.line() and "\n" not in error.line()
    assert loaded.model == before
    reply = events_of(loaded.engine.generate(RawPrompt("abc"), GenerationParams(n_predict=2, ignore_eos=True)))[-1]
    assert isinstance(reply, Finished) and reply.timings.generated_tokens == 2
    assert capfd.readouterr() == ("", "")


def test_a_plan_is_what_the_load_takes(host: ModelHost, smollm2: Path) -> None:
    plan = host.plan(smollm2, LoadParams(n_ctx=1024))
    last = events_of(host.load(smollm2, LoadParams(n_ctx=1024)))[-1]
    assert isinstance(last, Loaded)
    assert (plan.weights, plan.kv_cache) == (last.model.size, last.model.kv_bytes)
    assert plan.compute == last.model.compute_bytes


def test_a_load_cancelled_while_it_is_checked_leaves_the_loaded_model(loaded: ModelHost, gemma3: Path) -> None:
    before = loaded.model
    ticket = loaded.load(gemma3, LoadParams())
    ticket.cancel()
    assert isinstance(error_of(ticket), CancelledError)
    assert loaded.model == before


def test_closing_while_a_load_is_checked_leaves_no_process(gemma3: Path) -> None:
    host = ModelHost()
    ticket = host.load(gemma3, LoadParams())
    assert host.close(120)
    assert isinstance(error_of(ticket), CancelledError)
    assert not psutil.Process().children()


def test_other_adapters_leave_the_weights_where_they_are(loaded: ModelHost, tiny_gguf: Path, tmp_path: Path) -> None:
    assert loaded.model
    lora, params = write_tiny_lora(tmp_path / "lora.gguf"), loaded.model.params
    for adapters in ((str(lora),), (f"{lora}:0.5",), ()):
        events = events_of(loaded.load(tiny_gguf, replace(params, lora=adapters)))
        assert isinstance(events[-1], Loaded) and events[-1].model.params.lora == adapters
        assert not any(isinstance(event, Loading | Unloaded) for event in events)
    events = events_of(loaded.load(tiny_gguf, params))
    assert any(isinstance(event, Loading) for event in events), "nothing differs: it is loaded anew"


def test_an_adapter_is_checked_in_the_child_before_it_is_laid_over_the_model(loaded: ModelHost, tmp_path: Path) -> None:
    wrong = write_tiny_lora(tmp_path / "wrong.gguf", architecture="gemma3")
    error = error_of(loaded.set_adapters([str(wrong)]))
    assert isinstance(error, ModelLoadError) and "wrong.gguf" in error.line()
    assert loaded.model and loaded.model.params.lora == ()
