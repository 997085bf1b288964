"""The list of chats: open, search, name, pin, archive, delete and bring back."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import FACTS, MODEL, SIZE, answered, hint, ready, say, shown, stored
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.chats import ChatsScreen
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.recent_chats import RecentChats
from tui.app.widgets.transcript import Transcript
from tui.core.events import StopReason
from tui.store.store import Store


def fill(*chats: tuple[str, str]) -> list[int]:
    """Chats of one prompt and one reply each, the last one used last; their numbers."""
    store, numbers = Store(), []
    for prompt, answer in chats:
        chat = store.create()
        said = store.add_prompt(chat.id, None, prompt)
        reply = store.begin_reply(said.id, FACTS)
        store.finish_reply(reply.id, answer, (), StopReason.END)
        numbers.append(chat.id)
    store.close()
    return numbers


COLOURS = ("Three colours", "red, green and blue")
ESSAY = ("Sorting essay", "Quicksort was invented by Tony Hoare in 1959.")
WEATHER = ("東京の天気", "明日は晴れです。")


async def opened(pilot: Pilot[int], app: LocalLLMApp) -> ChatsScreen:
    await ready(pilot, app)
    await pilot.press("f3")
    await until(pilot, lambda: isinstance(app.screen, ChatsScreen))
    return screen_of(app)


def screen_of(app: LocalLLMApp) -> ChatsScreen:
    return cast("ChatsScreen", app.screen)


def foot(screen: ChatsScreen) -> str:
    return str(screen.query_one("#chats-foot").plain)  # type: ignore[attr-defined]


def lines(screen: ChatsScreen) -> list[str]:
    return [" ".join(line.split()) for line in screen.rows.plain.splitlines()]


async def test_all_chats_are_there_and_enter_goes_to_one(make_app: Callable[..., LocalLLMApp]) -> None:
    fill(COLOURS, ESSAY, WEATHER)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.table.items) == 3)
        assert lines(screen) == [
            "▸ 東京の天気 Scripted-1B-Instruct 2 messages cold now",
            "Sorting essay Scripted-1B-Instruct 2 messages cold now",
            "Three colours Scripted-1B-Instruct 2 messages cold now",
        ]
        await pilot.press("down", "down", "enter")
        await until(pilot, lambda: app.screen is app.main_screen and "red, green and blue" in shown(app))
        assert "晴れ" not in shown(app)
        await say(pilot, app, "And a fourth?")
        await answered(pilot, app, "ok")
        assert len(app.main_screen.chat.session.records) == 4
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen) and len(screen_of(app).table.items) == 3)
        assert lines(screen_of(app))[0] == "▸ Three colours Scripted-1B-Instruct 4 messages cold now"
        await pilot.press("f3")
        assert app.screen is app.main_screen


async def test_a_search_finds_what_was_said_and_goes_there(make_app: Callable[..., LocalLLMApp]) -> None:
    fill(COLOURS, ESSAY, WEATHER)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("slash", *"hoare")
        await until(pilot, lambda: len(screen.hits.items) == 1)
        assert lines(screen) == [
            "Sorting essay Scripted-1B-Instruct · now",
            "Quicksort was invented by Tony Hoare in 1959.",
        ]
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main_screen and "Tony Hoare" in shown(app))
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen))
        await pilot.press("slash", "天", "気")
        await until(pilot, lambda: [hit.conversation.title for hit in screen_of(app).hits.items] == ["東京の天気"] * 2)
        await pilot.press("escape")
        await until(pilot, lambda: len(screen_of(app).rows.items) == 3)
        await pilot.press("slash", *"nowhere")
        await until(pilot, lambda: screen_of(app).has_class("none"))
        await pilot.press("escape", "escape")
        assert app.screen is app.main_screen


async def test_a_search_hit_far_back_in_a_long_chat_comes_into_view(make_app: Callable[..., LocalLLMApp]) -> None:
    store, parent = Store(), None
    chat = store.create()
    for turn in range(120):
        said = store.add_prompt(chat.id, parent, f"question {turn}" + (" needle" if turn == 3 else ""))
        reply = store.begin_reply(said.id, FACTS)
        parent = store.finish_reply(reply.id, "word " * 30, (), StopReason.END).id
    store.close()
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("slash", *"needle")
        await until(pilot, lambda: len(screen.hits.items) == 1)
        await pilot.press("enter")
        transcript = app.main_screen.query_one(Transcript)
        await until(pilot, lambda: app.screen is app.main_screen and "question 3 needle" in shown(app))
        await pilot.pause()
        top = transcript.scroll_offset.y
        view = shown(app).split("\n")[top : top + transcript.size.height]
        assert "  question 3 needle" in view
        assert "later messages: PgDn goes there, End to the newest" in shown(app)
        assert "question 119" not in shown(app)
        line = view[1]
        while "  question 119" not in shown(app).split("\n"):
            await pilot.press("pagedown")
            await pilot.pause()
        assert line in shown(app)
        assert shown(app).count("❯ you") == 120


async def test_from_a_place_far_back_end_leads_to_the_newest(make_app: Callable[..., LocalLLMApp]) -> None:
    stored(40, words="w ")
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await until(pilot, lambda: "answer 39" in shown(app))
        await ready(pilot, app)
        chat = app.main_screen.chat
        await chat.open(chat.session.records[0].conversation, chat.session.records[0].id)
        await until(pilot, lambda: "question 0\n" in shown(app) and "answer 39" not in shown(app))
        await pilot.press("end")
        await until(pilot, lambda: "answer 39" in shown(app) and "question 0\n" not in shown(app))
        chat.view.go_to(chat.session.records[0].id)
        await say(pilot, app, "And now?")
        await answered(pilot, app, "And now?")
        assert "answer 39" in shown(app)


async def test_rename_pin_archive_delete_and_undo(make_app: Callable[..., LocalLLMApp]) -> None:
    numbers = fill(COLOURS, ESSAY, WEATHER)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.table.items) == 3)
        await pilot.press("end", "e")
        await pilot.press(*" of mine", "enter")
        await until(pilot, lambda: "Three colours of mine" in screen.table.plain)
        await pilot.press("p")
        await until(pilot, lambda: lines(screen)[0].startswith("★ Three colours of mine"))
        assert screen.marked is not None and screen.marked.id == numbers[0]
        await pilot.press("end", "a")
        await until(pilot, lambda: len(screen.table.items) == 2)
        await until(pilot, lambda: "archived" in foot(screen))
        await pilot.press("A")
        await until(pilot, lambda: [chat.title for chat in screen.table.items] == ["Sorting essay"])
        await pilot.press("a", "A")
        await until(pilot, lambda: len(screen.table.items) == 3)
        await pilot.press("home", "d")
        await until(pilot, lambda: len(screen.table.items) == 2)
        await until(pilot, lambda: "u brings it back" in foot(screen))
        await pilot.press("u")
        await until(pilot, lambda: len(screen.table.items) == 3 and "of mine" in screen.table.plain)


async def test_the_open_chat_can_be_deleted_and_the_next_start_shows_another(
    make_app: Callable[..., LocalLLMApp],
) -> None:
    fill(COLOURS, ESSAY)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.table.items) == 2)
        await pilot.press("d")
        await until(pilot, lambda: len(screen.table.items) == 1)
        await pilot.press("escape")
        await until(pilot, lambda: "Quicksort" not in shown(app) and "Ask anything" in shown(app))
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "red, green and blue" in shown(app))


async def test_new_chats_from_the_list_and_by_key(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: screen.has_class("none"))
        await pilot.press("n")
        await until(pilot, lambda: hint(app) == "this chat is new")
        await say(pilot, app, "First")
        await answered(pilot, app, "ok")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "First" not in shown(app))
        await until(pilot, lambda: "ctrl+l brings the one before back" in hint(app))
        await say(pilot, app, "Second")
        await answered(pilot, app, "ok")
        engine.hold = True
        await say(pilot, app, "More")
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, ChatsScreen) and len(screen_of(app).table.items) == 2)
        await pilot.press("down", "enter")
        assert isinstance(app.screen, ChatsScreen)
        await until(pilot, lambda: "still being generated" in foot(screen_of(app)))
        await pilot.press("escape")
        engine.end()


async def test_text_of_strangers_is_no_markup_and_no_control(make_app: Callable[..., LocalLLMApp]) -> None:
    fill(("[@click=app.quit]x[/] \x1b[2J title", "[/bar] \x1b[2J needle \x9b1m"))
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.table.items) == 1)
        assert "[@click=app.quit]x[/] ^[[2J title" in screen.table.plain
        await pilot.press("slash", *"needle")
        await until(pilot, lambda: len(screen.hits.items) == 1)
        assert "[/bar] ^[[2J needle" in screen.hits.plain
        assert "\x1b" not in screen.hits.plain and "\x9b" not in screen.hits.plain


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 50)])
async def test_every_size_has_room_for_the_title(make_app: Callable[..., LocalLLMApp], size: tuple[int, int]) -> None:
    fill(COLOURS, ("A very long title that goes on and on and on, longer than a line of a small terminal is", "yes"))
    app = make_app(model=MODEL)
    async with app.run_test(size=size) as pilot:
        screen = await opened(pilot, app)
        await until(pilot, lambda: len(screen.table.items) == 2)
        assert all(len(line) <= size[0] for line in screen.table.plain.splitlines())
        assert "Three colours" in screen.table.plain and "now" in screen.table.plain
        await pilot.press("slash", *"blue")
        await until(pilot, lambda: len(screen.hits.items) == 1)
        assert "blue" in screen.hits.plain
        await pilot.press("f3")
        assert app.main_screen.query_one(Prompt).has_focus


async def test_the_last_chats_are_beside_the_open_one(make_app: Callable[..., LocalLLMApp]) -> None:
    fill(COLOURS, ESSAY, WEATHER)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        pane = app.main_screen.query_one(RecentChats)
        await until(pilot, lambda: pane.display and "東京の天気" in pane.plain)
        assert pane.plain.splitlines()[1].startswith("▸ 東京の天気")
        assert all(len(line) <= pane.size.width for line in pane.plain.splitlines())
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "▸" not in pane.plain)
        await say(pilot, app, "Fourth")
        await until(pilot, lambda: pane.plain.splitlines()[1].startswith("▸ Fourth"))
        await pilot.resize_terminal(120, 24)
        await until(pilot, lambda: not pane.display)


async def test_without_chats_there_is_no_list_of_them(app: LocalLLMApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        assert not app.main_screen.query_one(RecentChats).display
