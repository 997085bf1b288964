"""The server in a thread of this process, with a model in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.engines import PATIENCE, events_of
from tui.core.events import Loaded
from tui.core.parameters import GenerationParams, LoadParams
from tui.engine.engine import Engine
from tui.server.options import ServeOptions
from tui.server.running import Running
from tui.server.state import State
from tui.services.model_host import ModelHost
from tui.services.model_pool import HeldModel


@dataclass(frozen=True)
class Served:
    """A server under test.

    Attributes:
        address: such as `http://127.0.0.1:40001`.
        state: what its handlers share.
        running: the server itself.
    """

    address: str
    state: State
    running: Running

    @property
    def base_url(self) -> str:
        """What an OpenAI client is given."""
        return f"{self.address}/v1"

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.address.rpartition(":")[2])


@contextmanager
def serving(
    model: Path,
    *,
    n_ctx: int = 1024,
    threads: int = 1,
    generation: GenerationParams | None = None,
    embeddings: bool = False,
    **options: object,
) -> Iterator[Served]:
    """Serve a model at a free port until the block ends."""
    serve_options = ServeOptions(port=0, **options)  # type: ignore[arg-type]
    host = ModelHost(Engine(serve_options.parallel))
    try:
        params = LoadParams(n_ctx=n_ctx, threads=threads, cache_disk=0, embeddings=embeddings)
        assert isinstance(events_of(host.load(model, params))[-1], Loaded)
        state = State(HeldModel(host), serve_options, generation or GenerationParams())
        running = Running(state)
        running.start()
        try:
            yield Served(running.address, state, running)
        finally:
            running.kill()
            assert running.join(PATIENCE)
    finally:
        assert host.close(120)
