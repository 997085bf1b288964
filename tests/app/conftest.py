"""Fixtures of the application's tests: the application on a scripted engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.local_hub import LocalHub
from tests.support.scripted import ScriptedEngine
from tests.support.settling import settled
from tui.app.app import LocalLLMApp
from tui.core.parameters import LoadParams
from tui.engine.planner import Plan
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings

MIB = 1024**2


@pytest.fixture
def engine() -> ScriptedEngine:
    """An engine that says what the test tells it to."""
    return ScriptedEngine()


class ScriptedHost(ModelHost):
    """A host whose plans cost nothing: no process is started to ask llama.cpp.

    Attributes:
        planned: what was asked.
    """

    def __init__(self, engine: ScriptedEngine) -> None:
        super().__init__(engine)
        self.planned: list[tuple[Path, LoadParams]] = []

    def plan(self, path: Path, params: LoadParams) -> Plan:
        """A made-up plan that grows with the context."""
        self.planned.append((path, params))
        return Plan(params.n_ctx, "f16", "f16", 90 * MIB, params.n_ctx * 1024, 20 * MIB, 4 * MIB)


@pytest.fixture
def make_app(engine: ScriptedEngine, tmp_path: Path) -> Callable[..., LocalLLMApp]:
    """Makes the application on the scripted engine; searches an empty folder for models."""

    def make(**launch: object) -> LocalLLMApp:
        folder = tmp_path / "no-models"
        settings = Settings().replace(model_dirs=(str(folder),))
        values: dict[str, object] = {"settings": settings, **launch}
        return LocalLLMApp(Launch(**values), ScriptedHost(engine))  # type: ignore[arg-type]

    return make


@pytest.fixture
def app(make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine) -> LocalLLMApp:
    """The application with a model that is loaded at once."""
    return make_app(model="/models/Scripted-1B-Instruct-Q4_K_M.gguf")


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal that most people have over SSH."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def keys_settle(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a key the pilot waits for the application, not for a processor that is idle."""
    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", settled)


@pytest.fixture
def hub(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """An empty Hub on this machine, which the application asks."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_TOKEN", "")  # taken back after the test, whatever the application puts there
    with LocalHub(page_size=30) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server
