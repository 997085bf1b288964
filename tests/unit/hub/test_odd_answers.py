"""Answers with anything in any place: one sentence or usable values, and no traceback."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.support.local_hub import LocalHub
from tui.catalogue.hub.choice import choose
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.names import is_repo_id, is_safe_path
from tui.catalogue.hub.recommend import recommend
from tui.catalogue.hub.values import Query
from tui.core.errors import HubError

REPO = "owner/model-GGUF"
ODD: list[Any] = [None, True, -1, 0, 1e400, 10**30, "", "x", "\x1b[2J", "../..", "\ud800", [], [None], {}, {"a": 1}]
TRIES = 150


def spoiled(value: Any, chance: random.Random) -> Any:
    """A copy with an odd value in one place."""
    if chance.random() < 0.15 or not isinstance(value, (dict, list)) or not value:
        return chance.choice(ODD)
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    place = chance.choice(list(copy) if isinstance(copy, dict) else range(len(copy)))
    if isinstance(copy, dict) and chance.random() < 0.1:
        del copy[place]
    else:
        copy[place] = spoiled(copy[place], chance)
    return copy


@pytest.fixture
def info(local: LocalHub) -> dict[str, Any]:
    names = [
        "m-Q4_K_M.gguf",
        "m-Q8_0-00001-of-00002.gguf",
        "m-Q8_0-00002-of-00002.gguf",
        "mmproj-F16.gguf",
        "README.md",
    ]
    details = {"total": 5, "architecture": "llama", "context_length": 8, "chat_template": "x"}
    card = {"license": "mit", "base_model": ["a/b"], "tags": ["x"]}
    repo = local.add(REPO, {name: b"GGUF" for name in names}, gguf=details, cardData=card, tags=["gguf"])
    return repo.info(blobs=True)


@pytest.mark.parametrize("seed", range(3))
def test_one_repository(local: LocalHub, info: dict[str, Any], seed: int) -> None:
    chance, hub, usable = random.Random(seed), Hub(local.url), 0
    for _ in range(TRIES):
        local.heal()
        local.fault(body=json.dumps(spoiled(info, chance)).encode())
        try:
            found = hub.repository(REPO)
        except HubError as error:
            assert error.kind == "refused" and error.line().isprintable()
            continue
        usable += 1
        files = [file for variant in found.variants for file in variant.files]
        assert all(is_safe_path(file.path) and file.size >= 0 for file in (*files, *found.companions))
        recommend(found, 10**9)
        if any(not variant.missing for variant in found.variants):
            choose(found, found.variants[0].label)
    assert usable > TRIES // 4


@pytest.mark.parametrize("seed", range(3))
def test_a_page_of_results(local: LocalHub, info: dict[str, Any], seed: int) -> None:
    chance, hub, usable = random.Random(seed), Hub(local.url), 0
    for _ in range(TRIES):
        local.heal()
        local.fault(body=json.dumps(spoiled([info, info], chance)).encode())
        try:
            page = hub.search(Query())
        except HubError as error:
            assert error.kind == "refused" and error.line().isprintable()
            continue
        usable += 1
        assert all(is_repo_id(result.repo_id) and result.downloads >= 0 for result in page.results)
    assert usable > TRIES // 4
