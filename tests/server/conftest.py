"""Servers with models in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf


@pytest.fixture(scope="package")
def tiny_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of the tiny model: two places, 256 tokens of context, no key."""
    model = write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-served-F32.gguf", ascii_only=True)
    with serving(model, n_ctx=256, parallel=2, max_waiting=4, transcripts=True) as served:
        yield served


@pytest.fixture(scope="package")
def smollm2_server(smollm2: Path) -> Iterator[Served]:
    """A server of SmolLM2."""
    with serving(smollm2, n_ctx=2048, threads=1, parallel=4) as served:  # two wait for each other on a busy machine
        yield served


@pytest.fixture
def client(smollm2_server: Served) -> Iterator[openai.OpenAI]:
    """The client that people use, at SmolLM2."""
    with openai.OpenAI(base_url=smollm2_server.base_url, api_key="no-required", max_retries=0) as one:
        yield one


@pytest.fixture
def tiny_client(tiny_server: Served) -> Iterator[openai.OpenAI]:
    """The client that people use, at the tiny model."""
    with openai.OpenAI(base_url=tiny_server.base_url, api_key="no-required", max_retries=0) as one:
        yield one
