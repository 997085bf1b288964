"""kill -9 of the program itself, in a terminal, at random moments of what a person does with it.

Each start after a kill goes on with the store that was left. A prompt counts as sent as soon as the terminal has shown
it above the prompt's frame, in the conversation; until then it counts as typed. What was typed, and what a reply grew
by, may be lost if it was shown for less than a second. A normal run meets each phase once, and kills once more where a
phase was over when the signal came; `LOCALLLM_TEST_KILLS=100` asks for more.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.conftest import Start
from tests.support.killed_person import Person, behind, middle, pause, typed
from tests.support.killed_store import Kept, Left, check_backup, check_file, copied, letters, look, steps_taken
from tests.support.many_chats import write_many
from tests.support.terminal import Terminal
from tests.support.tiny_gguf import write_tiny_gguf
from tests.unit.store.test_killed import back_to_first_version
from tui.store.backups import backups_dir
from tui.store.migrations import MIGRATIONS

KILLS = int(os.environ.get("LOCALLLM_TEST_KILLS", "6"))
PHASES = ("typing", "sending", "migrating", "prefill", "decode", "saving")
LONGEST = {"typing": 2.5, "sending": 0.3, "migrating": 0.4, "prefill": 0.6, "decode": 2.5, "saving": 1.6}
"""Seconds of a phase in which it is killed."""

_TRIES = 4
_SECOND = 1.0
_BUSY = 5.0
"""Seconds that a machine with other work may take to let the program write, and the disk to take it."""

_LATE = 0.1
"""Part of the kills at which a busy machine may have kept the program from writing for a second."""

_OLD_CHATS = 400
_LETTERS = 'root ::= ([a-z] [a-z ]{28,80} [a-z] "\\n\\n")+'


@dataclass
class Session:
    """All the starts and kills of one store.

    Attributes:
        home: the person's home.
        start: starts the program.
        model: what it runs.
        dice: chooses what is done, and the moments.
        kept: what may not be lost.
        left: what was found after the last kill.
        hit: how often each phase was met.
        replies: seconds of a reply that were lost, of each kill.
        drafts: seconds of typing that were lost, likewise.
    """

    home: Path
    start: Start
    model: Path
    dice: random.Random
    kept: Kept = field(default_factory=Kept)
    left: Left | None = None
    hit: Counter[str] = field(default_factory=Counter)
    replies: list[float] = field(default_factory=list)
    drafts: list[float] = field(default_factory=list)

    @property
    def store(self) -> Path:
        """The file."""
        return self.home / ".local/share/localllm-tui/chats.db"

    def kill_in(self, phase: str, patience: float) -> bool:
        """Go into a phase and kill the program there.

        Args:
            phase: one of PHASES.
            patience: how far into it at most, as a part of its usual length.

        Returns:
            Whether it was still in the phase.
        """
        moment = self.dice.uniform(0, LONGEST[phase]) * patience
        if phase == "migrating":
            return self._kill_migrating(moment)
        terminal = self._open()
        person = Person(terminal, self.dice, self.kept.prompts)
        self._begin(person)
        ways = (self._type, self._send, self._prefill, self._decode, self._save)
        killed = dict(zip((name for name in PHASES if name != "migrating"), ways, strict=True))[phase](person, moment)
        terminal.lines  # noqa: B018  # brings the screen up to date
        person.note_sent()
        shown = "\n".join(terminal.screen.lines())
        self._look(terminal, killed)
        assert self.left is not None
        return {
            "typing": True,
            "sending": True,
            "prefill": self.left.last == ("assistant", "interrupted") and "prefill" in shown.splitlines()[0],
            "decode": " generating " in shown,
            "saving": terminal.wait_exit() == -signal.SIGKILL,
        }[phase]

    def _open(self) -> Terminal:
        arguments = ("-t", "1", "-c", "32768", "-n", "16000", "--temp", "1.5", "--top-k", "0", "--grammar", _LETTERS)
        terminal = self.start("-m", self.model, *arguments)
        terminal.wait_for(r"^ tiny.* ready\b")
        if self.left is not None:
            _see(terminal, self.left)
        return terminal

    def _begin(self, person: Person) -> None:
        """Send what is still typed, or begin a new chat; then do this and that in it."""
        if self.left is not None and self.left.here:
            person.press_enter(self.left.here)
        else:
            if self.left is not None and self.left.last[0]:
                person.terminal.press("ctrl+n")
                person.terminal.wait_for("a new chat: ctrl")
            person.send(person.words(4))
        person.wait_sent()
        person.wait_reply()
        person.stop_reply()
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            person.turn()

    # Phases: each goes into one, and kills the program `moment` seconds later

    def _type(self, person: Person, moment: float) -> float:
        if self.dice.random() < 0.3:
            person.terminal.press("f7")
            person.terminal.wait_for("another version: Enter")
        person.terminal.write("W")
        person.until_typed()
        end = time.monotonic() + moment
        for character in person.words(60):
            if time.monotonic() >= end:
                break
            person.terminal.send(character)
            pause(self.dice.uniform(0, 0.06))
        return _kill(person.terminal)

    def _send(self, person: Person, moment: float) -> float:
        text = person.words(4)
        person.terminal.write(text)
        pause(self.dice.uniform(0, 1.5))
        person.press_enter(text)
        pause(moment)
        return _kill(person.terminal)

    def _prefill(self, person: Person, moment: float) -> float:
        person.send(person.words(1600), paste=True)
        person.until(lambda: "prefill" in person.terminal.screen.lines()[0], "prefill")
        pause(moment)
        return _kill(person.terminal)

    def _decode(self, person: Person, moment: float) -> float:
        _ask(person)
        pause(moment)
        return _kill(person.terminal)

    def _save(self, person: Person, moment: float) -> float:
        _ask(person)
        leave = self.dice.random() < 0.3
        person.terminal.press("ctrl+q" if leave else "escape")
        pause(moment / 8 if leave else moment)  # it leaves in an instant
        return _kill(person.terminal)

    def _kill_migrating(self, moment: float) -> bool:
        if not self.store.exists():
            write_many(self.store, _OLD_CHATS, turns=2, words=60)
        self._look(None, 0.0)
        back_to_first_version(self.store)
        for backup in backups_dir(self.store).glob("*"):
            backup.unlink()
        texts = dict(self.kept.texts)
        terminal = self.start("-m", self.model)
        folder = backups_dir(self.store)
        terminal.wait_until(lambda: folder.exists() and any(folder.iterdir()), "a backup to be begun")
        pause(moment)
        killed = _kill(terminal)
        steps = steps_taken(copied(self.store, self.home / "copy"))
        check_backup(self.store, texts)
        self._look(terminal, killed)
        return steps < len(MIGRATIONS)

    def _look(self, terminal: Terminal | None, killed: float) -> None:
        self.left = look(self.store, self.home / "copy", self.kept)
        if terminal is not None:
            reply, draft = behind(terminal, killed, self.left, _SECOND + _BUSY + 1)
            self.replies.append(reply)
            self.drafts.append(draft)
            assert reply < _SECOND + _BUSY
            assert draft < _SECOND + _BUSY


def _see(terminal: Terminal, left: Left) -> None:
    """See that the program shows what the store has: where one was, what ended early, what was not sent."""
    if left.here:
        # Of a long one the end is in view.
        end = letters(left.here)[-40:]
        terminal.wait_until(lambda: terminal.lines != [] and end in typed(terminal.screen), f"{end!r} in the prompt")
    elif left.last[0]:
        terminal.wait_for("where you left off")
        if left.last == ("assistant", "interrupted"):
            terminal.wait_for(r"interrupted: ctrl\+o")


def _ask(person: Person) -> None:
    """Send something, and see the reply begin."""
    person.send(person.words(4))
    person.wait_sent()
    person.wait_reply()


def _kill(terminal: Terminal) -> float:
    killed = time.monotonic()
    with contextlib.suppress(ProcessLookupError):
        os.kill(terminal.pid, signal.SIGKILL)
    terminal.wait_exit()
    return killed


@pytest.fixture
def session(start: Start, isolated_home: Path) -> Session:
    """A store with some old chats, and a model that replies in small letters."""
    model = write_tiny_gguf(isolated_home / "tiny.gguf", n_ctx_train=32768)
    made = Session(isolated_home, start, model, random.Random("kill -9 of the program"))
    write_many(made.store, _OLD_CHATS, turns=2, words=60)
    return made


def test_nothing_is_lost_when_the_program_is_killed(session: Session) -> None:
    for number in range(KILLS):
        phase = PHASES[number % len(PHASES)]
        # The first of each phase is met for certain: sooner and sooner in it, until it is.
        for again in range(1 if session.hit[phase] else _TRIES):
            if session.kill_in(phase, 0.5**again):
                session.hit[phase] += 1
                break
    check_file(session.store)
    print(f"{len(session.replies)} kills, met: {dict(session.hit)}; {len(session.kept.prompts)} prompts sent;")
    for what, lost in (("of a reply", session.replies), ("of typing", session.drafts)):
        late = sum(seconds > _SECOND for seconds in lost)
        print(f"at most {max(lost):.2f} s {what} lost, more than a second {late} times")
        assert late <= 1 + len(lost) * _LATE, f"{what}: {lost}"
    assert set(session.hit) == set(PHASES)
    assert "damaged" not in "\n".join(middle(session._open().screen))
