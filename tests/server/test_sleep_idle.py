"""Models that nobody uses give their memory back, however often somebody looks at the list of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.support.engines import PATIENCE
from tests.support.tiny_gguf import CHATML, write_tiny_gguf
from tui.core.parameters import GenerationParams, LoadParams
from tui.engine.engine import Engine
from tui.server.application import make_application
from tui.server.options import ServeOptions
from tui.server.state import State
from tui.services.model_host import ModelHost
from tui.services.model_pool import ModelPool

LOOKS = ("/v1/models", "/v1/models/one", "/props", "/props?model=one", "/health", "/slots", "/metrics")
ASK = {"model": "one", "messages": [{"role": "user", "content": "abc"}], "max_tokens": 2}


@pytest.fixture
def pool(tmp_path: Path) -> ModelPool:
    """One model that is loaded on request, and does not sleep while a test looks."""
    return ModelPool(
        {"one": write_tiny_gguf(tmp_path / "one.gguf", ascii_only=True)},
        lambda _: LoadParams(n_ctx=256, threads=1, cache_disk=0),
        lambda: ModelHost(Engine(2)),
        idle_seconds=3600.0,
    )


def soon(pool: ModelPool) -> None:
    """Let the model sleep after a second."""
    pool._idle_seconds = 1.0


@pytest.fixture
def client(pool: ModelPool) -> Iterator[TestClient]:
    """A server of it."""
    state = State(pool, ServeOptions(loads_on_request=True), GenerationParams())
    with TestClient(make_application(state), base_url="http://localhost") as one:
        yield one
    assert pool.close(PATIENCE)


def status(client: TestClient) -> str:
    """As the list of models tells it."""
    return str(client.get("/v1/models").json()["data"][0]["status"]["value"])


def test_looking_at_the_list_keeps_no_model_awake(client: TestClient, pool: ModelPool) -> None:
    assert status(client) == "unloaded"
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200
    assert status(client) == "loaded"
    soon(pool)
    end = time.monotonic() + PATIENCE
    while status(client) == "loaded":
        for path in LOOKS:
            assert client.get(path).status_code == 200
        assert time.monotonic() < end, "a look keeps it awake"
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200


def test_a_look_wakes_no_model(client: TestClient, pool: ModelPool) -> None:
    never = client.get("/props").json()
    assert never["is_sleeping"] and never["model_alias"] == "one" and never["model_path"] == "one.gguf"
    assert never["default_generation_settings"]["n_ctx"] == 0 and "build_info" not in never
    for path in LOOKS:
        assert client.get(path).status_code == 200
    assert status(client) == "unloaded"
    assert client.post("/v1/chat/completions", json=ASK).status_code == 200
    awake = client.get("/props").json()
    assert not awake["is_sleeping"] and awake["default_generation_settings"]["n_ctx"] == 256 and awake["build_info"]
    soon(pool)
    end = time.monotonic() + PATIENCE
    while not (asleep := client.get("/props").json())["is_sleeping"]:
        assert time.monotonic() < end, "it does not fall asleep"
    assert asleep["default_generation_settings"]["n_ctx"] == 256 and asleep["build_info"] == awake["build_info"]
    assert status(client) == "unloaded"


def test_a_folder_of_models_is_told_as_a_router(tmp_path: Path) -> None:
    first = write_tiny_gguf(tmp_path / "one.gguf", ascii_only=True)
    second = write_tiny_gguf(tmp_path / "two.gguf", ascii_only=True)
    second.write_bytes(second.read_bytes()[:40])
    pool = ModelPool({"one": first, "two": second}, lambda _: LoadParams(), lambda: ModelHost(Engine(2)))
    state = State(pool, ServeOptions(loads_on_request=True), GenerationParams())
    with TestClient(make_application(state), base_url="http://localhost") as client:
        assert client.get("/props").json()["role"] == "router"
        assert client.get("/props", params={"model": "one"}).json()["chat_template"] == CHATML
        assert client.get("/props", params={"model": "two"}).json()["model_path"] == "two.gguf"
        assert client.get("/props", params={"model": "three"}).status_code == 404
        assert pool.loaded == ()
    assert pool.close(PATIENCE)
