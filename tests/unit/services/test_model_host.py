"""What is checked before a load, and what a refusal leaves behind."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.support import damaged
from tests.support.engines import error_of, events_of
from tui.core.errors import CancelledError, ModelFileError, ModelLoadError, OutOfMemoryError
from tui.core.events import Finished, Loaded
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
    assert host.close(30)
    assert isinstance(error_of(ticket), CancelledError)
    assert not psutil.Process().children()
