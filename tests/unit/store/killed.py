"""A program that chats without end, for tests that kill it: says on stdout what it may not lose, and since when.

Every line is `WHAT NUMBER TIME LENGTH`, with the time by the system's monotonic clock, which all processes share.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from tests.unit.store.conftest import FACTS
from tui.core.events import Timings
from tui.store.store import Store

PIECE = "word {} and 東京 "


def main() -> None:
    """Chat in the store that the first argument names, with the second one's dice."""
    dice = random.Random(int(sys.argv[2]))
    store = Store(Path(sys.argv[1]))
    print("open", 0, time.monotonic(), 0, flush=True)
    while True:
        chat = _some_chat(store, dice)
        store.keep_draft(chat, "a prompt that is being ty")
        _turn(store, dice, chat)


def _some_chat(store: Store, dice: random.Random) -> int:
    chats = store.conversations(limit=5)
    if not chats or dice.random() < 0.2:
        return store.create().id
    chat = dice.choice(chats)
    if dice.random() < 0.1:
        store.pin(chat.id, not chat.pinned)
    if dice.random() < 0.1:
        store.rename(chat.id, f"title {dice.random()}")
    return chat.id


def _turn(store: Store, dice: random.Random, chat: int) -> None:
    path = store.path_to(store.conversation(chat).leaf)
    replies = [one for one in path if one.role == "assistant"]
    if replies and dice.random() < 0.2:
        prompt = store.message(replies[-1].parent or 0)
    elif path and dice.random() < 0.1:
        prompt = store.edit(path[0].id, "edited prompt")
        print("message", prompt.id, time.monotonic(), len(prompt.text), flush=True)
    else:
        prompt = store.add_prompt(chat, path[-1].id if path else None, "prompt " * dice.randint(1, 300))
        print("message", prompt.id, time.monotonic(), len(prompt.text), flush=True)
    reply = store.begin_reply(prompt.id, FACTS)
    length = 0
    for number in range(dice.randint(0, 60)):
        piece = PIECE.format(number) * dice.randint(1, 20)
        length += len(piece)
        begun = time.monotonic()
        store.grow_reply(reply.id, piece, range(100))
        print("message", reply.id, begun, length, flush=True)
    store.finish_reply(reply.id, "", (), timings=Timings(10, 0, 0.1, 60, 1.0, 0.2, 2))
    print("done", reply.id, time.monotonic(), length, flush=True)


if __name__ == "__main__":
    main()
