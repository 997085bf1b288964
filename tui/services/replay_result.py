"""What a replay found, in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from tui.core.events import Token
from tui.core.probabilities import Candidate
from tui.core.text import one_line, printable

_AROUND = 28
"""Characters that are shown of the text on either side of a difference."""
_WORD = 12
"""Characters of a word that is left out for being cut."""


_NEAR = 0.1
"""Difference of two log probabilities below which the rounding may decide between the tokens."""


class Outcome(Enum):
    """How a replay came out."""

    IDENTICAL = "identical"
    """The same tokens, and the same end."""
    IDENTICAL_SO_FAR = "identical so far"
    """The same tokens as far as the stored reply goes, which was stopped, cut or interrupted."""
    DIFFERENT = "different"
    """A token is another one, or comes where the stored reply had ended."""
    ENDED_EARLIER = "ended earlier"
    """The same tokens, and then an end where the stored reply goes on."""
    STOPPED = "stopped"
    """It was not run to an end."""


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """What a replay found.

    Attributes:
        outcome: how it came out.
        matched: tokens that were the same, from the first one on.
        stored_tokens: tokens of the stored reply.
        stored_text: its text.
        text: the text that was generated now.
        note: what else speaks for a difference; may be empty.
        odds: how likely the model found the two tokens where they part; empty where that is not known.
    """

    outcome: Outcome
    matched: int
    stored_tokens: int
    stored_text: str
    text: str
    note: str = ""
    odds: str = ""

    @property
    def same(self) -> bool:
        """Whether it matched."""
        return self.outcome in (Outcome.IDENTICAL, Outcome.IDENTICAL_SO_FAR)

    @property
    def differs(self) -> bool:
        """Whether it did not; a replay that was stopped has neither matched nor differed."""
        return self.outcome in (Outcome.DIFFERENT, Outcome.ENDED_EARLIER)

    @property
    def at(self) -> int | None:
        """The first token that differs, counted from 1; None where none does."""
        return self.matched + 1 if self.differs else None

    def around(self) -> tuple[str, str]:
        """The stored text and the new one where they part, each on one line; untrusted, as both texts are."""
        common = _common(self.stored_text, self.text)
        before = self.stored_text[max(0, common - _AROUND) : common]
        if common > _AROUND:
            before = "…" + before[before.find(" ", 0, _WORD) + 1 :]
        stored, now = (one_line(before + _cut(text[common:])) for text in (self.stored_text, self.text))
        return stored, now

    def line(self) -> str:
        """The result as one line: `identical: 212 tokens`."""
        count = f"{self.stored_tokens:,} token{'' if self.stored_tokens == 1 else 's'}"
        if self.outcome is Outcome.IDENTICAL:
            return f"identical: {count}"
        if self.outcome is Outcome.IDENTICAL_SO_FAR:
            return f"identical: {count}, as far as the stored reply goes"
        if self.outcome is Outcome.STOPPED:
            return f"stopped: identical up to token {self.matched:,} of {self.stored_tokens:,}"
        stored, now = self.around()
        where = f"first differs at token {self.matched + 1:,} (of {self.stored_tokens:,})"
        if self.outcome is Outcome.ENDED_EARLIER:
            return f"{where}: stored “{stored}”, now it ended"
        if self.matched >= self.stored_tokens:
            return f"{where}: the stored reply ended there, now “{now}”"
        if stored == now:
            return f"{where}: the same text in other tokens, “{now}”"
        return f"{where}: stored “{stored}”, now “{now}”"


def odds(chosen: Token, stored: int) -> str:
    """How likely the model found the token it chose now and the stored one, before any sampler: `“ blue” 31.0 %, …`.

    Args:
        chosen: the token that came now, with its candidates.
        stored: the number of the stored one.
    """
    if not chosen.candidates:
        return ""
    now, *likeliest = chosen.candidates
    then = next((one for one in likeliest if one.id == stored), None)
    if then is None:
        rest = f"and the stored token at most {_percent(likeliest[-1])}" if likeliest else ""
        return f"the model found “{_piece(now)}” {_percent(now)} likely, {rest}".rstrip(", ")
    words = f"the model found “{_piece(then)}” {_percent(then)} likely, and “{_piece(now)}” {_percent(now)}"
    return f"{words}: a near tie" if abs(then.logprob - now.logprob) < _NEAR else words


def _piece(one: Candidate) -> str:
    return printable(one.piece.decode("utf-8", "replace"))


def _percent(one: Candidate) -> str:
    share = 100 * math.exp(one.logprob)
    return f"{share:.1f} %" if share >= 0.1 else "under 0.1 %"


def _common(left: str, right: str) -> int:
    pairs = zip(left, right, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(left), len(right)))


def _cut(rest: str) -> str:
    if len(rest) <= _AROUND:
        return rest
    space = rest.rfind(" ", _AROUND - _WORD, _AROUND)
    return rest[: space if space > 0 else _AROUND] + "…"
