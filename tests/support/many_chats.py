"""A store with many conversations, as years of use leave it: words as often as languages have them, some but once."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from tui.core.events import StopReason, Timings
from tui.store import listing
from tui.store.database import Change, Database
from tui.store.ids import Ids
from tui.store.records import Conversation, MessageRecord, ModelIdentity, Reply, ReplyFacts
from tui.store.titles import title_of

_YEAR = 365 * 24 * 3600.0
_START = 1_700_000_000.0
_CHUNK = 500
_CHARACTERS = (
    "日一国会人年大十二本中長出三同時政事自行社見月分議後前民生連五発間対上部東者党地合市業内相方四定今回新場金員九入選立開手米力学問高代明実円関決子動京全目表戦経通外最言氏現理調体化田当八六約主"
    "題下首意法"
)
_KANA = "のにはをたがでてとしれさあいうえおかきくけこ"


def write_many(path: Path, count: int, turns: int = 4, words: int = 120) -> None:
    """Make a store.

    Args:
        path: its file; there is none yet.
        count: how many conversations; each tenth has a branch, each fifth is Japanese.
        turns: prompts in each, each with its reply.
        words: of a reply; a prompt has an eighth of them.
    """
    dice = random.Random(count)
    texts = _Texts(dice)
    database, ids = Database(path), Ids()
    try:
        for begin in range(0, count, _CHUNK):
            numbers = range(begin, min(begin + _CHUNK, count))
            made = [_conversation(number, count, turns, words, texts) for number in numbers]

            def work(change: Change, made: list[tuple[Conversation, list[MessageRecord]]] = made) -> None:
                for conversation, messages in made:
                    tokens = {message.id: range(len(message.text) // 4) for message in messages if message.reply}
                    listing.insert(change, ids, conversation, messages, tokens)

            database.change(work)
    finally:
        database.close()


class _Texts:
    """Text of words that are drawn by Zipf's law."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        syllables = ("ba", "co", "di", "fe", "gu", "lan", "mer", "nos", "pri", "ten", "tion", "ver", "ing", "s")
        self._vocabulary = ["".join(dice.choices(syllables, k=dice.randint(1, 4))) for _ in range(20_000)]
        self._weights = [1 / (rank + 2) for rank in range(20_000)]
        self._compounds = ["".join(dice.choices(_CHARACTERS, k=dice.randint(1, 3))) for _ in range(5000)]
        self._pool = dice.choices(self._vocabulary, self._weights, k=400_000)

    def latin(self, words: int) -> str:
        begin = self._dice.randrange(len(self._pool) - words)
        return " ".join(self._pool[begin : begin + words]) + "."

    def japanese(self, words: int) -> str:
        compounds = self._dice.choices(self._compounds, self._weights[:5000], k=words)
        return "".join(compound + self._dice.choice(_KANA) for compound in compounds) + "。"


def _conversation(
    number: int, count: int, turns: int, words: int, texts: _Texts
) -> tuple[Conversation, list[MessageRecord]]:
    used = _START + number * 3 * _YEAR / count
    write = texts.japanese if number % 5 == 0 else texts.latin
    messages = list(_messages(number, turns, words, write, used))
    title = title_of(messages[0].text)
    conversation = Conversation(number + 1, title, "prompt", used, used + turns, leaf=messages[-1].id)
    return conversation, messages


def _messages(number: int, turns: int, words: int, write: object, used: float) -> Iterator[MessageRecord]:
    assert callable(write)
    model = ModelIdentity(f"model-{number % 7}", 98_000_000, "ab" * 16)
    facts = ReplyFacts(model, "cd" * 16, '{"temp": 0.8, "top_k": 40}', number, "You are helpful.", "b1234")
    reply = Reply(facts, Timings(100, 50, 0.2, 120, 1.5, 0.25, 2), StopReason.END)
    parent: int | None = None
    at = number * (2 * turns + 2) + 1
    spare = at + 2 * turns
    for turn in range(turns):
        question = write(words // 8) + (f" needle{number:05d}" if turn == 0 else "")
        yield MessageRecord(at, number + 1, parent, "user", question, used + turn)
        yield MessageRecord(at + 1, number + 1, at, "assistant", write(words), used + turn, reply=reply)
        if number % 10 == 0 and turn == 0:
            yield MessageRecord(spare, number + 1, at, "assistant", write(words), used + turn, reply=reply)
        parent, at = at + 1, at + 2
