"""Nothing of the machine's own models is looked at."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_system_stores(monkeypatch: pytest.MonkeyPatch) -> None:
    """An Ollama that runs on this machine as a service is not searched."""
    monkeypatch.setattr("tui.catalogue.ollama.SYSTEM_STORES", ())
