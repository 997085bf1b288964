"""A session without end, for a test that kills it: types, sends, lets a real engine reply, saves, begins again.

`python -m tests.support.killed_session STORE MODEL SEED`. Every line on stdout is `WHAT NUMBER LENGTH TIME`, with the
time by the system's monotonic clock, which all processes share. `phase` lines say what begins; the others what may not
be lost any more: `draft` (of a chat, typed text of so many characters), `sent` (a prompt), `grown` (a reply reached
that length at that time), `done`.
"""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from tests.support.engines import load
from tui.core.events import Finished, Token
from tui.core.parameters import GenerationParams
from tui.engine.ticket import Ticket
from tui.services.model_host import ModelHost
from tui.services.recorded_chat import RecordedChat
from tui.store.store import Store

PHASES = ("migrating", "typing", "prefill", "decode", "saving")
_WORDS = "some words and 東京 "
_KEY_SECONDS = 0.01
_TOKEN_SECONDS = 0.02


class Session:
    """What a person does with the program, on the services that the screen stands on."""

    def __init__(self, path: Path, model: Path, dice: random.Random) -> None:
        self._dice = dice
        _say("phase", PHASES.index("migrating"))
        self._store = Store(path)
        self._host = ModelHost()
        load(self._host.engine, model, n_ctx=1024, threads=1)
        self._chat = RecordedChat(self._host, self._store)

    def turn(self) -> None:
        """Type something, send it and see the reply to its end; now and then another way."""
        chat = self._chat
        last = chat.open_last()
        if last is None or last.length > 6 or self._dice.random() < 0.3:
            chat.clear()
        elif self._dice.random() < 0.3:
            self._reply(chat.regenerate(self._params()))
            return
        text = self._type(_WORDS * self._dice.randint(1, 6))
        if chat.records and self._dice.random() < 0.3:
            ticket = chat.edit(chat.records[0].id, text, self._params())
            assert ticket is not None
        else:
            ticket = chat.send(text, self._params())
        prompt = chat.records[-2]
        _say("sent", prompt.id, len(prompt.text))
        self._reply(ticket)

    def _type(self, text: str) -> str:
        _say("phase", PHASES.index("typing"))
        chat = self._chat.conversation
        for end in range(0, len(text), 7):
            time.sleep(_KEY_SECONDS)
            if chat is not None:
                self._store.keep_draft(chat.id, text[:end])
                _say("draft", chat.id, end)
        return text

    def _reply(self, ticket: Ticket) -> None:
        _say("phase", PHASES.index("prefill"))
        reply = self._chat.records[-1].id
        length = 0
        while True:
            ticket.wait(0.01)
            for event in ticket.drain():
                if isinstance(event, Token):
                    if not length:
                        _say("phase", PHASES.index("decode"))
                    self._chat.absorb(event)
                    length += len(event.text)
                    _say("grown", reply, length)
                    time.sleep(_TOKEN_SECONDS)
                elif isinstance(event, Finished):
                    _say("phase", PHASES.index("saving"))
                    self._chat.absorb(event)
                    self._chat.close()
                    _say("done", reply, length + len(event.text))
                    time.sleep(self._dice.choice((0.0, 1.2)))  # in a second of rest the KV state goes to the disk
                    return
                else:
                    self._chat.absorb(event)
            assert self._chat.busy, "the engine refused what is small"

    def _params(self) -> GenerationParams:
        return GenerationParams(n_predict=self._dice.randint(5, 90), temp=0.0, ignore_eos=True)


def _say(what: str, number: int, length: int = 0) -> None:
    print(what, number, length, time.monotonic(), flush=True)


def main() -> None:
    """Go on until somebody kills it."""
    session = Session(Path(sys.argv[1]), Path(sys.argv[2]), random.Random(int(sys.argv[3])))
    while True:
        session.turn()


if __name__ == "__main__":
    main()
