"""Several programs and threads use one store; a reply whose program died is interrupted, one of a living one is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.unit.store.conftest import FACTS
from tui.store.store import Store


def test_each_sees_what_the_other_wrote(path: Path, store: Store) -> None:
    other = Store(path)
    chat = store.create("one")
    prompt = other.add_prompt(chat.id, None, "hello")
    assert store.path_to(store.conversation(chat.id).leaf) == [prompt]
    assert [hit.message for hit in store.search("hello")] == [prompt.id]
    other.close()


def test_a_reply_that_another_program_writes_is_seen_growing(path: Path, store: Store) -> None:
    prompt = store.add_prompt(store.create().id, None, "hello")
    reply = store.begin_reply(prompt.id, FACTS)
    store.grow_reply(reply.id, "half", [1])
    other = Store(path)
    assert (other.path_to(reply.id)[-1].state, other.path_to(reply.id)[-1].text) == ("growing", "half")
    other.close()
    assert store.finish_reply(reply.id, " whole", [2]).text == "half whole"


def test_a_program_that_ends_leaves_no_reply_growing(path: Path) -> None:
    store = Store(path)
    prompt = store.add_prompt(store.create().id, None, "hello")
    reply = store.begin_reply(prompt.id, FACTS)
    store.grow_reply(reply.id, "half", [1])
    store.close()
    again = Store(path)
    assert (again.message(reply.id).state, again.message(reply.id).text) == ("interrupted", "half")
    assert [hit.message for hit in again.search("half")] == [reply.id]
    again.close()


_WRITES_AND_WAITS = """
import sys, time
from pathlib import Path
from tests.unit.store.conftest import FACTS
from tui.store.store import Store
store = Store(Path(sys.argv[1]))
prompt = store.add_prompt(store.create().id, None, "hello")
reply = store.begin_reply(prompt.id, FACTS)
store.grow_reply(reply.id, "half", [1])
print(reply.id, flush=True)
sys.stdin.read()
"""


def test_a_reply_of_a_killed_program_is_interrupted_and_goes_on(path: Path, store: Store) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITES_AND_WAITS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdin is not None
    reply = int(child.stdout.readline())
    assert store.path_to(reply)[-1].state == "growing", "its program lives"
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    child.stdin.close()
    child.stdout.close()
    assert store.path_to(reply)[-1].state == "interrupted", "no restart is needed to see it"
    store.continue_reply(reply)
    assert store.finish_reply(reply, " whole").text == "half whole"
    assert store._database.read("SELECT count(*) FROM writer WHERE pid = ?", (child.pid,)) == [(0,)]


def test_a_reply_taken_for_dead_by_mistake_loses_nothing(store: Store, path: Path) -> None:
    prompt = store.add_prompt(store.create().id, None, "hello")
    reply = store.begin_reply(prompt.id, FACTS)
    store.grow_reply(reply.id, "one", [1])
    other = Store(path)
    other._database.change(lambda change: change.run("UPDATE writer SET started = 1"))
    assert other.path_to(reply.id)[-1].state == "interrupted"
    other.close()
    store.grow_reply(reply.id, " two", [2])
    assert store.message(reply.id).state == "growing"
    done = store.finish_reply(reply.id, " three", [3])
    assert done.text == "one two three" and store.tokens(reply.id) == (1, 2, 3)
    assert len(store.search("two")) == 1


@pytest.mark.parametrize("shared", [True, False])
def test_many_threads_write_at_once(path: Path, store: Store, shared: bool) -> None:
    errors: list[BaseException] = []

    def chat(number: int) -> None:
        try:
            mine = store if shared else Store(path)
            made = mine.create(f"chat {number}")
            parent = None
            for turn in range(10):
                prompt = mine.add_prompt(made.id, parent, f"prompt {turn}")
                reply = mine.begin_reply(prompt.id, FACTS)
                for piece in range(5):
                    mine.grow_reply(reply.id, f"{piece} ", [piece])
                parent = mine.finish_reply(reply.id, "end").id
            if not shared:
                assert not mine.problems
                mine.close()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=chat, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors and not store.in_memory
    assert {chat.length for chat in store.conversations()} == {20} and store.count() == 4
    for one in store.conversations():
        assert [m.text for m in store.path_to(one.leaf) if m.reply] == ["0 1 2 3 4 end"] * 10


_ALL_MAKE_IT = """
import sys
from pathlib import Path
from tui.store.store import Store
print(flush=True)
sys.stdin.readline()
store = Store(Path(sys.argv[1]))
store.add_prompt(store.create().id, None, "hello")
print(store.problems)
store.close()
"""


@pytest.mark.parametrize("_again", range(3))
def test_several_programs_make_the_store_at_the_same_moment(path: Path, _again: int) -> None:
    command = [sys.executable, "-c", _ALL_MAKE_IT, str(path)]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
    assert [child.communicate()[0] for child in children] == ["()\n"] * 3
    store = Store(path)
    assert store.count() == 3
    store.close()
