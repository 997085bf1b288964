"""Other chats than the one on the screen: open ones by key, what was typed in each, which are warm, who titles them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import MODEL, SIZE, answered, hint, ready, say, shown
from tests.app.test_chats_screen import COLOURS, ESSAY, WEATHER, fill, lines, opened
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import TIMEOUT, until
from tui.app.app import LocalLLMApp
from tui.app.screens.drafts import NEW
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.recent_chats import RecentChats
from tui.catalogue.scan import entry_of
from tui.core.prompts import ChatPrompt
from tui.services.daily_check import DAY, check_daily
from tui.settings.settings import Settings
from tui.store.store import Store, store_file


def text(app: LocalLLMApp) -> str:
    return app.main_screen.query_one(Prompt).text


def open_chat(app: LocalLLMApp) -> int | None:
    chat = app.main_screen.chat.conversation
    return chat.id if chat is not None else None


async def settled(pilot: Pilot[int], app: LocalLLMApp) -> None:
    """What was typed before is there."""
    await ready(pilot, app)
    await until(pilot, lambda: app.main_screen._drafts_ready)


async def test_what_was_typed_is_there_at_the_next_start(make_app: Callable[..., LocalLLMApp]) -> None:
    (number,) = fill(COLOURS)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press(*"half a sent")
    assert Store().conversation(number).draft == "half a sent", "and the end of the program loses nothing"
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        assert text(app) == "half a sent"
        await pilot.press(*"ence")
        store = Store()
        await until(pilot, lambda: store.conversation(number).draft == "half a sentence")
        await pilot.press("enter")
        await answered(pilot, app, "half a sentence")
        await until(pilot, lambda: store.conversation(number).draft == "" and not text(app))
        store.close()


async def test_what_is_typed_is_kept_while_one_types_on(make_app: Callable[..., LocalLLMApp]) -> None:
    (number,) = fill(COLOURS)
    app, store = make_app(model=MODEL), Store()
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)

        async def type_on() -> None:
            while not store.conversation(number).draft:
                await pilot.press("x")

        await asyncio.wait_for(type_on(), TIMEOUT)
        store.close()


async def test_what_is_typed_before_the_store_is_open_is_kept(make_app: Callable[..., LocalLLMApp]) -> None:
    (number,) = fill(COLOURS)
    app, store = make_app(model=MODEL), Store()
    async with app.run_test(size=SIZE) as pilot:
        app.main_screen.query_one(Prompt).insert("early")
        await settled(pilot, app)
        await until(pilot, lambda: "early" in store.conversation(number).draft)
        store.close()


async def test_what_is_typed_after_asking_for_another_chat_is_for_that_one(
    make_app: Callable[..., LocalLLMApp],
) -> None:
    (number,) = fill(COLOURS)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press(*"old")
        let_go = threading.Event()
        waiting = asyncio.ensure_future(app.main_screen.chat.chats.look(lambda store: let_go.wait()))
        await pilot.press("ctrl+n", *"new")
        assert text(app) == "oldnew", "the disk is slow"
        let_go.set()
        await waiting
        await until(pilot, lambda: text(app) == "new")
        store = Store()
        await until(pilot, lambda: store.conversation(number).draft == "old" and store.note(NEW) == "new")
        await pilot.press("ctrl+l")
        await until(pilot, lambda: text(app) == "old")
        store.close()


def test_an_edit_that_is_sent_leaves_what_was_typed_before_it() -> None:
    (number,) = fill(COLOURS)
    store = Store()
    store.keep_draft(number, "draft")
    (prompt, *_rest) = store.messages(number)
    store.edit(prompt.id, "Four colours")
    assert store.conversation(number).draft == "draft"
    store.close()


async def test_what_was_typed_in_a_new_chat_is_there_at_the_next_start(make_app: Callable[..., LocalLLMApp]) -> None:
    fill(COLOURS)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "a new chat" in hint(app))
        await pilot.press(*"new")
    assert Store().note(NEW) == "new"
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        assert text(app) == "new" and "red, green" not in shown(app)
        await pilot.press("enter")
        await answered(pilot, app, "new")
        store = Store()
        await until(pilot, lambda: not store.note(NEW))
        store.close()


def app_with_a_draft_of_before(
    make_app: Callable[..., LocalLLMApp], model: Path, monkeypatch: pytest.MonkeyPatch
) -> LocalLLMApp:
    """One model is there to load, and half a sentence was left."""
    only = entry_of(model)
    monkeypatch.setattr("tui.services.library.scan", lambda *given: iter([only]))
    Store().set_note(NEW, "half a sent")
    return make_app()


async def test_enter_loads_the_model_and_sends_no_draft_of_before(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_with_a_draft_of_before(make_app, tiny_gguf, monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: hint(app) == "Enter loads the model; this draft stays")
        await until(pilot, lambda: app.main_screen.focused is app.main_screen.query_one(Prompt))
        engine.hold = True
        await pilot.press("enter")
        await until(pilot, lambda: "your draft stays here until Enter" in hint(app))
        engine.hold = False
        engine.end_load()
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy)
        await pilot.pause()
        assert text(app) == "half a sent" and not engine.prompts
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 1 and text(app) == "")


async def test_enter_loads_the_model_and_sends_what_was_typed_now(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_with_a_draft_of_before(make_app, tiny_gguf, monkeypatch)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: hint(app) == "Enter loads the model; this draft stays")
        await pilot.press(*"ence")
        await until(pilot, lambda: hint(app) == "Enter loads the model and sends this")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 1 and text(app) == "")


async def test_each_chat_has_its_own_draft(make_app: Callable[..., LocalLLMApp]) -> None:
    fill(COLOURS, ESSAY)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press(*"essay")
        await opened(pilot, app)
        await pilot.press("down", "enter")
        await until(pilot, lambda: "red, green" in shown(app) and text(app) == "")
        await pilot.press(*"colour", "ctrl+pageup")
        await until(pilot, lambda: "Quicksort" in shown(app) and text(app) == "essay")
        await until(pilot, lambda: hint(app) == "1 of 2 open: Sorting essay")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: text(app) == "" and "Quicksort" not in shown(app))
        await pilot.press(*"fresh", "ctrl+l")
        await until(pilot, lambda: text(app) == "essay")
        await pilot.press("ctrl+pagedown")
        await until(pilot, lambda: text(app) == "colour")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: text(app) == "fresh")
        await pilot.press("f7")
        assert text(app) == "fresh"


async def test_an_edit_under_way_is_no_draft_of_less(make_app: Callable[..., LocalLLMApp]) -> None:
    (number,) = fill(COLOURS)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press(*"draft", "f7", *" more")
    assert Store().conversation(number).draft == "draft\nThree colours more"


async def test_open_chats_are_walked_and_those_that_are_gone_are_passed_over(
    make_app: Callable[..., LocalLLMApp],
) -> None:
    first, second, third = fill(COLOURS, ESSAY, WEATHER)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("ctrl+pagedown")
        await until(pilot, lambda: hint(app) == "no other chat is open: F3 shows them all")
        for number in (first, second):
            app.main_screen.go_to_chat(number)
            await until(pilot, lambda number=number: open_chat(app) == number)  # type: ignore[misc]
        await pilot.press("ctrl+pagedown", "ctrl+pagedown")
        await until(pilot, lambda: hint(app) == "2 of 3 open: Three colours")
        Store().delete(third)
        await pilot.press("ctrl+pageup")
        await until(pilot, lambda: hint(app) == "2 of 2 open: Sorting essay")
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await pilot.press("ctrl+pagedown")
        await until(pilot, lambda: hint(app) == "1 of 2 open: Three colours")


class KeepingEngine(ScriptedEngine):
    """Says that it has computed some chats."""

    labels: dict[str, None] = {}  # noqa: RUF012

    @property
    def kept(self) -> dict[str, None]:
        return self.labels


class TestWarm:
    @pytest.fixture
    def engine(self) -> KeepingEngine:
        return KeepingEngine()

    async def test_warm_chats_are_told_where_a_model_is_loaded(
        self, make_app: Callable[..., LocalLLMApp], engine: KeepingEngine
    ) -> None:
        first, _second = fill(COLOURS, ESSAY)
        engine.labels = {f"chat {first}": None, "something else": None}
        app = make_app()
        async with app.run_test(size=SIZE) as pilot:
            recent = app.main_screen.query_one(RecentChats)
            await until(pilot, lambda: "Three colours" in recent.plain)
            assert "warm" not in recent.plain and "cold" not in recent.plain
            app.work.load(Path(MODEL), app.settings.load)
            await until(pilot, lambda: "warm" in recent.plain)
            assert [line.split()[-1] for line in recent.plain.splitlines()[1:]] == ["cold", "warm"]
            screen = await opened(pilot, app)
            await until(pilot, lambda: len(screen.table.items) == 2)
            assert lines(screen)[1] == "Three colours Scripted-1B-Instruct 2 messages warm now"
            assert lines(screen)[0].endswith("2 messages cold now")


async def test_the_model_titles_a_chat_while_nothing_else_runs(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings().replace(model_titles=True)
    app = make_app(model=MODEL, settings=settings)
    monkeypatch.setattr(type(app.main_screen), "_title_rest", 0.05)
    engine.replies.extend(["Paris.", ' "Capital of France".\n'])
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await say(pilot, app, "What is the capital of France, and why is it Paris?")
        await answered(pilot, app, "Paris.")
        recent = app.main_screen.query_one(RecentChats)
        await until(pilot, lambda: "Capital of France" in recent.plain)
        asked = engine.prompts[-1]
        assert isinstance(asked, ChatPrompt) and len(asked.messages) == 3 and "title" in asked.messages[-1].content
        assert "Capital of France" not in shown(app)
        chat = app.main_screen.chat.conversation
        assert chat is not None and Store().conversation(chat.id).titled_by == "model"
        engine.replies.append("Yes.")
        await say(pilot, app, "Sure?")
        await answered(pilot, app, "Yes.")
        assert len(engine.prompts) == 3, "once is enough"


async def test_a_title_under_way_gives_way_to_the_person(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(model=MODEL, settings=Settings().replace(model_titles=True))
    monkeypatch.setattr(type(app.main_screen), "_title_rest", 0.05)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        engine.hold = True
        await say(pilot, app, "First")
        engine.write("one")
        engine.end()
        await until(pilot, lambda: app.main_screen._titling is not None)
        assert len(engine.prompts) == 2
        engine.write("Half a ti")
        engine.hold = False
        engine.replies.append("second reply")
        await say(pilot, app, "Second")
        await answered(pilot, app, "second reply")
        assert len(engine.prompts) >= 3 and "Half a ti" not in shown(app)
        assert "Half a ti" not in app.main_screen.query_one(RecentChats).plain


async def test_without_the_setting_no_title_is_asked_for(
    app: LocalLLMApp, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.main_screen), "_title_rest", 0.0)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        await say(pilot, app, "First")
        await answered(pilot, app, "ok")
        assert app.main_screen._title_timer is None and len(engine.prompts) == 1


def test_the_store_is_checked_once_a_day() -> None:
    fill(COLOURS)
    store = Store()
    assert check_daily(store, 10 * DAY) is True
    assert check_daily(store, 10.9 * DAY) is None
    assert check_daily(store, 11.1 * DAY) is True
    assert check_daily(store, 3 * DAY) is True, "a clock that was set back does not put it off for ever"
    store.close()


async def test_damage_that_the_check_finds_is_said(make_app: Callable[..., LocalLLMApp]) -> None:
    store = Store()
    chat, parent = store.create(), None
    for number in range(200):
        parent = store.add_prompt(chat.id, parent, f"{number} " + "words " * 500).id
    parent = store.add_prompt(store.create().id, None, "the last chat").id
    store.close()
    size = store_file().stat().st_size
    with store_file().open("r+b") as file:
        file.seek(size // 2)
        file.write(b"\xff" * 50_000)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await settled(pilot, app)
        app.main_screen._check_store()
        await until(pilot, lambda: "was set aside as" in " ".join(shown(app).split()))
        await say(pilot, app, "Still here?")
        await answered(pilot, app, "ok")
    assert Store().search("still here")
