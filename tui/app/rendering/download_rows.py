"""A download as a row of the list, and all of them as one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.transfers import label_of
from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import Glyphs
from tui.app.widgets.lines import Line, Piece, line_width
from tui.core.units import format_bytes

if TYPE_CHECKING:
    from tui.catalogue.hub.values import Download

_WORDS = {
    "queued": ("waits for its turn", "fact"),
    "downloading": ("", "fact"),
    "paused": ("paused: space goes on", "tight"),
    "verifying": ("checking the sum", "fact"),
    "finished": ("here: Enter loads it", "fits"),
    "failed": ("failed: r tries again", "problem"),
}
_LONGEST = 99 * 3600


def time_left(seconds: float | None) -> str:
    """How long it still takes: `42 s`, `3 min`, `2 h 05 min`; empty when that cannot be told."""
    if seconds is None or seconds > _LONGEST:
        return ""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def percent_of(download: Download) -> float:
    """How much is here, 0 to 100."""
    size = download.request.size
    return min(100.0, 100 * download.done / size) if size else 0.0


def speed_words(download: Download) -> str:
    """Speed and time left, as far as they are known."""
    if download.state != "downloading" or not download.speed:
        return ""
    left = time_left(download.seconds_left)
    return f"{format_bytes(download.speed)}/s" + (f", about {left} left" if left else "")


def download_rows(download: Download, width: int, glyphs: Glyphs) -> Sequence[Line]:
    """Two lines: what and how far; then the meter with speed and time, or what went wrong.

    Args:
        download: which one.
        width: cells.
        glyphs: the characters to draw with.
    """
    size = f"{format_bytes(download.done)} of {format_bytes(download.request.size)}"
    if download.state == "finished":
        size = format_bytes(download.request.size)
    name = cut(shown_line(f"{download.request.repo_id} {download.request.label}"), max(width - cell_len(size) - 2, 8))
    first: Line = ((name, "name"), ("  ", ""), (size, "fact"))
    words, role = _WORDS[download.state]
    if download.state == "failed":
        words = f"{shown_line(download.problem)} (r tries again)" if download.problem else words
        return [first, (("  ", ""), (cut(words, width - 2), role))]
    if download.state == "finished":
        where = f"{words}   {shown_line(str(download.path or ''))}"
        return [first, (("  ", ""), (cut(where, width - 2), role))]
    percent = percent_of(download)
    filled, track = meter(percent, max(10, min(40, width // 3)), glyphs)
    pieces: list[Piece] = [("  ", ""), (filled, "bar"), (track, "track"), (f" {percent:3.0f}%  ", "fact")]
    if download.problem:
        words, role = shown_line(download.problem), "tight"
    said = words or speed_words(download)
    return [first, (*pieces, (cut(said, max(width - line_width(tuple(pieces)), 0)), role))]


def strip_line(downloads: Sequence[Download], width: int, glyphs: Glyphs) -> Line:
    """All that moves, in one line; empty when nothing does.

    Args:
        downloads: all of them.
        width: cells.
        glyphs: the characters to draw with.
    """
    moving = [download for download in downloads if not download.over]
    if not moving:
        return ()
    done, size = sum(item.done for item in moving), sum(item.request.size for item in moving)
    percent = min(100.0, 100 * done / size) if size else 0.0
    speed = sum(item.speed or 0.0 for item in moving)
    name = label_of(moving[0].request) if len(moving) == 1 else f"{len(moving)} models"
    words = speed_words(moving[0]) if len(moving) == 1 else f"{format_bytes(speed)}/s" if speed else ""
    if len(moving) == 1 and not words:
        words = shown_line(moving[0].problem) or _WORDS[moving[0].state][0]
    filled, track = meter(percent, 20 if width >= 80 else 10, glyphs)
    hint = "ctrl+t shows" if width >= 70 else "ctrl+t"
    tail: Line = ((" ", ""), (filled, "bar"), (track, "track"), (f" {percent:3.0f}%  ", "value"))
    words = cut(f"{words:<28}", min(28, max(0, width - line_width(tail) - len(hint) - 20)))
    room = width - line_width(tail) - cell_len(words) - len(hint) - 1
    label = cut(shown_line(f"downloading {name}"), max(room, 0))
    return ((label, "label"), *tail, (words, "value"), (" " + hint, "label"))
