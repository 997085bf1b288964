"""One file into its part, by itself."""

from __future__ import annotations

import random
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.downloads.conftest import HASTY, MODEL, REPO, Shop, failed
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.part import Part, part_name
from tui.catalogue.hub.transfer import Answer, Transfer


def test_a_huge_file_is_asked_for_in_windows(shop: Shop, tmp_path: Path) -> None:
    file, hub = shop.request().files[0], shop.hub()

    def ask(start: int, stop: int | None) -> AbstractContextManager[Answer]:
        return hub.open(REPO, shop.repo.sha, MODEL, start=start, stop=stop)

    grown: list[int] = []
    with Part(tmp_path / part_name(file), file) as part:
        Transfer(part, ask, Cancel(), progress=grown.append, note=print, patience=HASTY, window=1_100_000).run()
        part.verify()
    assert shop.asked() == ["bytes=0-1099999", "bytes=1100000-2199999", "bytes=2200000-"]
    assert grown == sorted(grown)
    assert grown[-1] == len(shop.content)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happens_the_file_is_whole_or_has_no_name(shop: Shop, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randrange(1, 7)):
        shop.server.fault(path=chance.choice(["/cdn/", "/resolve/", "."]), times=1, **_trouble(chance))
    damaged = chance.random() < 0.3
    if damaged:
        shop.server.fault(path="/cdn/", corrupt_at=chance.randrange(len(shop.content)), times=2)
    downloads = shop.downloads()
    number = downloads.add(shop.request())
    ended = downloads.wait(number)
    if ended.state == "failed":
        assert not (shop.home / "blobs" / shop.repo.files[MODEL].sha256).exists()
        shop.server.heal()
        downloads.resume(number)
        ended = downloads.wait(number)
        if ended.state == "failed":  # a byte was flipped in an attempt before
            assert "damaged" in failed(downloads, number).problem
            downloads.resume(number)
            ended = downloads.wait(number)
    downloads.close()
    assert (ended.state, ended.problem) == ("finished", "")
    assert ended.path is not None
    assert ended.path.read_bytes() == shop.content
    assert not shop.parts()


def _trouble(chance: random.Random) -> dict[str, Any]:
    where = chance.randrange(3_000_000)
    return chance.choice(
        [
            {"cut_after": where},
            {"cut_after": where, "reset": True},
            {"cut_after": where, "no_range": True},
            {"no_range": True},
            {"stall_after": where},
            {"status": chance.choice([500, 502, 503, 504, 408])},
            {"status": 429, "headers": {"Retry-After": "0"}},
            {"headers": {"Content-Range": "bytes 1-2/3"}},
            {"body": b"<html>log in</html>"},
        ]
    )
