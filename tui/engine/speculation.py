"""Speculation without a second model: what followed the same words before is guessed to follow again.

Texts that are edited, quoted or continued repeat themselves. Guessed tokens are evaluated in one batch, which costs
less than one after the other, and those that the sampler chooses as well are kept. Every token is still drawn from
the model's own distribution, so the text is the one that comes without guessing, up to the rounding of batches.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

MOST = 15
"""Most tokens guessed at once: with the one before them 16 rows. llama.cpp's kernels take four rows at a time, so that
17 can cost half as much again as 16 (measured: 8.1 and 5.3 single steps). Longer guesses gain little more."""

_KEY = 3
_PLACES = 8
_LONGEST = 32
_MARGIN = 8
_FEWEST = 3
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
    """Where each three tokens in a row were seen.

    What follows is taken from the place whose words before it match the longest. Where another place that matches
    almost as well goes on otherwise, the text has a choice there, and nothing is guessed.

    Args:
        tokens: the text so far; it may grow by `append`.
    """

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._earlier = array("i")
        for token in tokens:
            self.append(token)

    def append(self, token: int) -> None:
        """Add a token to the text."""
        # The key at the very end is entered with the next token, when it is known what follows it.
        at, earlier = len(self._tokens), -1
        if at >= _KEY:
            key = tuple(self._tokens[-_KEY:])
            earlier = self._after.get(key, -1)
            self._after[key] = at
        self._earlier.append(earlier)
        self._tokens.append(token)

    def guess(self, most: int) -> list[int]:
        """What followed the last words when they came before; empty when they did not.

        Args:
            most: how many tokens at most.
        """
        recent = self._tokens[-_LONGEST:]
        guess: list[int] = []
        while len(guess) < most and (token := self._next(recent)) is not None:
            guess.append(token)
            recent.append(token)
        return guess

    def _next(self, recent: Sequence[int]) -> int | None:
        matches = [(self._match(recent, at), self._tokens[at]) for at in self._places(recent)]
        if not matches:
            return None
        longest, token = max(matches, key=lambda match: match[0])  # of those as long, the latest
        agreed = all(other == token or longest - length >= _MARGIN for length, other in matches)
        return token if agreed else None

    def _places(self, recent: Sequence[int]) -> Iterator[int]:
        """Where the last words came before: the places right after them, the latest first."""
        at = self._after.get(tuple(recent[-_KEY:]), -1)
        for _ in range(_PLACES):
            if at < 0:
                return
            yield at
            at = self._earlier[at]

    def _match(self, recent: Sequence[int], at: int) -> int:
        """How many tokens before a place are the last ones."""
        most = min(len(recent), at, _LONGEST)
        return next((n for n in range(_KEY, most) if recent[-1 - n] != self._tokens[at - 1 - n]), most)


class Speculation:
    """Guesses for one generation, as long as they pay.

    The rule, by counts alone so that the same seed gives the same text: a guess of k tokens is taken to cost k / 2
    steps (measured: 15 of them cost 7.4 and 4.3 steps on two small models, with one thread 8.8 and 5.5), and what is
    accepted is gained. A guess is made only while the sum of gains less costs, were all of it refused, would stay above
    minus 2 steps and minus 1% of the tokens generated. So where guessing cannot help it costs at most that. Guesses
    grow from 3 to 7 and 15 tokens while they are accepted whole, and shrink to 3 when half is refused.

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
            self._size = min(MOST, 2 * self._size + 1)
        elif accepted < guessed / 2:
            self._size = _FEWEST
