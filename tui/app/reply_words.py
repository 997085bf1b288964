"""What is said under a reply when it ended: how much, how fast, and why it ended."""

from __future__ import annotations

from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.core.events import AskedAgain, Dropped, Event, Finished, Prefilling, Shifted, StopReason
from tui.core.units import format_count, format_seconds, format_speed, speed_band


def stats_words(event: Finished) -> str:
    """Tokens, seconds, speed with its band, TTFT: `12 tokens · 85 ms · 142 tok/s, fit for batch work · …`."""
    timings = event.timings
    count = timings.generated_tokens
    parts = [f"{format_count(count)} token{'' if count == 1 else 's'}"]
    if count:
        parts.append(format_seconds((timings.first_token_seconds or 0.0) + timings.decode_seconds))
    if timings.decode_speed > 0:
        parts.append(f"{format_speed(timings.decode_speed)}, {speed_band(timings.decode_speed)}")
    if timings.first_token_seconds is not None:
        parts.append(f"TTFT {format_seconds(timings.first_token_seconds)}")
    if (share := timings.acceptance) is not None:
        parts.append(f"{100 * share:.0f} % of guesses right")
    if timings.wall_clock:
        parts.append("timed here")  # by the clock, from the outside: the network is in it
    return f" {current_glyphs().dot} ".join(parts)


class Remarks:
    """What is said, once and quietly, about the way a reply came about."""

    def __init__(self) -> None:
        self._restored = False
        self._dropped = 0
        self._forgotten = 0
        self._again = ""

    def absorb(self, event: Event) -> bool:
        """Take an event of the reply; True when the words changed."""
        before = self.words
        if isinstance(event, Prefilling):
            self._restored = self._restored or event.restored
        elif isinstance(event, Dropped):
            self._dropped = event.messages
        elif isinstance(event, AskedAgain):
            self._again = f"{event.why} It was asked again{f' ({event.times} times)' * (event.times > 1)}."
        elif isinstance(event, Shifted):
            self._forgotten += event.discarded
        return self.words != before

    @property
    def words(self) -> list[str]:
        """One line each."""
        lines = ["resumed from the saved state"] if self._restored else []
        if self._again:
            lines.append(shown_line(self._again))
        if self._dropped == 1:
            lines.append("the first message no longer fits and was left out")
        elif self._dropped:
            lines.append(f"the first {format_count(self._dropped)} messages no longer fit and were left out")
        if self._forgotten:
            lines.append(f"context full: the oldest {format_count(self._forgotten)} tokens are forgotten")
        return lines


def notice_words(event: Finished, n_ctx: int) -> str:
    """Why a reply ended, with what the person can do; empty for the normal end.

    Args:
        event: the end.
        n_ctx: tokens of the context; 0 when that is not known any more.
    """
    if event.reason is StopReason.CANCELLED:
        return "stopped"
    if event.reason is StopReason.LENGTH:
        count = event.timings.generated_tokens
        return f"reached the most tokens of one reply (-n {count}); F4 changes it"
    if event.reason is StopReason.CONTEXT_FULL:
        used = f"all {format_count(n_ctx)} tokens are used" if n_ctx else "all tokens were used"
        return f"context full: {used}; ctrl+l starts anew, F4 sets a larger context"
    return ""


def ending_line(reason: StopReason | None) -> str:
    """How a stored reply ended, in a few words."""
    words = {
        StopReason.END: "ended by itself", StopReason.STOP_STRING: "ended at a stop string",
        StopReason.LENGTH: "reached its most tokens", StopReason.CONTEXT_FULL: "filled the context",
        StopReason.CANCELLED: "stopped by the person",
    }  # fmt: skip
    return words[reason] if reason is not None else "interrupted"
