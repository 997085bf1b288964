"""Searching the Hub: one page of results for one question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from tui.catalogue.hub.errors import PUBLIC
from tui.catalogue.hub.names import is_repo_id
from tui.catalogue.hub.values import Query, RepoSummary, SearchPage, Sort

if TYPE_CHECKING:
    from huggingface_hub import HfApi, ModelInfo

    from tui.catalogue.hub.call import Call

PAGE_SIZE = 30
"""Repositories in a page: more than a tall terminal shows. The Hub sends each one's chat template along."""
_SORTS: dict[Sort, Literal["downloads", "likes", "trending_score", "last_modified"]] = {
    "downloads": "downloads",
    "likes": "likes",
    "trending": "trending_score",
    "updated": "last_modified",
}
_DETAILS: list[Any] = ["downloads", "gated", "gguf", "lastModified", "likes", "private", "tags"]


def page(call: Call, api: HfApi, query: Query, more: str) -> SearchPage:
    """The first page, or the one at the address `more`.

    Raises:
        ValueError: the answer or the address is not the Hub's.
    """
    return _next(call, api, more) if more else _first(call, api, query)


def _first(call: Call, api: HfApi, query: Query) -> SearchPage:
    found: list[RepoSummary] = []
    for info in api.list_models(
        filter="gguf",
        search=" ".join(query.text.split()) or None,
        author=query.author.strip() or None,
        sort=_SORTS[query.sort],
        num_parameters=_sizes(query),
        expand=_DETAILS,
        limit=PAGE_SIZE,
    ):
        if len(call.next_pages) > 1:  # a server with smaller pages: this is the next page's already
            break
        found.append(summary(info))
    return _page(found, call.next_pages[0] if call.next_pages else "", call.endpoint)


def _next(call: Call, api: HfApi, more: str) -> SearchPage:
    from huggingface_hub import ModelInfo

    from tui.catalogue.hub.connection import headers_of, session

    answer = session().get(_checked(more, call.endpoint), headers=headers_of(api))
    made = cast("Callable[..., ModelInfo]", ModelInfo)
    found = [summary(made(**{"siblings": None} | item)) for item in answer.json()]
    return _page(found, call.next_pages[-1], call.endpoint)


def _page(found: list[RepoSummary], following: str, endpoint: str) -> SearchPage:
    if following.startswith(f"{PUBLIC}/"):  # a mirror may pass the Hub's own answer on
        following = endpoint + following.removeprefix(PUBLIC)
    return SearchPage(tuple(result for result in found if is_repo_id(result.repo_id)), _checked(following, endpoint))


def _checked(address: str, endpoint: str) -> str:
    """An address that the answer gave: only the Hub itself is asked for the next page."""
    if not address:
        return ""
    own, other = urlsplit(endpoint), urlsplit(address)
    if (own.scheme, own.netloc) != (other.scheme, other.netloc):
        raise ValueError("its next page is on another machine")
    return address


def _sizes(query: Query) -> str | None:
    limits = [("min", query.smallest), ("max", query.largest)]
    return ",".join(f"{name}:{_amount(value)}" for name, value in limits if value is not None) or None


def _amount(parameters: int) -> str:
    for unit, letter in ((10**9, "B"), (10**6, "M"), (10**3, "K")):
        if parameters >= unit and parameters % unit == 0:
            return f"{parameters // unit}{letter}"
    return str(parameters)


def summary(info: ModelInfo) -> RepoSummary:
    """One result as a plain value; what is not what it should be counts as unknown."""
    details = getattr(info, "gguf", None)
    total = details.get("total") if isinstance(details, dict) else None
    return RepoSummary(
        repo_id=str(info.id),
        downloads=count(info.downloads),
        likes=count(info.likes),
        updated=info.last_modified if isinstance(info.last_modified, datetime) else None,
        gated=bool(info.gated),
        private=bool(info.private),
        parameters=count(total) or None,
        tags=texts(info.tags),
    )


def count(value: object) -> int:
    """A number from an answer; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def texts(value: object) -> tuple[str, ...]:
    """A list of texts from an answer; empty for anything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
