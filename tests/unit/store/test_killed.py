"""kill -9 at random moments of a chat loses nothing that was sent, and of a reply nothing that was given to the store.

12 moments in a normal run; `LOCALLLM_TEST_KILLS=100` asks for more.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.many_chats import write_many
from tui.store.backups import backups_dir
from tui.store.store import Store

_KILLS = int(os.environ.get("LOCALLLM_TEST_KILLS", "12"))
_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_when_the_program_is_killed(path: Path, seed: int) -> None:
    dice = random.Random(f"{seed} {time.time_ns()}")
    promised: dict[int, tuple[int, bool]] = {}
    for number in range(_KILLS // 4):
        _chat_until_killed(path, dice, promised)
        if dice.random() < 0.5 and number:
            continue  # two deaths in a row, with nobody to look between them
        _look(path, promised)
    _look(path, promised)


def _chat_until_killed(path: Path, dice: random.Random, promised: dict[int, tuple[int, bool]]) -> None:
    """Let a program chat for a random time, and note what it was promised to be kept."""
    output = path.with_name(f"{path.name}.output")
    output.parent.mkdir(exist_ok=True)
    with output.open("wb") as stream:
        command = [sys.executable, "-m", "tests.unit.store.killed", str(path), str(dice.randrange(10**9))]
        child = subprocess.Popen(command, stdout=stream, cwd=_ROOT)
    # Some die before the store is open.
    if dice.random() < 0.2:
        time.sleep(dice.uniform(0, 0.4))
    else:
        while not output.stat().st_size and child.poll() is None:
            time.sleep(0.001)
        time.sleep(dice.expovariate(2))
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, "it does not end by itself"
    said = output.read_text()
    output.unlink()
    for line in said.splitlines(keepends=True):
        if line.endswith("\n") and not line.startswith("open"):
            what, message, _, length = line.split()
            promised[int(message)] = (int(length), what == "done")


def _look(path: Path, promised: Mapping[int, tuple[int, bool]]) -> None:
    """Open the store that was left, and hold it against what was promised."""
    _integrity(path)
    store = Store(path)
    assert store.problems == () and not store.in_memory
    for number, (length, done) in promised.items():
        message = store.message(number)
        assert len(message.text) >= length
        assert message.state == ("done" if done or message.role == "user" else message.state) != "growing"
    for chat in store.conversations():
        messages = store.messages(chat.id)
        assert chat.length == len(messages)
        assert (chat.leaf is None) == (not messages)
        assert all(message.state != "growing" for message in messages)
    # Every message that is kept is found, and the index speaks of no other.
    assert {hit.message for hit in store.search("prompt", limit=10**6)} - {None} == {
        message.id for chat in store.conversations() for message in store.messages(chat.id) if "prompt" in message.text
    }
    store.close()
    _integrity(path)


def _integrity(path: Path) -> None:
    if not path.exists():
        return
    connection = sqlite3.connect(path, isolation_level=None)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()


def test_nothing_is_lost_when_the_program_is_killed_while_it_migrates(path: Path) -> None:
    write_many(path, 200, turns=2, words=60)
    back_to_first_version(path)
    old = path.read_bytes()
    opens = "import sys; from pathlib import Path; from tui.store.store import Store; print(flush=True); "
    opens += "Store(Path(sys.argv[1])).close()"
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", opens, str(path)], check=True, cwd=_ROOT, stdout=subprocess.DEVNULL)
    usual = time.monotonic() - begun
    for _ in range(max(3, _KILLS // 4)):
        for file in path.parent.glob("chats.db*"):
            file.unlink()
        path.write_bytes(old)
        child = subprocess.Popen([sys.executable, "-c", opens, str(path)], cwd=_ROOT, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(random.uniform(0, usual))
        child.kill()
        child.wait()
        child.stdout.close()
        _integrity(path)
        store = Store(path)
        assert store.problems == () and store.count() == 200 and len(store.search("needle00199")) == 2
        assert sum(len(store.messages(chat.id)) for chat in store.conversations()) == 200 * 4 + 20
        store.close()
        backups = list(backups_dir(path).glob("*.db"))
        assert len(backups) <= 3
        for backup in backups:
            _integrity(backup)
    assert backups


def back_to_first_version(path: Path) -> None:
    """Take the steps back that came after the first one."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("DROP TABLE message_words")
    connection.execute("DROP TABLE title_words")
    for table in ("note", "stretch", "draft_file"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("ALTER TABLE reply DROP COLUMN begun")
    connection.execute("DELETE FROM migration WHERE number > 0")
    connection.close()
