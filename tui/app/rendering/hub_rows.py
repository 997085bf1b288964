"""Rows of the Hub's screens: repositories and the start list. All texts of the Hub are untrusted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line
from tui.catalogue.fit import Fit, quick_fit
from tui.catalogue.hub.values import Repository, RepoSummary
from tui.core.units import format_bytes, format_count, format_parameters

if TYPE_CHECKING:
    from tui.catalogue.hub.curated import Curated

FIT_ROLES = {Fit.FITS: "fits", Fit.TIGHT: "tight", Fit.NO: "no"}
_NUMBERS = 7 + 8 + 7 + 11 + 8
"""Cells of the columns after the name."""
_START = 7 + 10 + 9 + 10
_WORDS = 40
"""From this many cells left for the name on, the start list says something about each model."""
_NAME_LEAST = 34


def short_count(count: int) -> str:
    """A count of people's doings in at most five cells: `950`, `12.3k`, `1.2M`."""
    for limit, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= limit:
            value = count / limit
            return f"{value:.0f}{unit}" if value >= 100 else f"{value:.1f}{unit}"
    return str(count)


def age(moment: datetime | None, now: datetime) -> str:
    """How long ago, in at most nine cells: `today`, `3 days`, `5 months`; empty when unknown."""
    if moment is None:
        return ""
    days = (now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))).days
    for size, unit in ((365, "year"), (30, "month"), (7, "week"), (1, "day")):
        if days >= size:
            count = days // size
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "today"


def result_heading(width: int) -> Line:
    """The names of the columns of results."""
    name = max(width - _NUMBERS, 10)
    text = f"{'repository':<{name}}{'params':>7}{'loads':>8}{'likes':>7}{'updated':>11}"
    return ((cut(text, width), "label"),)


def result_row(found: RepoSummary, width: int, now: datetime) -> Sequence[Line]:
    """A repository in one row."""
    name = max(width - _NUMBERS, 10)
    parameters = format_parameters(found.parameters) if found.parameters else "-"
    mark = "gated" if found.gated else "private" if found.private else ""
    return [
        (
            (cut(shown_line(found.repo_id), name), "name"),
            (f"{parameters:>7}", "fact"),
            (f"{short_count(found.downloads):>8}", "fact"),
            (f"{short_count(found.likes):>7}", "fact"),
            (f"{age(found.updated, now):>11}", "fact"),
            (f" {mark:<7}", "tight"),
        )
    ]


def start_heading(width: int) -> Line:
    """The names of the columns of the start list."""
    name, words = _start_shares(width)
    text = f"{'model':<{name}}{'params':>7}{'download':>10}  {'memory':<8}{'for':<9}"
    return ((cut(text + (" what it is" if words else ""), width), "label"),)


def start_row(curated: Curated, width: int, available: int) -> Sequence[Line]:
    """A model of the start list in one row."""
    name, words = _start_shares(width)
    fit = quick_fit(curated.size_hint, available)
    return [
        (
            (cut(curated.repo_id, name), "name"),
            (f"{format_parameters(curated.parameters):>7}", "fact"),
            (f"{format_bytes(curated.size_hint):>10}", "fact"),
            (f"  {fit.value:<8}", FIT_ROLES[fit]),
            (f"{curated.purpose:<9}", "mark"),
            (cut(" " + curated.words, words) if words else "", "fact"),
        )
    ]


def _start_shares(width: int) -> tuple[int, int]:
    rest = max(width - _START, 10)
    name = min(rest, max(_NAME_LEAST, rest // 2)) if rest >= _NAME_LEAST + _WORDS else rest
    return name, rest - name


def repository_facts(repository: Repository, now: datetime) -> str:
    """What the Hub says of a repository, in one line."""
    facts = [shown_line(repository.architecture)]
    if repository.parameters:
        facts.append(f"{format_parameters(repository.parameters)} parameters")
    if repository.n_ctx_train:
        facts.append(f"trained context {format_count(repository.n_ctx_train)}")
    facts.append(f"licence {shown_line(repository.licence)}" if repository.licence else "no licence named")
    if repository.base_model:
        facts.append(f"from {shown_line(repository.base_model)}")
    facts += [f"{short_count(repository.downloads)} downloads", f"{short_count(repository.likes)} likes"]
    if repository.updated:
        facts.append(
            f"updated {age(repository.updated, now)}{'' if age(repository.updated, now) == 'today' else ' ago'}"
        )
    if repository.left_out:
        count = repository.left_out
        facts.append(f"{count} file{' has a name' if count == 1 else 's have names'} that {_not_trusted(count)}")
    return f" {current_glyphs().dot} ".join(fact for fact in facts if fact)


def _not_trusted(count: int) -> str:
    return "is not trusted here, and is left out" if count == 1 else "are not trusted here, and are left out"
