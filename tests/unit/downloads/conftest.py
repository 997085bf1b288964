"""A hub on loopback with one model, and what downloads from it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.support.hub_repos import Repo
from tests.support.local_hub import LocalHub
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.transfer import Patience
from tui.catalogue.hub.values import Download, RemoteFile, Request
from tui.services.downloads import Downloads

TIMEOUT = 120.0
REPO = "owner/tiny-GGUF"
MODEL = "tiny-Q4_K_M.gguf"
HASTY = Patience(stall=2.0, wait=0.01, longest_wait=0.05)
"""For a hub on this machine, which never needs time to recover, and on a busy one for a while says nothing."""

PATIENT = replace(HASTY, stall=3600.0)
"""For a hub that says nothing any more, while something else is to happen."""


@dataclass
class Shop:
    """The hub and one way to download from it."""

    server: LocalHub
    repo: Repo
    content: bytes
    state: Path
    cache: Path

    def hub(self) -> Hub:
        """The client."""
        return Hub(self.server.url)

    def downloads(self, patience: Patience = HASTY, at_once: int = 2) -> Downloads:
        """A list of downloads, as a program that starts has it."""
        return Downloads(self.hub(), self.state, at_once, patience=patience)

    def request(self, *paths: str, folder: Path | None = None) -> Request:
        """For files of the repository."""
        stored = [self.repo.files[path] for path in paths or (MODEL,)]
        files = tuple(RemoteFile(f.path, f.size, f.sha256 if f.is_lfs else "", f.etag) for f in stored)
        return Request(self.repo.repo_id, self.repo.sha, "Q4_K_M", files, folder)

    @property
    def home(self) -> Path:
        """The repository's folder in the cache."""
        return self.cache / "models--owner--tiny-GGUF"

    def parts(self) -> list[Path]:
        """Part files in the cache."""
        return list(self.cache.rglob("*.incomplete"))

    def asked(self, path: str = "/cdn/") -> list[str]:
        """The ranges asked for."""
        return [asked.range for asked in self.server.requests if path in asked.path]


@pytest.fixture
def shop(isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A hub with a model of 3 MB."""
    monkeypatch.delenv("HF_HUB_OFFLINE")
    cache = isolated_home / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(cache))
    content = random.Random(4).randbytes(3_000_000)
    with LocalHub() as server:
        repo = server.add(REPO, {MODEL: content, "README.md": b"# Tiny\n"})
        yield Shop(server, repo, content, isolated_home / "state" / "downloads.json", cache)


@pytest.fixture
def opened(shop: Shop) -> Iterator[Callable[..., Downloads]]:
    """Makes lists of downloads that are closed after the test."""
    made: list[Downloads] = []

    def make(patience: Patience = HASTY, at_once: int = 2) -> Downloads:
        made.append(shop.downloads(patience, at_once))
        return made[-1]

    yield make
    for downloads in made:
        downloads.close(TIMEOUT)


def eventually(condition: Callable[[], object]) -> None:
    """Waits for a condition.

    Raises:
        AssertionError: it never came.
    """
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "the condition never came"
        time.sleep(0.005)


def finished(downloads: Downloads, number: int) -> Path:
    """Waits for a download and gives its file.

    Raises:
        AssertionError: it did not end well.
    """
    ended = downloads.wait(number, TIMEOUT)
    assert (ended.state, ended.problem) == ("finished", "")
    assert ended.path is not None
    return ended.path


def failed(downloads: Downloads, number: int) -> Download:
    """Waits for a download that does not succeed."""
    ended = downloads.wait(number, TIMEOUT)
    assert ended.state == "failed"
    assert "\n" not in ended.problem
    return ended
