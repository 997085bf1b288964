"""What is known of one model, as lines: memory, speed, what it is, tensors, where it lies. All text is untrusted."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from rich.cells import cell_len, chop_cells

from tui.app.rendering.browse import Known
from tui.app.rendering.model_columns import source_words, used_words
from tui.app.rendering.model_rows import home_path
from tui.app.rendering.shown import shown_line
from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import Glyphs
from tui.app.widgets.lines import Line
from tui.catalogue.entry import ModelEntry
from tui.core.units import format_bytes, format_count, format_speed, speed_band

if TYPE_CHECKING:
    from tui.catalogue.explain import Section
    from tui.services.describe import Description, MemoryUse, TensorKind
    from tui.services.speed_estimate import SpeedEstimate

_LABEL = 17
"""Most cells of the labels' column."""
_BAR = 24
"""Most cells of a tensor type's bar."""
_PATHS = 4
"""Most other places of the same file that are named."""

KINDS = {
    "embedding": "Turns text into vectors (embeddings); it cannot chat or complete.",
    "mmproj": "The image or sound part of a model. It goes with a model and is not loaded by itself.",
    "adapter": "A LoRA adapter. Lay it over a model with the load setting LoRA adapters (F4).",
    "imatrix": "An importance matrix, which was used to quantize a model. Nothing here needs it.",
    "vocabulary": "A vocabulary without weights.",
    "sound": "Decodes sound; it cannot chat or complete.",
}
"""What a file is that is no model for text."""


def head_lines(entry: ModelEntry, width: int) -> list[Line]:
    """Its name, its file, and what speaks against loading it."""
    lines: list[Line] = [((text, "name"),) for text in _wrapped(shown_line(entry.name), width)]
    lines += [((text, "label"),) for text in chop_cells(home_path(entry.path), max(width, 4))]
    if entry.kind != "model":
        lines += [(), *sentences(KINDS.get(entry.kind, entry.problem), width, "value")]
    elif entry.problem:
        lines += [(), *sentences(shown_line(entry.problem), width, "error")]
    return lines


def description_lines(
    entry: ModelEntry,
    known: Known,
    description: Description | None,
    problem: str,
    width: int,
    glyphs: Glyphs,
) -> list[Line]:
    """Everything, in sections.

    Args:
        entry: the model.
        known: what is remembered of it.
        description: what was read and planned; None while that is on its way, or when it cannot be.
        problem: why it cannot be.
        width: cells.
        glyphs: the characters to draw with.
    """
    lines = head_lines(entry, width)
    if entry.remote:
        return [*lines, (), *_endpoint_lines(known, width)]
    if description is None:
        said = problem if problem and not entry.problem else "" if entry.problem else f"reading{glyphs.ellipsis}"
        lines += [(), *sentences(said, width, "error" if problem else "label")] if said else []
    else:
        lines += list(_described(entry, description, width, glyphs))
    return [*lines, (), *_place_lines(entry, known, width)]


def _described(entry: ModelEntry, description: Description, width: int, glyphs: Glyphs) -> Iterator[Line]:
    yield ()
    yield from sentences(shown_line(description.explanation.summary), width, "value")
    if description.problem and not entry.problem:
        yield ()
        yield from sentences(shown_line(description.problem), width, "error")
    if description.memory is not None and entry.kind == "model":
        yield ()
        yield from memory_lines(description.memory, width, refused=bool(description.problem or entry.problem))
    if description.speed is not None:
        yield ()
        yield from speed_lines(description.speed, width)
    for section in description.explanation.sections:
        yield ()
        yield from section_lines(section, width)
    if description.tensors:
        yield ()
        yield from tensor_lines(description.tensors, width, glyphs)
    yield ()
    yield from sentences(f"m shows all {format_count(len(description.metadata))} keys of the header.", width, "label")


def memory_lines(memory: MemoryUse, width: int, *, refused: bool = False) -> list[Line]:
    """What a load takes, part by part, and how that is known.

    Args:
        memory: what it takes.
        width: cells.
        refused: whether it cannot be loaded at all, however much is free.
    """
    source = "as llama.cpp plans it" if memory.exact else "an estimate from the header"
    lines: list[Line] = [(("MEMORY", "title"), (f"  {source}", "label"))]
    verdict = "cannot be loaded" if refused else "fits" if memory.fits else "too big"
    text = (
        f"{verdict}: {'it would need' if refused else 'needs'} {format_bytes(memory.total)} of "
        f"{format_bytes(memory.available)} free with {format_count(memory.n_ctx)} tokens of context"
    )
    if not memory.fits and not refused:
        largest = memory.largest_context
        text += f"; {format_count(largest)} would fit" if largest else "; no context fits"
    lines += sentences(text, width, "error" if refused else "value" if memory.fits else "warning")
    parts = [("weights", memory.weights), ("KV cache", memory.kv_cache), ("compute", memory.compute)]
    if memory.other:
        parts.append(("other", memory.other))
    for name, size in parts:
        said = format_bytes(size) if size is not None else "unknown"
        lines.append(((f"  {name:<10}", "label"), (f"{said:>10}", "value")))
    return lines


def speed_lines(speed: SpeedEstimate, width: int) -> list[Line]:
    """How fast it may write here, and how that is known."""
    how = "measured here" if speed.measured else "an estimate"
    about = "" if speed.measured else "about "
    words = f"{about}{format_speed(speed.tokens_per_second)}, {speed_band(speed.tokens_per_second)}"
    return [
        (("SPEED", "title"), (f"  {how}", "label")),
        *sentences(words, width, "value"),
        *sentences(shown_line(speed.basis), width, "label"),
    ]


def section_lines(section: Section, width: int) -> list[Line]:
    """One section of the explanation: labels left, values right of them, notes below."""
    lines: list[Line] = [((section.title.upper(), "title"),)]
    room = min(_LABEL, max(cell_len(fact.label) for fact in section.facts) + 2, max(8, width // 2))
    for fact in section.facts:
        label, values = shown_line(fact.label), _wrapped(shown_line(fact.value), width - room)
        if cell_len(label) >= room:
            lines.append(((label, "label"),))
            label = ""
        for value in values:
            lines.append(((label + " " * (room - cell_len(label)), "label"), (value, "value")))
            label = ""
        if fact.note:
            lines += [((" " * room + text, "label"),) for text in _wrapped(shown_line(fact.note), width - room)]
    return lines


def tensor_lines(tensors: Sequence[TensorKind], width: int, glyphs: Glyphs) -> list[Line]:
    """Bars of the bytes in each number format, all on one scale from nothing to everything."""
    lines: list[Line] = [(("TENSORS", "title"), ("  bytes by number format", "label"))]
    room = max(4, min(_BAR, width - 30))
    for kind in tensors:
        filled, track = meter(100 * kind.share, room, glyphs)
        counted = f"{format_count(kind.tensors):>6}" if kind.tensors else ""
        lines.append(
            (
                (f"{shown_line(kind.name)[:8]:<9}", "label"),
                (filled, "bar"),
                (track, "track"),
                (f"{100 * kind.share:4.0f} %{format_bytes(kind.bytes):>10}", "value"),
                (counted if width >= room + 31 else "", "label"),
            )
        )
    return lines


def _endpoint_lines(known: Known, width: int) -> Iterator[Line]:
    yield (("REMOTE", "title"), ("  another server runs it", "label"))
    yield from sentences("Enter asks the server what it has and takes the model for the chat.", width, "value")
    words = "Nothing of it is on this machine: no memory, no KV cache, no token counts. d forgets it."
    yield from sentences(words, width, "label")
    used = used_words(known.used)
    words = "never used here" if known.used is None else f"last used {used if used == 'now' else f'{used} ago'}"
    yield from sentences(words, width, "label")


def _place_lines(entry: ModelEntry, known: Known, width: int) -> list[Line]:
    facts = [("found in", source_words(entry, width))]
    if entry.source != "folder" and entry.origin:
        facts.append(("from", shown_line(entry.origin)))
    facts.append(("on disk", format_bytes(entry.file_size) + (f" in {entry.parts} files" if entry.parts > 1 else "")))
    if entry.modified:
        facts.append(("written", f"{datetime.fromtimestamp(entry.modified):%Y-%m-%d}"))
    used = used_words(known.used)
    facts.append(("last loaded", "never here" if known.used is None else used if used == "now" else f"{used} ago"))
    more = len(entry.also_at) - _PATHS
    facts += [("also at", home_path(place)) for place in entry.also_at[:_PATHS]]
    facts += [("", f"and {format_count(more)} more")] if more > 0 else []
    lines: list[Line] = [(("FILE", "title"),)]
    for label, value in facts:
        for at, text in enumerate(chop_cells(value, max(width - 13, 4)) or [""]):
            lines.append(((f"{label if not at else '':<13}", "label"), (text, "value")))
    return lines


def sentences(text: str, width: int, role: str) -> list[Line]:
    """Running text as lines of one role."""
    return [((line, role),) for line in _wrapped(text, width)]


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of at most `width` cells, broken at spaces where there are any."""
    width = max(width, 4)
    folded = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]
    return [piece for line in folded for piece in (chop_cells(line, width) if cell_len(line) > width else [line])]
