"""Whether llama.cpp can work with a grammar: it takes some that end the process, or never end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter

from tui.core.errors import SettingError
from tui.engine.gbnf_parser import Alternative, Rule, parse

_Rules = dict[str, Rule]
_FEW = 8
_MOST_WAYS = 200_000
_MANY = 10**9


@lru_cache(maxsize=32)
def check_grammar(text: str) -> None:
    """Check a grammar in GBNF.

    Raises:
        SettingError: llama.cpp would refuse it, or fail at it.
    """
    rules = parse(text)
    _check_plain_recursion(rules)
    empty = _least(rules, lambda alternative, known: all(element in known for element in alternative))
    _check_hidden_recursion(rules, empty)
    _check_begins(rules, empty)
    _check_ways(rules, empty)


def _check_plain_recursion(rules: _Rules) -> None:
    """llama.cpp's own check: only what is written as empty counts as empty."""
    written_empty = {name for name, rule in rules.items() if [] in rule}
    graph = {name: {first for first, _ in _firsts(rule, written_empty)} for name, rule in rules.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise _left_recursion(next((name for name in error.args[1] if not name.startswith("_")), "")) from None


def _check_hidden_recursion(rules: _Rules, empty: set[str]) -> None:
    """A rule that comes back to itself before any character and leaves something behind each time.

    llama.cpp expands it until the memory is full.
    """
    edges = {name: list(_firsts(rule, empty)) for name, rule in rules.items()}
    group = _groups({name: [first for first, _ in firsts] for name, firsts in edges.items()})
    for name, firsts in edges.items():
        if any(followed and group[first] == group[name] for first, followed in firsts):
            raise _left_recursion("" if name.startswith("_") else name)


def _check_begins(rules: _Rules, empty: set[str]) -> None:
    """Each rule must be able to begin with a character, or be empty; llama.cpp ends the process otherwise."""

    def begins(alternative: Alternative, known: set[str]) -> bool:
        for element in alternative:
            if element is None or element in known:
                return True
            if element not in empty:
                return False
        return False

    lost = rules.keys() - _least(rules, begins) - empty
    if lost:
        name = min(lost, key=lambda name: (name.startswith("_"), name))
        raise SettingError("The grammar is wrong", why=f"the rule {name} never comes to a character")


def _check_ways(rules: _Rules, empty: set[str]) -> None:
    """How many ways lead from a rule to its next character: llama.cpp follows each at every token, beside all others.

    Ways by alternatives part again at the next character. Those past symbols that may be empty do not, and where such
    symbols are in such symbols they multiply.
    """
    order: list[str] = []
    seen: set[str] = set()
    graph = {name: [first for first, _ in _firsts(rule, empty)] for name, rule in rules.items()}
    for name in graph:
        _walk(graph, name, seen, order)
    ways: dict[str, tuple[int, int]] = {}
    for name in order:  # those that come first in others before them
        found = [_ways(alternative, empty, ways) for alternative in rules[name]]
        count = min(_MANY, sum(all_of_them for all_of_them, _ in found))
        alike = min(_MANY, max((beside for _, beside in found), default=0))
        if alike > _FEW and count * alike > _MOST_WAYS:
            which = "" if name.startswith("_") else f" in the rule {name}"
            raise SettingError(
                "The grammar is wrong",
                why=f"too many ways lead to the same text{which}: llama.cpp would take very long",
                hint="let fewer symbols that may be empty follow each other",
            )
        ways[name] = count, alike


def _ways(alternative: Alternative, empty: set[str], known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Of a sequence, how many ways lead to its next character; and how many of them do not part there."""
    count = alike = 0
    for element in alternative:
        if element is None:
            return count + 1, alike + 1
        more, beside = known.get(element, (1, 1))
        count, alike = count + more, alike + beside
        if element not in empty:
            break
    return count, alike


def _firsts(rule: Rule, empty: set[str]) -> Iterator[tuple[str, bool]]:
    """The rules that may come first in a rule, and whether anything follows them there."""
    for alternative in rule:
        for index, element in enumerate(alternative):
            if element is None:
                break
            yield element, index + 1 < len(alternative)
            if element not in empty:
                break


def _least(rules: _Rules, holds: Callable[[Alternative, set[str]], bool]) -> set[str]:
    """The rules of which some alternative `holds`, given the rules of which that is known already."""
    users: dict[str, list[str]] = {name: [] for name in rules}
    for name, rule in rules.items():
        for element in {element for alternative in rule for element in alternative if element is not None}:
            users[element].append(name)
    known: set[str] = set()
    waiting = list(rules)
    while waiting:
        name = waiting.pop()
        if name not in known and any(holds(alternative, known) for alternative in rules[name]):
            known.add(name)
            waiting += users[name]
    return known


def _groups(graph: dict[str, list[str]]) -> dict[str, int]:
    """The strongly connected component of each rule, as a number (Kosaraju's algorithm)."""
    order: list[str] = []
    seen: set[str] = set()
    for name in graph:
        _walk(graph, name, seen, order)
    reverse: dict[str, list[str]] = {name: [] for name in graph}
    for name, targets in graph.items():
        for target in targets:
            reverse[target].append(name)
    group: dict[str, int] = {}
    taken: set[str] = set()
    for number, name in enumerate(reversed(order)):
        members: list[str] = []
        _walk(reverse, name, taken, members)
        group.update(dict.fromkeys(members, number))
    return group


def _walk(graph: dict[str, list[str]], start: str, seen: set[str], finished: list[str]) -> None:
    """Depth first from `start`; names go to `finished` when all behind them is done."""
    if start in seen:
        return
    seen.add(start)
    path = [(start, iter(graph[start]))]
    while path:
        name, rest = path[-1]
        following = next((target for target in rest if target not in seen), None)
        if following is None:
            path.pop()
            finished.append(name)
        else:
            seen.add(following)
            path.append((following, iter(graph[following])))


def _left_recursion(name: str) -> SettingError:
    which = f"the rule {name}" if name else "a repetition"
    return SettingError(
        "The grammar is wrong",
        why=f"{which} can come back to itself before any character (left recursion)",
        hint="write it with the recursion at the end, or with * and +",
    )
