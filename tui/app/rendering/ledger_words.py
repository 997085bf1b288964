"""The ledger of the context in words: a line at the prompt, and a table."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.widgets.glyphs import Glyphs
from tui.app.widgets.lines import Line, line_width
from tui.core.units import format_count, format_wait
from tui.services.ledger import Ledger

_ROOMY = 8
"""A reply has room while at least this part of the context is left for it."""


def ledger_lines(ledger: Ledger, glyphs: Glyphs) -> list[str]:
    """What a draft takes, in one line: the longest wording first.

    Numbers have slots of their own width, so that the line stands still while one types.
    """
    wide = len(format_count(ledger.n_ctx))
    tokens = f"{format_count(ledger.draft):>{wide}} tokens"
    cached = f"{format_count(ledger.cached):>{wide}} cached"
    verdict = _verdict(ledger)
    if not ledger.fits:
        return _joined(glyphs, (tokens, verdict), (verdict,))
    if ledger.seconds is None:
        return _joined(glyphs, (tokens, cached, verdict), (tokens, verdict), (verdict,))
    seconds = f"{glyphs.about}{expected(ledger.seconds):>6}"
    return _joined(
        glyphs, (tokens, cached, verdict, seconds), (tokens, verdict, seconds), (tokens, verdict), (verdict,)
    )


def expected(seconds: float) -> str:
    """A time that was worked out, no finer than it can be known: `0.4 s`, `12 s`, `2 min 05 s`."""
    return f"{max(seconds, 0.1):.1f} s" if seconds < 9.95 else format_wait(seconds)


def _verdict(ledger: Ledger) -> str:
    if ledger.over:
        more = "Enter asks" if ledger.policy == "stop" and ledger.ways_out else "shorten it"
        return f"{format_count(ledger.over)} too many, {more}"
    if ledger.dropped:
        return f"fits without the {format_count(ledger.dropped)} oldest messages"
    if ledger.reply_room * _ROOMY < ledger.n_ctx and ledger.reply_room == ledger.left:
        return f"fits, {format_count(ledger.left)} left"
    return "fits"


def _joined(glyphs: Glyphs, *parts: Sequence[str]) -> list[str]:
    return [f" {glyphs.dot} ".join(part) for part in parts]


def fill(ledger: Ledger, typed: bool) -> tuple[int, int]:
    """What of the context is computed, and what comes to it: with the draft, or without one the conversation alone."""
    if typed:
        return ledger.cached, ledger.new
    kept = min(ledger.cached, ledger.counted.history)
    return kept, ledger.counted.history - kept


def ledger_table(ledger: Ledger, width: int) -> list[Line]:
    """Every number with what it means."""
    rows: list[tuple[str, str, str]] = [
        (format_count(ledger.counted.history), "conversation", "said before, with the chat template"),
        (format_count(ledger.draft), "draft", "what you typed, with its template marks"),
    ]
    if ledger.dropped:
        gone = ledger.counted.tokens - ledger.sent
        rows.append((f"-{format_count(gone)}", "left out", f"the {format_count(ledger.dropped)} oldest messages"))
    rows += [
        (format_count(ledger.sent), "prompt", "what the model is given"),
        (format_count(ledger.cached), "cached", "of it, computed before (KV cache, saved)"),
        (format_count(ledger.new), "new", "of it, still to be read"),
        *_time(ledger),
        (format_count(ledger.n_ctx), "context", "what the model can see at once (-c)"),
        *_rest(ledger),
    ]
    return [_row(*row, width) for row in rows]


def _time(ledger: Ledger) -> list[tuple[str, str, str]]:
    if ledger.seconds is None or ledger.speed is None:
        return [("?", "time to read it", "not measured with this model yet")]
    return [(expected(ledger.seconds), "time to read it", f"at {ledger.speed:,.0f} tok/s, as measured here")]


def _rest(ledger: Ledger) -> list[tuple[str, str, str]]:
    if not ledger.fits:
        return [(format_count(ledger.over), "too many", "the prompt does not fit")]
    rows = [(format_count(ledger.left), "left", "for the reply")]
    if 0 <= ledger.n_predict < ledger.left:
        rows.append((format_count(ledger.reply_room), "longest reply", "as the settings say (max tokens)"))
    if ledger.shifted:
        rows.append((format_count(ledger.shifted), "each shift", "forgotten from the middle, when full"))
    return rows


def _row(number: str, name: str, meaning: str, width: int) -> Line:
    line: Line = ((f"{number:>9}", "value"), (f"  {name:<16}", "strong"))
    room = width - line_width(line)
    return (*line, (meaning if len(meaning) <= room else meaning[: max(room, 0)], "label"))
