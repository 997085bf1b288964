"""A store that cannot be used as it should: a clear line, nothing lost, and the chat goes on."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.many_chats import write_many
from tests.unit.store.conftest import FACTS
from tui.store.copies import copy_of
from tui.store.store import Store


def test_a_file_that_is_no_database_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, " * 1000)
    store = Store(path)
    (aside,) = path.parent.glob("chats-damaged-*.db")
    (line,) = store.problems
    assert str(aside) in line and "damaged" in line and not store.in_memory
    assert aside.read_bytes() == b"not a database at all, " * 1000
    _goes_on(store)
    store.close()
    again = Store(path)
    assert not again.problems and again.count() == 1
    again.close()


def test_two_damaged_files_of_one_second_are_both_kept(path: Path) -> None:
    path.parent.mkdir()
    for content in (b"one" * 1000, b"two" * 1000):
        path.write_bytes(content)
        Store(path).close()
        path.unlink()
    assert {file.read_bytes() for file in path.parent.glob("*damaged*")} == {b"one" * 1000, b"two" * 1000}


def test_an_empty_file_is_a_new_store(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    store = Store(path)
    assert not store.problems
    _goes_on(store)
    store.close()


def test_what_can_be_read_of_a_file_that_was_cut_off_is_kept(path: Path) -> None:
    write_many(path, 50)
    whole = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(whole * 2 // 3)
    store = Store(path)
    (line,) = store.problems
    assert "set aside" in line and "could be read" in line
    chats = store.conversations()
    assert chats and any(store.path_to(chat.leaf) for chat in chats)
    assert _sound(store)
    _goes_on(store)
    store.close()


def test_damage_in_the_middle_is_found_by_a_check_and_the_rest_is_kept(path: Path) -> None:
    write_many(path, 100)
    _spoil(path, "message")
    store = Store(path)
    assert not store.check()
    (line,) = store.problems
    assert "set aside" in line and len(list(path.parent.glob("chats-damaged-*.db"))) == 1
    kept = sum(len(store.path_to(chat.leaf)) > 0 for chat in store.conversations())
    assert kept > 50 and store.search("needle00099") and _sound(store)
    _goes_on(store)
    assert store.check()
    store.close()


def test_damage_that_is_met_while_reading_does_not_stop_the_program(path: Path) -> None:
    write_many(path, 100)
    _spoil(path, "message")
    store = Store(path)
    lengths = [len(store.messages(chat.id)) for chat in store.conversations()]
    assert len(lengths) > 50 and store.problems and not store.in_memory
    _goes_on(store)
    store.close()


def test_a_store_from_a_newer_version_is_left_as_it_is(path: Path) -> None:
    Store(path).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO migration VALUES (99, 'from the future')")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    store = Store(path)
    (line,) = store.problems
    assert "newer version" in line and str(path) in line and store.in_memory
    _goes_on(store)
    assert not store.save_again()
    store.close()
    assert path.read_bytes() == before and [file.name for file in path.parent.iterdir()] == ["chats.db"]


def test_a_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    store = Store(path)
    assert "another program" in store.problems[0] and store.in_memory
    _goes_on(store)
    store.close()
    assert path.read_bytes() == before


def test_a_folder_where_the_file_should_be(path: Path) -> None:
    path.mkdir(parents=True)
    store = Store(path)
    assert len(store.problems) == 1 and store.in_memory
    _goes_on(store)
    store.close()


def test_a_full_disk_loses_nothing(path: Path, store: Store) -> None:
    chat = store.create()
    prompt = store.add_prompt(chat.id, None, "before")
    reply = store.begin_reply(prompt.id, FACTS)
    store.grow_reply(reply.id, "half", [1])
    ((pages,),) = store._database.read("PRAGMA page_count")
    store._database.read(f"PRAGMA max_page_count = {pages}")  # from here on SQLite says that the disk is full
    store.grow_reply(reply.id, " whole " * 1000, [2] * 1000)
    assert store.in_memory and "the disk is full" in store.problems[0]
    done = store.finish_reply(reply.id, " end", [3])
    store.add_prompt(chat.id, done.id, "after")
    _goes_on(store)
    assert store.save_again() and not store.in_memory and not store.problems
    texts = [one.text for one in store.messages(chat.id)]
    assert texts == ["before", "half" + " whole " * 1000 + " end", "after"]
    other = Store(path)
    assert [one.text for one in other.messages(chat.id)] == texts and other.count() == 2
    assert other.tokens(reply.id) == (1, *[2] * 1000, 3) and _sound(other)
    other.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_that_is_really_full_is_written_to_when_there_is_room_again(small_disk: Path) -> None:
    path = small_disk / "chats.db"
    store = Store(path)
    chat = store.create("chat")
    ballast = small_disk / "ballast"
    _fill(ballast)
    texts = [f"prompt {number} " + "x" * 20_000 for number in range(10)]
    for text in texts:
        store.add_prompt(chat.id, store.conversation(chat.id).leaf, text)
    assert store.in_memory and "the disk is full" in store.problems[0]
    assert [one.text for one in store.messages(chat.id)] == texts
    assert not store.save_again()
    ballast.unlink()
    assert store.save_again() and not store.problems
    store.close()
    again = Store(path)
    assert [one.text for one in again.messages(chat.id)] == texts and _sound(again)
    again.close()


def test_a_full_disk_at_the_first_start(small_disk: Path) -> None:
    _fill(small_disk / "ballast")
    store = Store(small_disk / "data" / "chats.db")
    assert store.in_memory and len(store.problems) == 1
    _goes_on(store)
    (small_disk / "ballast").unlink()
    store.close()
    again = Store(small_disk / "data" / "chats.db")
    assert again.count() == 1, "what is in memory is written at the end where that can be done"
    again.close()


def test_a_store_that_another_program_keeps_locked(path: Path, store: Store) -> None:
    chat = store.create("chat")
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    prompt = store.add_prompt(chat.id, None, "locked out")
    assert store.in_memory and "locked" in store.problems[0]
    second = Store(path)
    assert second.in_memory and [one.title for one in second.conversations()] == ["chat"]
    lock.execute("ROLLBACK")
    lock.close()
    assert store.save_again() and not store.problems
    assert second.save_again() and second.path_to(prompt.id) == [prompt]
    second.close()


def test_two_that_were_locked_out_both_save_what_they_have(path: Path, store: Store) -> None:
    chat = store.create("chat")
    second = Store(path)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    for one in (store, second):
        reply = one.begin_reply(one.add_prompt(chat.id, None, "hello").id, FACTS)
        one.grow_reply(reply.id, "some", [1])
        one.finish_reply(reply.id, " text", [2])
        assert one.in_memory
    lock.close()
    assert store.save_again() and second.save_again()
    assert [one.text for one in store.messages(chat.id)] == ["hello", "some text"] * 2
    assert second.conversation(chat.id).length == 4 and len(second.search("text")) == 2 and _sound(second)
    second.close()


def test_a_store_that_may_only_be_read(path: Path) -> None:
    store = Store(path)
    chat = store.create("old")
    store.add_prompt(chat.id, None, "readable")
    store.close()

    def as_somebody_else() -> None:
        mine = Store(path)
        (line,) = mine.problems
        assert mine.in_memory and str(path) in line and "\n" not in line
        assert [one.text for one in mine.messages(chat.id)] == ["readable"]
        mine.add_prompt(chat.id, None, "mine")
        assert len(mine.search("mine")) == 1 and not mine.save_again()
        mine.close()

    before = path.read_bytes()
    _without_rights(path, as_somebody_else)
    assert path.read_bytes() == before


def test_a_large_file_is_copied_only_in_part(path: Path) -> None:
    write_many(path, 400, turns=1, words=20)
    disk = sqlite3.connect(path, isolation_level=None)
    memory = copy_of(disk, path, limit=1)
    assert memory.execute("SELECT count(*) FROM conversation").fetchone() == (300,)
    assert memory.execute("SELECT min(id) FROM conversation").fetchone() == (101,)
    assert memory.execute("PRAGMA foreign_key_check").fetchall() == []
    assert memory.execute("SELECT count(*) FROM message_words WHERE message_words MATCH 'needle00399'").fetchone() == (
        1,
    )
    disk.close()
    memory.close()


def _goes_on(store: Store) -> None:
    """The chat goes on: said, replied, found."""
    chat = store.create()
    prompt = store.add_prompt(chat.id, None, "does it go on")
    reply = store.begin_reply(prompt.id, FACTS)
    store.grow_reply(reply.id, "it ", [1])
    store.finish_reply(reply.id, "does", [2])
    assert [one.text for one in store.path_to(store.conversation(chat.id).leaf)] == ["does it go on", "it does"]
    assert store.search("it does")


def _sound(store: Store) -> bool:
    check = store._database.read("PRAGMA integrity_check") + store._database.read("PRAGMA foreign_key_check")
    return check == [("ok",)]


def _spoil(path: Path, table: str) -> None:
    """Write nonsense over a page in the middle of a table."""
    connection = sqlite3.connect(path)
    pages = connection.execute(
        "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno", (table,)
    ).fetchall()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((pages[len(pages) // 2][0] - 1) * size)
        file.write(b"\xff" * size)


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError as error:
            assert error.errno == errno.ENOSPC


def _without_rights(path: Path, work: Callable[[], None]) -> None:
    """Do `work` in a child process that may read the folder of `path` and not write there."""
    for folder in (path.parent, *path.parents[1:4]):
        folder.chmod(0o755)
    path.parent.chmod(0o555)
    path.chmod(0o444)
    psutil.Process().status()  # imported by now: the child may not be allowed to read the packages
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            work()
            status = 0
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(status)
    _, result = os.waitpid(child, 0)
    path.parent.chmod(0o755)
    path.chmod(0o644)
    assert os.waitstatus_to_exitcode(result) == 0


def test_of_two_programs_that_meet_the_damage_the_second_keeps_what_the_first_made(path: Path) -> None:
    write_many(path, 100)
    _spoil(path, "message")
    first, second = Store(path), Store(path)
    assert not first.check()
    chat = first.create("made after the damage")
    assert [len(second.messages(one.id)) >= 0 for one in second.conversations()]
    second.check()
    assert len(list(path.parent.glob("chats-damaged-*.db"))) == 1
    assert first.conversation(chat.id).title == "made after the damage"
    first.close()
    second.close()
    again = Store(path)
    assert again.conversation(chat.id) and not again.problems
    again.close()


def test_a_program_that_does_not_meet_the_damage_writes_where_the_others_do(path: Path) -> None:
    write_many(path, 100)
    _spoil(path, "message")
    first, second = Store(path), Store(path)
    reply = second.begin_reply(second.add_prompt(second.create().id, None, "hello").id, FACTS)
    second.grow_reply(reply.id, "one", [1])
    assert not first.check()
    second.grow_reply(reply.id, " two", [2])
    assert second.finish_reply(reply.id, " three", [3]).text == "one two three"
    assert first.message(reply.id).text == "one two three" and first.tokens(reply.id) == (1, 2, 3)
    first.close()
    second.close()


@pytest.mark.parametrize("folder_too", [False, True])
def test_a_file_that_is_removed_while_it_is_open_is_written_again(path: Path, store: Store, folder_too: bool) -> None:
    chat = store.create()
    store.add_prompt(chat.id, None, "before")
    if folder_too:
        shutil.rmtree(path.parent)
    else:
        path.unlink()
    store.add_prompt(chat.id, None, "after")
    assert not store.in_memory and stat.S_IMODE(path.stat().st_mode) == 0o600
    other = Store(path)
    assert [one.text for one in other.messages(chat.id)] == ["before", "after"] and _sound(other)
    other.close()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(("say", "reply", "edit", "fill", "free", "delete", "undo", "rename")), max_size=40))
def test_a_disk_that_fills_and_empties_makes_no_difference(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "chats.db")
        said: dict[int, str] = {}
        chat, deleted = store.create().id, False
        for number, step in enumerate(steps):
            leaf = store.conversation(chat).leaf
            text = f"{step} {number} " + "text " * 2000
            if step == "fill" and not store.in_memory:
                ((pages,),) = store._database.read("PRAGMA page_count")
                store._database.read(f"PRAGMA max_page_count = {pages}")
            elif step == "free":
                assert store.save_again()
            elif step == "say":
                said[store.add_prompt(chat, leaf, text).id] = text
                deleted = False
            elif step == "reply" and leaf:
                reply = store.begin_reply(leaf, FACTS)
                store.grow_reply(reply.id, text, [number])
                said[store.finish_reply(reply.id, "end", [number]).id] = text + "end"
                deleted = False
            elif step == "edit" and leaf:
                said[store.edit(leaf, text).id] = text
                deleted = False
            elif step == "rename":
                store.rename(chat, text)
            elif step in ("delete", "undo"):
                deleted = step == "delete"
                (store.delete if deleted else store.undo_delete)(chat)
            assert {one.id: one.text for one in store.messages(chat)} == said
        here = (store.conversation(chat), store.messages(chat), store.search("text", 1000))
        assert store.save_again() and not store.problems
        store.close()
        again = Store(Path(folder) / "chats.db")
        assert (again.conversation(chat), again.messages(chat), again.search("text", 1000)) == here
        assert (again.conversation(chat).deleted is not None) == deleted and _sound(again)
        again.close()
