"""`models search`: repositories with GGUF models on the Hub, for scripts."""

from __future__ import annotations

import json
from typing import Any

from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.values import Query, RepoSummary
from tui.core.text import one_line
from tui.core.units import format_count, format_parameters
from tui.run.guard import guarded
from tui.run.interrupt import Interruption
from tui.run.one_shot import DONE
from tui.run.output import Output, note
from tui.run.table import table

_HEADINGS = ("REPOSITORY", "PARAMETERS", "DOWNLOADS", "LIKES", "UPDATED", "ACCESS")


def search_hub(query: Query, limit: int, *, offline: bool, as_json: bool) -> int:
    """Print what a search finds.

    Args:
        query: what to search for.
        limit: most repositories.
        offline: whether the network is switched off.
        as_json: a JSON array instead of a table.

    Returns:
        The exit status.
    """

    def work(interruption: Interruption) -> int:
        cancel = Cancel()
        interruption.watch(cancel.set)
        found, more = find(Hub(offline=offline), query, limit, cancel)
        output = Output()
        if as_json:
            output.write(json.dumps([_record(item) for item in found], indent=2) + "\n")
        elif found:
            output.write(table([_HEADINGS, *(_row(item) for item in found)]))
        else:
            note("nothing was found: try other words")
        if more:
            note(f"there are more than {format_count(len(found))}: raise --limit, or give more words")
        return DONE

    return guarded(work)


def find(hub: Hub, query: Query, limit: int, cancel: Cancel) -> tuple[list[RepoSummary], bool]:
    """At most `limit` results, from as many pages as that takes, and whether there are more."""
    page = hub.search(query, cancel=cancel)
    found = list(page.results)
    while page.more and len(found) < limit:
        page = hub.search(query, page.more, cancel)
        found += page.results
    return found[:limit], len(found) > limit or bool(page.more)


def _row(item: RepoSummary) -> tuple[str, ...]:
    return (
        one_line(item.repo_id),
        format_parameters(item.parameters) if item.parameters else "?",
        format_count(item.downloads),
        format_count(item.likes),
        item.updated.date().isoformat() if item.updated else "?",
        "gated" if item.gated else "private" if item.private else "",
    )


def _record(item: RepoSummary) -> dict[str, Any]:
    return {
        "repo_id": item.repo_id,
        "parameters": item.parameters,
        "downloads": item.downloads,
        "likes": item.likes,
        "updated": item.updated.isoformat() if item.updated else None,
        "gated": item.gated,
        "private": item.private,
        "tags": list(item.tags),
    }
