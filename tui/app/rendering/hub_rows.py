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
from tui.catalogue.hub.curated import PLEASANT
from tui.catalogue.hub.values import Repository, RepoSummary, Sort
from tui.catalogue.quantizations import typical_bits
from tui.core.units import format_bytes, format_count, format_parameters, format_speed

if TYPE_CHECKING:
    from tui.catalogue.hub.curated import Curated

FIT_ROLES = {Fit.FITS: "fits", Fit.TIGHT: "tight", Fit.NO: "no"}
_WIDTHS = {"params": 7, "fit": 11, "downloads": 11, "likes": 7, "updated": 11, "mark": 8}
"""Cells of the columns after the name."""
_HEADINGS = {"fit": "as Q4_K_M", "mark": ""}
_ALL = 96
"""From this many cells on there is room for all of them."""
_USUAL_BYTES = (typical_bits("Q4_K_M") or 4.89) / 8
"""Of each weight, in the quantization that most people take."""
_BEARABLE = 2.0
"""Tokens a second that are the least for a dialogue (`tui.core.units.speed_band`)."""
_START = 10 + 10 + 11 + 10
_WORDS = 40
"""From this many cells left for the name on, the start list says something about each model."""
_NAME_LEAST = 36


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


def result_heading(width: int, sort: Sort = "downloads") -> Line:
    """The names of the columns of results."""
    columns = _columns(width, sort)
    name = max(width - sum(_WIDTHS[column] for column in columns), 10)
    text = f"{'repository':<{name}}" + "".join(
        f"{_HEADINGS.get(column, column):>{_WIDTHS[column]}}" for column in columns
    )
    return ((cut(text, width), "label"),)


def result_row(
    found: RepoSummary, width: int, now: datetime, available: int, sort: Sort = "downloads"
) -> Sequence[Line]:
    """A repository in one row.

    Args:
        found: which one.
        width: cells; in a narrow row only the number that the results are ordered by has a column.
        now: the present moment.
        available: bytes of memory that a load may take.
        sort: what the results are ordered by.
    """
    columns = _columns(width, sort)
    name = max(width - sum(_WIDTHS[column] for column in columns), 10)
    fit = quick_fit(round(found.parameters * _USUAL_BYTES), available) if found.parameters else None
    mark = "gated" if found.gated else "private" if found.private else ""
    said = {
        "params": (format_parameters(found.parameters) if found.parameters else "-", "fact"),
        "fit": (fit.value, FIT_ROLES[fit]) if fit else ("-", "fact"),
        "downloads": (short_count(found.downloads), "fact"),
        "likes": (short_count(found.likes), "fact"),
        "updated": (age(found.updated, now), "fact"),
        "mark": (f" {mark:<{_WIDTHS['mark'] - 1}}", "tight"),
    }
    cells = [(f"{said[column][0]:>{_WIDTHS[column]}}", said[column][1]) for column in columns]
    return [((cut(shown_line(found.repo_id), name), "name"), *cells)]


def _columns(width: int, sort: Sort) -> tuple[str, ...]:
    if width >= _ALL:
        return tuple(_WIDTHS)
    return ("params", "fit", sort if sort in _WIDTHS else "downloads", "mark")


def start_heading(width: int) -> Line:
    """The names of the columns of the start list."""
    name, words = _start_shares(width)
    text = f"{'model':<{name}}{'download':>10}  {'memory':<8}{'speed':>11}  {'for':<8}"
    return ((cut(text + (" what it is" if words else ""), width), "label"),)


def start_row(curated: Curated, width: int, available: int, speed: float | None = None) -> Sequence[Line]:
    """A model of the start list in one row.

    Args:
        curated: which one.
        width: cells.
        available: bytes of memory that a load may take.
        speed: tokens a second to expect here; None while that is not known.
    """
    name, words = _start_shares(width)
    fit = quick_fit(curated.size_hint, available)
    return [
        (
            (cut(curated.repo_id, name), "name"),
            (f"{format_bytes(curated.size_hint):>10}", "fact"),
            (f"  {fit.value:<8}", FIT_ROLES[fit]),
            (f"{_about(speed):>11}", _speed_role(speed)),
            (f"  {curated.purpose:<8}", "mark"),
            (cut(" " + curated.words, words) if words else "", "fact"),
        )
    ]


def _about(speed: float | None) -> str:
    return f"~{format_speed(speed)}" if speed else ""


def _speed_role(speed: float | None) -> str:
    return "fits" if not speed or speed >= PLEASANT else "tight" if speed >= _BEARABLE else "no"


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
