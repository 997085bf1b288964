"""Models that nobody uses give their memory back, however often somebody looks at the list of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.support.engines import PATIENCE
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.parameters import GenerationParams, LoadParams
from tui.engine.engine import Engine
from tui.server.application import make_application
from tui.server.options import ServeOptions
from tui.server.state import State
from tui.services.model_host import ModelHost
from tui.services.model_pool import ModelPool

ASK = {"model": "one", "messages": [{"role": "user", "content": "abc"}], "max_tokens": 2}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """A server of one model that is loaded on request, and sleeps after a second."""
    model = write_tiny_gguf(tmp_path / "one.gguf", ascii_only=True)
    pool = ModelPool(
        {"one": model},
        lambda _: LoadParams(n_ctx=256, threads=1, cache_disk=0),
        lambda: ModelHost(Engine(2)),
        idle_seconds=1.0,
    )
    state = State(pool, ServeOptions(loads_on_request=True), GenerationParams())
    with TestClient(make_application(state), base_url="http://localhost") as one:
        yield one
    assert pool.close(PATIENCE)


def status(client: TestClient) -> str:
    """As the list of models tells it."""
    return str(client.get("/v1/models").json()["data"][0]["status"]["value"])


def test_looking_at_the_list_keeps_no_model_awake(client: TestClient) -> None:
    assert status(client) == "unloaded"
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200
    assert status(client) == "loaded"
    end = time.monotonic() + PATIENCE
    while status(client) == "loaded":
        client.get("/v1/models/one")
        assert time.monotonic() < end, "the list keeps it awake"
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200
