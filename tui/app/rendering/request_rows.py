"""A request as a row of a table, and all of them as a line."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import set_cell_size

from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.widgets.lines import Line, Piece
from tui.core.units import format_count
from tui.services.requests import RequestInfo
from tui.services.watching import Snapshot

_WIDE = 100
"""From this many cells on there is room for the model's name and the time to the first token."""
_NUMBERS = 8
_STATES = {
    "waiting": ("waiting", "tight"),
    "prefill": ("prefill", "mark"),
    "decode": ("decode", "mark"),
    "done": ("done", "fact"),
    "stopped": ("stopped", "tight"),
    "failed": ("failed", "problem"),
}


@dataclass(frozen=True, slots=True)
class _Widths:
    client: int
    endpoint: int
    model: int
    state: int
    first: bool


def _widths(width: int) -> _Widths:
    wide = width >= _WIDE
    numbers = _NUMBERS * (6 if wide else 5)
    state = 13
    room = max(width - numbers - state - 2, 12)
    if not wide:
        client = min(15, room // 2 + 2)
        return _Widths(client, room - client, 0, state, False)
    return _Widths(15, 22, max(room - 15 - 22 - 1, 0), state, True)


def head_line(width: int) -> Line:
    """What the columns are."""
    widths = _widths(width)
    words = [cut("CLIENT", widths.client), cut("ENDPOINT", widths.endpoint)]
    if widths.model:
        words.append(cut("MODEL", widths.model))
    numbers = ["PROMPT", "CACHED", "TOKENS", *(["TTFT"] if widths.first else []), "TOK/S", "TIME"]
    return ((" ".join([*words, f"{'STATE':<{widths.state}}"])[: width - len(numbers) * _NUMBERS], "title"), (
        "".join(f"{name:>{_NUMBERS}}" for name in numbers), "title",
    ))  # fmt: skip


def request_row(info: RequestInfo, width: int) -> Line:
    """One request: who, what, how far, and its numbers.

    Args:
        info: the request; its texts come from elsewhere.
        width: cells.
    """
    widths = _widths(width)
    words, role = _STATES[info.state]
    if info.state == "prefill" and info.prompt_tokens:
        words = f"prefill {100 * info.done_tokens / info.prompt_tokens:3.0f}%"
    name = "name" if info.running else "fact"
    endpoint = info.endpoint.removeprefix("/v1/")
    if not widths.first:
        endpoint = endpoint.replace("chat/completions", "chat")
    pieces: list[Piece] = [
        (cut(shown_line(info.client), widths.client) + " ", name),
        (cut(shown_line(endpoint), widths.endpoint) + " ", "fact"),
    ]
    if widths.model:
        pieces.append((cut(shown_line(info.model), widths.model) + " ", "fact"))
    pieces.append((set_cell_size(words, widths.state), role))
    return (*pieces, ("".join(f"{number:>{_NUMBERS}}" for number in _numbers(info, widths.first)), "fact"))


def _numbers(info: RequestInfo, first: bool) -> list[str]:
    known = info.prompt_tokens > 0
    ttft = "" if info.first_token_seconds is None else _seconds(info.first_token_seconds)
    return [
        format_count(info.prompt_tokens) if known else "-",
        format_count(info.cached_tokens) if known else "-",
        format_count(info.generated_tokens),
        *([ttft or "-"] if first else []),
        f"{info.speed:.1f}" if info.speed else "-",
        _seconds(info.seconds),
    ]


def _seconds(seconds: float) -> str:
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def now_words(snapshot: Snapshot) -> str:
    """What happens now: how many run and wait, and how fast all of them are together."""
    running = snapshot.running
    waiting = sum(info.state == "waiting" for info in running)
    speed = sum(info.speed for info in running)
    words = [f"{len(running) - waiting} running", f"{waiting} waiting" if waiting else ""]
    words.append(f"{speed:.1f} tok/s" if speed else "")
    return "   ".join(word for word in words if word)


def total_line(snapshot: Snapshot, width: int) -> Line:
    """What all requests came to, as much of it as there is room for."""
    totals = snapshot.totals
    speed = totals.generated_tokens / totals.decode_seconds if totals.decode_seconds else 0.0
    known = totals.prompt_tokens + totals.cached_tokens
    parts: list[list[Piece]] = [
        _part(totals.requests, "ended", "") if snapshot.server != "llama-server" else [],
        _part(totals.failed, "failed", "warning") if totals.failed else [],
        _part(totals.refused, "refused", "warning") if totals.refused else [],
        _part(totals.generated_tokens, "tokens out", ""),
        [
            *_part(known, "in", ""),
            *([(f" ({100 * totals.cached_tokens / known:.0f}% cached)", "label")] if known else []),
        ],
        [(f"{speed:.1f}", "value"), (" tok/s each", "label")] if speed else [],
    ]
    line: list[Piece] = [("TOTAL", "title")]
    room = width - 5
    for part in parts:
        taken = sum(len(text) for text, _ in part) + 3
        if part and taken <= room:
            line += [("   ", ""), *part]
            room -= taken
    return tuple(line)


def _part(count: int, words: str, role: str) -> list[Piece]:
    return [(format_count(count), role or "value"), (f" {words}", "label")]
