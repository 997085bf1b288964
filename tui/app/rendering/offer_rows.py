"""Quantizations of a repository as rows, and what a load of one takes. All texts of the Hub are untrusted."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tui.app.rendering.hub_rows import FIT_ROLES
from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line
from tui.catalogue.explanation import Fact
from tui.catalogue.fit import quick_fit
from tui.catalogue.hub.values import Variant
from tui.catalogue.naming import parse_name
from tui.catalogue.quantizations import grade
from tui.core.units import format_bytes, format_count, format_speed, speed_band
from tui.services.describe import MemoryUse
from tui.services.speed_estimate import SpeedEstimate


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


_FACTS = 7 + 10 + 2 + 8
_QUALITY = 2 + 9
_REMARK = 13
_NAME_LEAST, _NAME_MOST = 12, 48


def offer_heading(width: int) -> Line:
    """The names of the columns of quantizations."""
    name, quality, remark = _shares(width)
    text = f"{'quantization':<{name}}{'bits':>7}{'size':>10}{'  quality'[:quality]:<{quality}}  {'memory':<8}"
    return ((cut(text, name + _FACTS + quality + remark), "label"),)


def offer_row(offer: Offer, width: int, available: int) -> Sequence[Line]:
    """A quantization in one row."""
    name, quality, remark = _shares(width)
    variant = offer.variant
    bits = f"{offer.bits:.1f}" if offer.bits and not variant.missing else "-"
    known: Line = (
        (cut(shown_line(variant.label), name), "mark" if offer.recommended else "name"),
        (f"{bits:>7}", "fact"),
        (f"{format_bytes(variant.size):>10}", "fact"),
    )
    if variant.missing:
        return [(*known, (cut(f"  {missing_words(variant)}", quality + 10 + remark), "problem"))]
    fit = quick_fit(variant.size, available)
    said, role = ("here", "fits") if offer.here else ("recommended", "mark") if offer.recommended else ("", "")
    return [
        (
            *known,
            (cut(f"  {grade(variant.quantization) or '-'}", quality), "fact"),
            (f"  {fit.value:<8}", FIT_ROLES[fit]),
            (cut(f" {said}", remark) if remark else "", role),
        )
    ]


def missing_words(variant: Variant) -> str:
    """Which parts of a split model the repository lacks: `part 2 of 3 is missing`."""
    parts = [part for name in variant.missing if (part := parse_name(PurePosixPath(name).name).part)]
    if not parts:
        return "a file is missing"
    count = parts[0][1]
    if len(parts) == 1:
        return f"part {parts[0][0]} of {count} is missing"
    return f"{len(parts)} of {count} parts are missing"


def _shares(width: int) -> tuple[int, int, int]:
    """Cells of the name, of the word on quality, and of the remark."""
    rest = max(width - _FACTS, 8)
    remark = _REMARK if rest >= _REMARK + _NAME_LEAST + 2 else 5 if rest >= 17 else 0
    quality = _QUALITY if rest - remark >= _QUALITY + _NAME_LEAST else 0
    return min(rest - remark - quality, _NAME_MOST), quality, remark


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
