"""Speculation without a second model: what followed the same words before is guessed to follow again.

Texts that are edited, quoted or continued repeat themselves. Guessed tokens are evaluated in one batch, which costs
less than one after the other, and those that the sampler chooses as well are kept. Every token is still drawn from
the model's own distribution, so the text is the one that comes without guessing, up to the rounding of batches.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST = 16
"""Most tokens guessed at once. Small models are bound by computing, and longer guesses gain no more."""

_KEY = 4
_FEWEST = 4
_COST = 0.5
_LOAN = 2.0
_SHARE = 0.01


def rows_of_logits(sequences: int, spec_type: str, *, recurrent: bool) -> int:
    """Rows of logits in one batch: one for each sequence, and those of a guess where guesses are made.

    Args:
        sequences: evaluated side by side.
        spec_type: LoadParams.spec_type.
        recurrent: whether the model's memory cannot take tokens back.
    """
    return sequences + (MOST if spec_type != "none" and not recurrent else 0)


class NgramIndex:
    """Where each four tokens in a row were last seen.

    Args:
        tokens: the text so far; it may grow by `append`.
    """

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        for token in tokens:
            self.append(token)

    def append(self, token: int) -> None:
        """Add a token to the text."""
        # The key at the very end is entered with the next token, when it is known what follows it.
        if len(self._tokens) >= _KEY:
            self._after[tuple(self._tokens[-_KEY:])] = len(self._tokens)
        self._tokens.append(token)

    def guess(self, most: int) -> list[int]:
        """What followed the last four tokens when they came before; empty when they did not."""
        at = self._after.get(tuple(self._tokens[-_KEY:])) if len(self._tokens) >= _KEY else None
        return self._tokens[at : at + most] if at is not None else []


class Speculation:
    """Guesses for one generation, as long as they pay.

    The rule, by counts alone so that the same seed gives the same text: a guess of k tokens is taken to cost k / 2
    steps (measured: 16 tokens in a batch cost 8 and 6 times one token on two small models), and what is accepted is
    gained. A guess is made only while the sum of gains less costs, were all of it refused, would stay above minus 2
    steps and minus 1% of the tokens generated. So where guessing cannot help it costs at most that. Guesses grow to
    16 tokens while they are accepted whole, and shrink to 4 when half is refused.

    Args:
        prompt: the prompt's tokens.
    """

    def __init__(self, prompt: Sequence[int]) -> None:
        self._index = NgramIndex(prompt)
        self._size = _FEWEST
        self._balance = 0.0
        self._generated = 0
        self.guessed = 0
        """Tokens guessed so far."""
        self.accepted = 0
        """Of these, tokens that the sampler chose as well."""

    def append(self, token: int) -> None:
        """Note a token that was generated."""
        self._index.append(token)
        self._generated += 1

    def guess(self, most: int) -> list[int]:
        """Tokens to try after the last one.

        Args:
            most: how many there is room for.
        """
        allowance = _LOAN + _SHARE * self._generated
        affordable = int((self._balance + allowance) / _COST)
        size = min(self._size, most, affordable)
        return self._index.guess(size) if size >= min(_FEWEST, most) > 0 else []

    def judged(self, guessed: int, accepted: int) -> None:
        """Note how a guess fared.

        Args:
            guessed: its tokens.
            accepted: how many of them, from the first, the sampler chose as well.
        """
        self.guessed += guessed
        self.accepted += accepted
        # Gains are not hoarded: a text that stops repeating itself is noticed as soon as one that never did.
        self._balance = min(self._balance + accepted - _COST * guessed, 2.0 * MOST * _COST)
        if accepted == guessed:
            self._size = min(MOST, 2 * self._size)
        elif accepted < guessed / 2:
            self._size = _FEWEST
