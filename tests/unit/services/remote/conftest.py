"""A server with the tiny model, and engines that ask servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.engines import events_of
from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf
from tui.core.endpoints import endpoint_path
from tui.core.events import Failed, Loaded, ModelInfo
from tui.core.parameters import LoadParams
from tui.services.remote.connection import Limits
from tui.services.remote.engine import RemoteEngine

SOON = Limits(connect=60.0, first=120.0, next=120.0, wait=1.0, tries=3, pause=0.01)


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Our own server: two places, 256 tokens of context, no key."""
    model = write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-remote-F32.gguf", ascii_only=True)
    with serving(model, n_ctx=256, parallel=2, max_waiting=4) as served:
        yield served


@pytest.fixture
def remote() -> Iterator[RemoteEngine]:
    """An engine that asks servers."""
    engine = RemoteEngine(limits=SOON)
    yield engine
    assert engine.close(60.0)


def connect(engine: RemoteEngine, base_url: str, model: str = "") -> ModelInfo:
    """Take a model of a server; its failure is raised."""
    last = events_of(engine.load(endpoint_path(base_url, model), LoadParams()))[-1]
    if isinstance(last, Failed):
        raise last.error
    assert isinstance(last, Loaded)
    return last.model
