"""kill -9 at random moments of a session: reopening finds every prompt that was sent and every reply up to a second.

10 moments in a normal run, always the same ones; `LOCALLLM_TEST_KILLS=100` asks for more.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.killed_session import PHASES
from tests.unit.store.test_killed import back_to_first_version
from tui.store.store import Store

KILLS = int(os.environ.get("LOCALLLM_TEST_KILLS", "10"))
_ROOT = Path(__file__).parents[2]
_PATIENCE = 120.0
_SECOND = 1.0
_BUSY = 8.0
"""Seconds that a machine with other work may take to let the writer write, and the disk to take it."""

_LONGEST = {"migrating": 0.5, "typing": 0.15, "prefill": 0.03, "decode": 2.0, "saving": 1.4}
"""Seconds after the beginning of a phase within which it is killed: about as long as the phase lasts."""


@dataclass
class Promises:
    """What may not be lost.

    Attributes:
        messages: length of each prompt that was sent and of each reply, as far as it was a second old.
        done: replies that had ended.
        drafts: characters typed in each chat since its last prompt.
        worst: most seconds of a reply that were lost.
    """

    messages: dict[int, int] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    drafts: dict[int, int] = field(default_factory=dict)
    worst: float = 0.0


def test_nothing_is_lost_at_any_moment_of_a_session(tiny_gguf: Path, tmp_path: Path) -> None:
    dice = random.Random("kill -9")
    path, promises = tmp_path / "data" / "chats.db", Promises()
    for number in range(KILLS):
        phase = PHASES[number % len(PHASES)]
        if phase == "migrating" and path.exists():
            _integrity(path)
            back_to_first_version(path)
        lines, killed = _run_until_killed(path, tiny_gguf, phase, dice)
        _look(path, promises, lines, killed)
    print(f"{KILLS} kills, at most {promises.worst:.2f} s of a reply lost, {len(promises.messages)} messages")
    assert len(promises.messages) >= KILLS // 5


def _run_until_killed(path: Path, model: Path, phase: str, dice: random.Random) -> tuple[list[list[str]], float]:
    """Let a session run into a phase, and on to a random moment of it.

    Returns:
        What it said, and when it died.
    """
    path.parent.mkdir(exist_ok=True)
    output = path.with_name("output")
    command = [sys.executable, "-m", "tests.support.killed_session", str(path), str(model), str(dice.randrange(10**9))]
    mark, turn = f"phase {PHASES.index(phase)} ", dice.choice((1, 1, 2, 3)) if phase != "migrating" else 1
    moment = dice.uniform(0, _LONGEST[phase])
    with output.open("wb") as stream:
        child = subprocess.Popen(command, stdout=stream, cwd=_ROOT)
    deadline = time.monotonic() + _PATIENCE
    while output.read_text().count(mark) < turn:
        assert child.poll() is None, "it does not end by itself"
        assert time.monotonic() < deadline, f"it never came to {phase}"
        time.sleep(0.002)
    time.sleep(moment)
    killed = time.monotonic()
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    lines = [line.split() for line in output.read_text().splitlines(keepends=True) if line.endswith("\n")]
    return lines, killed


def _look(path: Path, promises: Promises, lines: list[list[str]], killed: float) -> None:
    """Open the store that was left, and hold it against what was promised, now and at all kills before."""
    if not path.exists():
        return
    _integrity(path)
    store = Store(path)
    assert store.problems == () and not store.in_memory
    promises.drafts.clear()
    for what, text_number, text_length, when in lines:
        number, length = int(text_number), int(text_length)
        if what == "sent":
            promises.messages[number] = length
            promises.drafts.pop(store.message(number).conversation, None)
        elif what == "done":
            promises.messages[number] = length
            promises.done.add(number)
        elif what == "draft":
            promises.drafts[number] = length
        elif what == "grown":
            kept = len(store.message(number).text)
            if kept < length:
                promises.worst = max(promises.worst, killed - float(when))
            if killed - float(when) > _SECOND + _BUSY:
                promises.messages[number] = max(promises.messages.get(number, 0), length)
    for number, length in promises.messages.items():
        message = store.message(number)
        assert len(message.text) >= length, f"message {number}: {len(message.text)} of {length} characters are there"
        assert message.state == "done" if number in promises.done else message.state != "growing"
    for number, length in promises.drafts.items():
        chat = store.conversation(number)
        last = store.message(chat.leaf) if chat.leaf is not None else None
        assert len(chat.draft) >= length or (last is not None and last.text), "the draft is there, or was sent"
    for chat in store.conversations():
        assert chat.length == len(store.messages(chat.id)) > 0 or chat.leaf is None
    store.close()
    _integrity(path)


def _integrity(path: Path) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
