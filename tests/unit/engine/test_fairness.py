"""Who comes next, and how a step's room is shared."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tui.engine.fairness import SHORT, Line, room_beside, shares


@dataclass(frozen=True)
class _One:
    client: str
    number: int = 0


def test_the_person_comes_before_clients() -> None:
    line: Line[_One] = Line()
    line.append(_One("a"))
    line.append(_One(""))
    assert line.next([]) == _One("")


def test_the_client_with_the_fewest_places_comes_next() -> None:
    line: Line[_One] = Line()
    for number in range(3):
        line.append(_One("greedy", number))
    line.append(_One("modest"))
    assert line.next([_One("greedy", 9)]) == _One("modest")
    assert line.next([]) == _One("greedy", 0), "among equals who came first"


def test_who_gave_way_goes_on_first() -> None:
    line: Line[_One] = Line()
    line.append(_One("a", 1))
    line.return_first(_One("b", 2))
    assert line.next([]) == _One("b", 2)


def test_whose_turn_it_is_stays_in_line_until_taken_out() -> None:
    line: Line[_One] = Line()
    line.append(_One("a"))
    assert line.next([]) and line
    line.remove(_One("a"))
    assert not line and line.next([]) is None


def test_a_short_prompt_leaves_its_part_to_the_others() -> None:
    assert shares(100, [("a", 10), ("b", 500), ("c", 500)]) == [10, 45, 45]


def test_the_person_takes_what_is_needed() -> None:
    assert shares(100, [("a", 500), ("", 70)]) == [30, 70]


@given(st.integers(0, 600), st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.integers(1, 400)), max_size=9))
def test_no_more_than_there_is_and_nothing_left_over(room: int, needs: list[tuple[str, int]]) -> None:
    given_ = shares(room, needs)
    assert all(0 <= part <= need for part, (_, need) in zip(given_, needs, strict=True))
    assert sum(given_) == min(room, sum(need for _, need in needs))


def test_short_prompts_are_evaluated_together_beside_generations_that_decode() -> None:
    assert room_beside(128, [25, 26, 27]) == 78
    assert room_beside(64, [25, 26, 27]) == 64, "a step has no more than that"
    assert shares(78, [("a", 25), ("b", 26), ("c", 27)]) == [25, 26, 27]


def test_long_prompts_share_a_part_of_a_step_beside_generations_that_decode() -> None:
    assert room_beside(128, [900]) == room_beside(128, [900, 900, 900]) == SHORT
    assert room_beside(512, [900]) == 128
    assert room_beside(128, [900, 20]) == SHORT + 20, "a short one does not cost the long one its part"
    assert room_beside(128, []) == 0
