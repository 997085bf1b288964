"""The store of conversations: opening it, listing it and searching it with 10,000 chats, and what a chat costs it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks.measure import Measurement, Setup, percentile, spread
from tests.support.many_chats import write_many
from tui.store.records import ModelIdentity, ReplyFacts
from tui.store.store import Store

_CHATS = 10_000
_ROUNDS = 7
_LIMIT = 100.0
_LONG_LIMIT = 300.0

_TYPED = (
    ("one letter", ("b", "n", "s")),
    ("a common word", ("ba", "tion", "ing s")),
    ("a word of one chat", ("needle01234", "needle098")),
    ("one Japanese character", ("日", "の")),
    ("two Japanese characters", ("国会", "東京", "二本", "動京")),
    ("two words", ("ba ten", "日一 needle")),
    ("a word that is nowhere", ("zzz", "鰯鱈")),
)


def conversations(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds to open, list and search a store of 10,000 chats, and to write and reopen a chat."""
    path = setup.scratch / "chats" / "chats.db"
    write_many(path, _CHATS)
    megabytes = path.stat().st_size / 1e6
    opened = [_timed(lambda: Store(path).close()) for _ in range(_ROUNDS)]
    yield _row(f"open a store of {_CHATS:,} chats", opened, f"{megabytes:.0f} MB, opened and closed")
    store = Store(path)
    try:
        yield _row("list all of them", _times(lambda: _expect(store.conversations(), _CHATS)))
        yield _row("list 100 of them", _times(lambda: _expect(store.conversations(limit=100), 100)))
        for what, typed in _TYPED:
            yield _worst(f"search {what}", typed, lambda words: store.search(words, 100))
            yield _worst(
                f"list the chats with {what}", typed, lambda words: store.conversations(words=words, limit=100)
            )
        yield from _writing(store)
    finally:
        store.close()
    yield _long(setup.scratch / "long" / "chats.db")


def _writing(store: Store) -> Iterator[Measurement]:
    facts = ReplyFacts(ModelIdentity("model-1", 98_000_000, "ab" * 16), "cd" * 16, "{}", 1, "You are helpful.", "b1234")
    chat = store.create()
    prompts, pieces = [], []
    for _ in range(20):
        leaf = store.conversation(chat.id).leaf
        prompts.append(_timed(lambda leaf=leaf: store.add_prompt(chat.id, leaf, "a prompt of some words " * 4)))  # type: ignore[misc]
        reply = store.begin_reply(store.conversation(chat.id).leaf, facts)
        pieces += [_timed(lambda: store.grow_reply(reply.id, "some words ", range(20))) for _ in range(30)]  # noqa: B023
        store.finish_reply(reply.id)
    detail = f"{spread(prompts, 'ms')}; on disk before it returns"
    yield Measurement("store a prompt", statistics.median(prompts), "ms", detail=detail)
    detail = f"95 of 100 within {percentile(pieces, 0.95):.2g} ms, all within {max(pieces):.2g} ms"
    yield Measurement("store what a reply grew by", statistics.median(pieces), "ms", detail=detail)


def _long(path: Path) -> Measurement:
    write_many(path, 1, turns=1000, words=370)

    def reopen() -> None:
        store = Store(path)
        last = store.last_conversation()
        assert last is not None
        _expect(store.path_to(last.leaf), 2000)
        store.close()

    text = f"{path.stat().st_size / 1e6:.0f} MB"
    return _row("open a chat of 2,000 messages", _times(reopen), f"{text}, with its store", _LONG_LIMIT)


def _worst(what: str, typed: Sequence[str], run: Callable[[str], Sequence[object]]) -> Measurement:
    """The slowest of some words, each by its median."""
    medians, found = [], []
    for words in typed:
        medians.append(statistics.median(_times(lambda words=words: run(words))))  # type: ignore[misc]
        found.append(f"{words}: {len(run(words))} found, {medians[-1]:.1f} ms")
    return Measurement(what, max(medians), "ms", at_most=_LIMIT, detail="; ".join(found))


def _row(what: str, times: Sequence[float], detail: str = "", limit: float = _LIMIT) -> Measurement:
    detail = f"{detail}; {spread(times, 'ms')}".removeprefix("; ")
    return Measurement(what, statistics.median(times), "ms", at_most=limit, detail=detail)


def _times(run: Callable[[], object]) -> list[float]:
    return [_timed(run) for _ in range(_ROUNDS)]


def _timed(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return (time.perf_counter() - begin) * 1000


def _expect(found: Sequence[object], count: int) -> None:
    assert len(found) == count
