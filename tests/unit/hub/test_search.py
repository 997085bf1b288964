"""Searching: pages, order, limits, and answers that are not to be trusted."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.local_hub import ALICE, LocalHub
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.search import PAGE_SIZE
from tui.catalogue.hub.values import Query, Sort
from tui.core.errors import HubError

MODEL = {"model-Q4_K_M.gguf": b"GGUF"}


def fill(local: LocalHub, count: int) -> None:
    for number in range(count):
        local.add(f"owner/model-{number:04}-GGUF", MODEL, downloads=count - number)


def ids(hub: Hub, query: Query) -> list[str]:
    return [result.repo_id for result in hub.search(query).results]


def test_a_page_is_one_request(local: LocalHub) -> None:
    fill(local, 100)
    page = Hub(local.url).search(Query("model"))
    assert [result.repo_id for result in page.results[:2]] == ["owner/model-0000-GGUF", "owner/model-0001-GGUF"]
    assert len(page.results) == PAGE_SIZE
    assert page.more
    assert len(local.requests) == 1


def test_a_thousand_results_come_page_by_page(local: LocalHub) -> None:
    fill(local, 1000)
    hub, seen, more = Hub(local.url), [], ""
    while True:
        page = hub.search(Query("model"), more)
        seen += [result.repo_id for result in page.results]
        more = page.more
        if not more:
            break
    assert seen == [f"owner/model-{number:04}-GGUF" for number in range(1000)]
    assert len(local.requests) == -(-1000 // PAGE_SIZE)


def test_a_server_with_smaller_pages_loses_nothing(local: LocalHub) -> None:
    fill(local, 45)
    local.page_size = 20
    hub = Hub(local.url)
    first = hub.search(Query("model"))
    second = hub.search(Query("model"), first.more)
    third = hub.search(Query("model"), second.more)
    seen = [result.repo_id for page in (first, second, third) for result in page.results]
    assert seen == [f"owner/model-{number:04}-GGUF" for number in range(45)]
    assert not third.more


@pytest.mark.parametrize(
    ("sort", "sent"),
    [("downloads", "downloads"), ("likes", "likes"), ("trending", "trendingScore"), ("updated", "lastModified")],
)
def test_the_order_is_the_hubs(local: LocalHub, sort: Sort, sent: str) -> None:
    local.add("owner/low-GGUF", MODEL, **{sent: "2024-01-01T00:00:00.000Z" if sort == "updated" else 1})
    local.add("owner/high-GGUF", MODEL, **{sent: "2025-01-01T00:00:00.000Z" if sort == "updated" else 9})
    assert ids(Hub(local.url), Query(sort=sort)) == ["owner/high-GGUF", "owner/low-GGUF"]
    assert parse_qs(urlsplit(local.requests[0].path).query)["sort"] == [sent]


def test_author_words_and_sizes_narrow_it(local: LocalHub) -> None:
    local.add("one/tiny-chat-GGUF", MODEL, gguf={"total": 500_000_000})
    local.add("one/mid-chat-GGUF", MODEL, gguf={"total": 3_000_000_000})
    local.add("two/mid-chat-GGUF", MODEL, gguf={"total": 3_000_000_000})
    local.add("one/big-chat-GGUF", MODEL, gguf={"total": 70_000_000_000})
    local.add("one/mid-code-GGUF", MODEL, gguf={"total": 3_000_000_000})
    query = Query("  chat ", author="one", smallest=1_000_000_000, largest=9_000_000_000)
    results = Hub(local.url).search(query).results
    assert [(result.repo_id, result.parameters) for result in results] == [("one/mid-chat-GGUF", 3_000_000_000)]


def test_only_repositories_with_gguf_files(local: LocalHub) -> None:
    local.add("owner/weights", {"model.safetensors": b"x"})
    local.add("owner/model-GGUF", MODEL)
    assert ids(Hub(local.url), Query()) == ["owner/model-GGUF"]


def test_what_is_said_of_a_result(local: LocalHub) -> None:
    local.add("owner/model-GGUF", MODEL, downloads=7, likes=3, gated="manual", gguf={"total": 5}, tags=["gguf", "ja"])
    (result,) = Hub(local.url).search(Query()).results
    assert (result.downloads, result.likes, result.gated, result.private) == (7, 3, True, False)
    assert (result.parameters, result.tags) == (5, ("gguf", "ja"))
    assert result.updated is not None and result.updated.year == 2025


def test_private_ones_are_found_with_a_token(local: LocalHub) -> None:
    local.add("owner/secret-GGUF", MODEL, private=True)
    assert ids(Hub(local.url, token=""), Query()) == []
    assert ids(Hub(local.url, token=ALICE), Query()) == ["owner/secret-GGUF"]


def test_odd_values_count_as_unknown(local: LocalHub) -> None:
    local.add("owner/model-GGUF", MODEL, likes="many", downloads=-3, gguf=["?"], tags=["gguf", 5, None])
    (result,) = Hub(local.url).search(Query()).results
    assert (result.likes, result.downloads, result.parameters, result.tags) == (0, 0, None, ("gguf",))


def test_a_name_that_is_no_repository_is_left_out(local: LocalHub) -> None:
    answer = [{"id": name} for name in ("../../etc", "owner/../x", "owner/a\x1b[2J", "plain", "owner/good-GGUF")]
    local.fault(path="/api/models", body=json.dumps(answer).encode())
    assert ids(Hub(local.url), Query()) == ["owner/good-GGUF"]


def test_the_next_page_of_another_machine_is_not_asked_for(local: LocalHub) -> None:
    fill(local, 40)
    local.fault(path="/api/models", headers={"Link": '<http://elsewhere.invalid/api/models?cursor=1>; rel="next"'})
    with pytest.raises(HubError) as caught:
        Hub(local.url, token=ALICE).search(Query())
    assert caught.value.kind == "refused"
    with pytest.raises(HubError):
        Hub(local.url, token=ALICE).search(Query(), "http://elsewhere.invalid/api/models?cursor=1")


def test_a_mirror_that_passes_the_hubs_address_on_is_asked_itself(local: LocalHub) -> None:
    fill(local, 40)
    local.fault(
        path="/api/models",
        times=1,
        headers={"Link": '<https://huggingface.co/api/models?filter=gguf&limit=30&cursor=30>; rel="next"'},
    )
    hub = Hub(local.url)
    more = hub.search(Query()).more
    assert more.startswith(f"{local.url}/api/models")
    assert len(hub.search(Query(), more).results) == 10


@pytest.mark.parametrize(
    "body",
    [b"<!doctype html><title>Log in</title>", b"", b"[1, 2, 3]", b'{"error": 3}', b'["x"]', b"[" * 100_000],
)
def test_an_answer_that_is_not_the_hubs(local: LocalHub, body: bytes) -> None:
    local.fault(path="/api/models", body=body)
    with pytest.raises(HubError) as caught:
        Hub(local.url).search(Query())
    assert caught.value.kind == "refused"
    assert "HF_ENDPOINT" in caught.value.line()
