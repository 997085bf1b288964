"""Fixtures of all tests: an isolated home, and the models."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.models import gemma3_path, smollm2_path
from tests.support.tiny_gguf import write_tiny_gguf

# The same examples in each run, however slow the machine is; HYPOTHESIS_PROFILE=default looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

_OWN_VARIABLES = ("HF_", "HUGGINGFACE_", "LOCALLLM_", "LLAMA_ARG_", "LLAMA_CACHE", "OLLAMA_", "XDG_")


def pytest_sessionstart() -> None:
    """Look through all objects for garbage about as seldom as the program does.

    Each application that ends leaves circles, and at Python's own thresholds each costs a pass over everything that was
    ever imported: a fifth of what the tests of the screen take.
    """
    gc.set_threshold(20_000, 10, 10)


@pytest.fixture(autouse=True)
def isolated_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory of the test's own: nothing of the person's settings, models or caches is read or written."""
    home = tmp_path / "home"
    home.mkdir()
    for name in [name for name in os.environ if name.startswith(_OWN_VARIABLES)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for name, folder in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_STATE_HOME", ".local/state"),
        ("XDG_CACHE_HOME", ".cache"),
        ("HF_HOME", ".cache/huggingface"),
    ):
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return home


@pytest.fixture(autouse=True)
def untouched_loggers() -> Iterator[None]:
    """A test that sets up the program's log leaves none of it to the next test."""
    loggers = [logging.getLogger(name) for name in ("localllm", "llama.cpp")]
    before = [(logger.propagate, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, (propagate, level, handlers) in zip(loggers, before, strict=True):
        logger.propagate, logger.handlers = propagate, handlers
        logger.setLevel(level)


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny random model, with a chat template. Not to be changed: other tests use the same file."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-random-F32.gguf")


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2-135M-Instruct Q4_1: a real instruct model with a ChatML template."""
    return smollm2_path()


@pytest.fixture(scope="session")
def gemma3() -> Path:
    """Gemma 3 270M base Q4_K_M: no chat template, sliding-window attention, a 262k vocabulary."""
    return gemma3_path()
