"""A disk that is full, a store that is locked, read-only or of a newer version: a clear line, and the chat goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest

from tests.app.test_chats_last import MODEL, SIZE, answered, ready, say, shown
from tests.app.test_chats_screen import COLOURS, fill
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.store.store import Store, store_file


def store_of(app: LocalLLMApp) -> Store:
    store = app.main_screen.chat.chats._store
    assert store is not None
    return store


def told(app: LocalLLMApp) -> str:
    return " ".join(shown(app).split())


def texts() -> list[str]:
    """The last chat as it lies on the disk."""
    store = Store()
    last = store.last_conversation()
    found = [record.text for record in store.path_to(last.leaf if last else None)]
    store.close()
    return found


@pytest.mark.parametrize("what", ["full", "read-only"])
async def test_a_disk_that_takes_nothing_any_more_is_said_and_all_is_saved_when_it_does(
    what: str, make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    fill(COLOURS)
    app = make_app(model=MODEL)
    engine.replies.extend(["long " * 150, "and on"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "where you left off" in shown(app))
        database = store_of(app)._database
        ((pages,),) = database.read("PRAGMA page_count")
        # From here on SQLite itself says what it says of such a disk.
        database.read(f"PRAGMA max_page_count = {pages}" if what == "full" else "PRAGMA query_only = ON")
        await say(pilot, app, "More please " * 40)
        await until(
            pilot, lambda: f"chats.db: {'the disk is full' if what == 'full' else 'it is read-only'}" in told(app)
        )
        await until(pilot, lambda: not app.work.busy)
        assert "kept in memory, and saved as soon as it can be" in told(app)
        await say(pilot, app, "And more")
        await answered(pilot, app, "and on")
        assert len(app.main_screen.chat.session.records) == 6
        assert told(app).count("chats are not saved") == 1, "once is enough"
    assert len(texts()) == 6 and texts()[-1] == "and on", "the end of the program brought it to the disk"


async def test_a_store_that_another_program_keeps_locked_is_said_and_all_is_saved_later(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine
) -> None:
    fill(COLOURS)
    app = make_app(model=MODEL)
    engine.replies.append("a fourth")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "where you left off" in shown(app))
        lock = sqlite3.connect(store_file(), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        await say(pilot, app, "Another?")
        await answered(pilot, app, "a fourth")
        await until(pilot, lambda: "another program keeps it locked" in told(app))
        lock.execute("ROLLBACK")
        lock.close()
    assert texts()[-2:] == ["Another?", "a fourth"]


async def test_a_store_of_a_newer_version_is_left_alone_and_the_chat_goes_on(
    make_app: Callable[..., LocalLLMApp],
) -> None:
    fill(COLOURS)
    connection = sqlite3.connect(store_file())
    connection.execute("INSERT INTO migration VALUES (99, 'from the future')")
    connection.commit()
    connection.close()
    before = store_file().read_bytes()
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "a newer version of this program wrote it, and it is left as it is" in told(app))
        await say(pilot, app, "hello")
        await answered(pilot, app, "ok")
        await pilot.press(*"a draft", "ctrl+n")
        await until(pilot, lambda: "hello" not in shown(app))
        assert "export what you want to keep" in told(app) or app.main_screen.chat.view.is_empty
    assert store_file().read_bytes() == before
