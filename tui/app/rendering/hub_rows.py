"""Rows of the Hub's screens: repositories, the start list, quantizations. All texts of the Hub are untrusted."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line
from tui.catalogue.explanation import Fact
from tui.catalogue.fit import Fit, quick_fit
from tui.catalogue.hub.values import Repository, RepoSummary, Variant
from tui.core.units import format_bytes, format_count, format_parameters, format_speed, speed_band
from tui.services.describe import MemoryUse
from tui.services.speed_estimate import SpeedEstimate

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


@dataclass(frozen=True, slots=True)
class Offer:
    """A quantization as a row shows it.

    Attributes:
        variant: which one.
        bits: bits per weight; None when the number of weights is not known.
        here: the file on this machine, if it is here.
        recommended: whether it is the one for this machine.
    """

    variant: Variant
    bits: float | None = None
    here: Path | None = None
    recommended: bool = False


_OFFER = 7 + 10 + 2 + 8
_REMARK = 13


def offer_heading(width: int) -> Line:
    """The names of the columns of quantizations."""
    name, remark = _offer_shares(width)
    text = f"{'quantization':<{name}}{'bits':>7}{'size':>10}  {'memory':<8}"
    return ((cut(text, name + _OFFER + remark), "label"),)


def offer_row(offer: Offer, width: int, available: int) -> Sequence[Line]:
    """A quantization in one row."""
    name, remark = _offer_shares(width)
    variant = offer.variant
    fit = quick_fit(variant.size, available)
    word, role = ("broken", "problem") if variant.missing else (fit.value, FIT_ROLES[fit])
    bits = f"{offer.bits:.1f}" if offer.bits else "-"
    said, said_role = ("here", "fits") if offer.here else ("recommended", "mark") if offer.recommended else ("", "")
    return [
        (
            (cut(shown_line(variant.label), name), "mark" if offer.recommended else "name"),
            (f"{bits:>7}", "fact"),
            (f"{format_bytes(variant.size):>10}", "fact"),
            (f"  {word:<8}", role),
            (cut(f" {said}", remark) if remark else "", said_role),
        )
    ]


def _offer_shares(width: int) -> tuple[int, int]:
    rest = max(width - _OFFER, 8)
    remark = _REMARK if rest >= _REMARK + 14 else 5 if rest >= 17 else 0
    return min(rest - remark, 48), remark


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
    return f" {current_glyphs().dot} ".join(fact for fact in facts if fact)


def need_lines(use: MemoryUse, speed: SpeedEstimate | None, width: int) -> list[Line]:
    """What a load takes here, and how fast it may be.

    Args:
        use: by formulas from the header.
        speed: what can be expected; None when nothing can.
        width: cells.
    """
    cache = format_bytes(use.kv_cache) if use.kv_cache is not None else "?"
    need, room = f"needs about {format_bytes(use.total)}", format_bytes(use.available)
    context = f"at {format_count(use.n_ctx)} tokens of context"
    head = f"{need} of {room} free {context}" if use.fits else f"does not fit: {need} {context}; {room} are free"
    parts = f"weights {format_bytes(use.weights)}, KV cache {cache}, compute {format_bytes(use.compute)}"
    lines = [(text, "value" if use.fits else "warning") for text in textwrap.wrap(head, width)]
    if not use.fits and (largest := use.largest_context):
        said = f"{format_count(largest)} tokens of context would fit (F4, Context size)"
        lines += [(text, "warning") for text in textwrap.wrap(said, width)]
    lines += [(text, "label") for text in textwrap.wrap(parts, width)]
    if speed is not None:
        said = f"{'measured' if speed.measured else 'expected about'} {format_speed(speed.tokens_per_second)}"
        said += f", {speed_band(speed.tokens_per_second)}{'' if speed.measured else ' (an estimate)'}"
        lines += [(text, "label") for text in textwrap.wrap(said, width)]
    return [((text, role),) for text, role in lines]


def fact_lines(facts: Sequence[Fact], width: int) -> list[Line]:
    """Facts in plain words, each with its note folded below it."""
    lines: list[Line] = []
    for fact in facts:
        head = shown_line(f"{fact.label}: {fact.value}")
        lines += [((text, "value"),) for text in textwrap.wrap(head, width)]
        notes = textwrap.wrap(shown_line(fact.note), max(width - 2, 10))
        lines += [((f"  {text}", "label"),) for text in notes]
    return lines
