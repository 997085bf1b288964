"""Who comes next: the person first, then clients in turn.

The rules, in this order:

1. The person at the screen comes first. Beside clients they have a place of their own, which no client gets, not even
   while it is idle. What more they ask for takes the first free place, and where there is none, that of the client
   who came last, whose generation goes on later from where it was.
2. Of the clients that wait, the one with the fewest generations under way comes next; among equals who came first.
3. In each step every generation that decodes gets its token. What room is left goes to prompts: all that the person's
   needs, the rest in equal parts to those of clients.
4. Beside generations that decode, a step evaluates only a part of the prompt tokens it otherwise would, so that a long
   prompt does not stall them. Short prompts, and short rests of long ones, are evaluated together all the same: one
   after the other they would take longer, for everybody.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

PERSON = ""
"""The client that is none: the person at the screen, or a script."""
SHORT = 32
"""Prompt tokens that a step evaluates at least beside generations that decode; a prompt of no more is a short one."""


@dataclass(frozen=True, slots=True)
class Seats:
    """How many generations may run side by side.

    Attributes:
        count: all of them.
        own: of these, how many are the person's alone.
    """

    count: int = 1
    own: int = 0


class Waits(Protocol):
    """What a line is made of."""

    @property
    def client(self) -> str:
        """Who asks; `PERSON` for the person."""


W = TypeVar("W", bound=Waits)


class Line(Generic[W]):
    """Generations that wait for a place."""

    def __init__(self) -> None:
        self._waiting: deque[W] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[W]:
        return iter(tuple(self._waiting))

    def append(self, one: W) -> None:
        """Come last."""
        self._waiting.append(one)

    def return_first(self, one: W) -> None:
        """Come before all others: its place was taken away."""
        self._waiting.appendleft(one)

    def remove(self, one: W) -> None:
        """Leave."""
        self._waiting.remove(one)

    def take_any(self) -> W:
        """The first one, whoever that is."""
        return self._waiting.popleft()

    def next(self, running: Sequence[Waits]) -> W | None:
        """Whose turn it is; it stays in the line.

        Args:
            running: those that have a place.
        """
        places = Counter(one.client for one in running)

        def rank(one: W) -> tuple[bool, int]:
            return one.client != PERSON, places[one.client]

        return min(self._waiting, key=rank, default=None)


def room_beside(chunk: int, needs: Sequence[int]) -> int:
    """How many prompt tokens a step evaluates beside generations that decode.

    Args:
        chunk: how many it would evaluate alone.
        needs: for each prompt, how many tokens it still has to evaluate.

    Returns:
        A number, at most `chunk`.
    """
    short = [need for need in needs if need <= SHORT]
    long = max(SHORT, chunk // 4) if len(short) < len(needs) else 0
    return min(chunk, sum(short) + long)


def shares(room: int, needs: Sequence[tuple[str, int]]) -> list[int]:
    """How many prompt tokens each generation gets in a step.

    Args:
        room: tokens to give away.
        needs: of each who asks, and how many tokens it still has to evaluate.

    Returns:
        A number for each, none above its need; together at most `room`.
    """
    given = [0] * len(needs)
    for number, (client, need) in enumerate(needs):
        if client == PERSON:
            given[number] = min(need, room)
            room -= given[number]
    hungry = [number for number, (client, _) in enumerate(needs) if client != PERSON]
    hungry.sort(key=lambda number: needs[number][1])
    while hungry:
        number, part = hungry[0], -(-room // len(hungry))
        given[number] = min(needs[number][1], part)
        room -= given[number]
        hungry.pop(0)
    return given
