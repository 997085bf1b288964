"""What the next prompt takes of the context, in numbers: pure values."""

from __future__ import annotations

from dataclasses import dataclass

from tui.core.events import Counted
from tui.core.parameters import GenerationParams
from tui.services.summary import longest_summary


@dataclass(frozen=True, slots=True)
class Ledger:
    """The tokens of a draft with the conversation before it.

    Attributes:
        counted: what the engine counted.
        policy: what happens when the context is full, as `GenerationParams.context_policy`.
        n_predict: most tokens of the reply; negative for no limit.
        keep: tokens that a shift does not forget; negative for the whole prompt.
        speed: measured speed of reading so many new tokens, tok/s; None where nothing was measured.
        edits: whether the draft would stand in the place of an earlier message.
        joined: whether what was said before it has no reply: the model is given both as one message.
    """

    counted: Counted
    policy: str = "stop"
    n_predict: int = -1
    keep: int = 0
    speed: float | None = None
    edits: bool = False
    joined: bool = False

    @classmethod
    def of(cls, counted: Counted, params: GenerationParams, speed: float | None = None) -> Ledger:
        """The ledger under the parameters that hold."""
        return cls(counted, params.context_policy, params.n_predict, params.keep, speed)

    @property
    def n_ctx(self) -> int:
        """Tokens that the context holds."""
        return self.counted.n_ctx

    @property
    def draft(self) -> int:
        """Tokens that the draft adds, with the template's marks around it and around the beginning of the reply."""
        return self.counted.tokens - self.counted.history

    @property
    def sent(self) -> int:
        """Tokens that the model would be given."""
        return self.counted.tokens if self.policy == "stop" else self.counted.fitted

    @property
    def dropped(self) -> int:
        """Messages that would be left out of it."""
        return 0 if self.policy == "stop" else self.counted.dropped

    @property
    def cached(self) -> int:
        """Of the tokens given, how many are computed already."""
        return min(self.counted.cached, self.sent)

    @property
    def new(self) -> int:
        """Of the tokens given, how many have to be computed."""
        return self.sent - self.cached

    @property
    def fits(self) -> bool:
        """Whether it can be sent. One token of the context is for the first one of the reply."""
        return self.sent < self.n_ctx

    @property
    def over(self) -> int:
        """Tokens too many; 0 when it fits."""
        return max(0, self.sent - (self.n_ctx - 1))

    @property
    def helps_to_drop(self) -> bool:
        """Whether what does not fit does without its oldest turns."""
        return self.counted.fitted < self.n_ctx and self.counted.dropped > 0

    @property
    def helps_to_sum_up(self) -> bool:
        """Whether there is a conversation to begin anew from, and room for a summary of it before the draft."""
        return not self.edits and self.counted.history > 0 and longest_summary(self.n_ctx, self.draft) > 0

    @property
    def ways_out(self) -> bool:
        """Whether something else helps than a shorter draft or a larger context."""
        return self.helps_to_drop or self.helps_to_sum_up

    @property
    def left(self) -> int:
        """Tokens of the context that are left after the prompt."""
        return max(0, self.n_ctx - self.sent)

    @property
    def reply_room(self) -> int:
        """Most tokens that the reply can have before the context is full or the asked number is reached."""
        return min(self.left, self.n_predict) if self.n_predict >= 0 else self.left

    @property
    def shifted(self) -> int:
        """Tokens that each shift takes out of the middle once the reply fills the context; 0 without shifts."""
        if self.policy != "shift" or not self.fits:
            return 0
        # As the engine does it: the first token always stays.
        wanted = self.sent if self.keep < 0 else self.keep
        return (self.n_ctx - min(max(wanted, 1), self.n_ctx - 4)) // 2

    @property
    def seconds(self) -> float | None:
        """Expected seconds until the prompt is read, at the measured speed; None where none is known."""
        return self.new / self.speed if self.speed else None
