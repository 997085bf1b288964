"""Reading full screen: what is shown, searched, wrapped, copied; and a terminal that cannot be lent to a pager."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.app.test_chats_last import SIZE, answered, hint, ready, say
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.plain_rows import find_places, plain_lines, plain_rows
from tui.app.screens.reader import ReaderScreen
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.plain_text import PlainText

REPLY = "First **line**.\n" + "word " * 60 + "\x1b[31mred 東京\n" + "\n".join(f"row {n}" for n in range(100))


def title(app: LocalLLMApp) -> str:
    return app.screen.query_one("#reader-title", BrowseBar).plain


def text(app: LocalLLMApp) -> PlainText:
    return app.screen.query_one(PlainText)


async def reading(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> None:
    await ready(pilot, app)
    await pilot.press("alt+v")
    assert "there is no reply yet" in hint(app)
    engine.replies.append(REPLY)
    await say(pilot, app, "Hello?")
    await answered(pilot, app, "row 99")
    await pilot.press("alt+v")
    await until(pilot, lambda: isinstance(app.screen, ReaderScreen) and "102 lines" in title(app))


async def test_a_reply_is_read_as_it_was_written(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await reading(pilot, app, engine)
        assert "the last reply" in title(app)
        assert "First **line**." in text(app).plain and "^[[31mred" in text(app).plain
        rows = text(app).total
        await pilot.press("end")
        await until(pilot, lambda: text(app).top == rows - text(app).size.height)
        await pilot.press("home", "w")
        await until(pilot, lambda: text(app).total == 102 and "not wrapped" in title(app))
        await pilot.press("right", "right")
        await pilot.press("w", "c")
        await until(pilot, lambda: app.clipboard == REPLY)
        await pilot.press("a")
        await until(pilot, lambda: "the whole chat" in title(app) and text(app).plain.startswith("You:\nHello?"))
        await pilot.press("q")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_it_is_searched(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await reading(pilot, app, engine)
        await pilot.press("n")
        await until(pilot, lambda: "/ searches" in title(app))
        await pilot.press("slash", *"ROW 9")
        await until(pilot, lambda: "1/11" in title(app))
        await pilot.press("enter", "n")
        await until(pilot, lambda: "2/11" in title(app))
        assert text(app).top > 50
        await pilot.press("N", "N")
        await until(pilot, lambda: "11/11" in title(app))
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: "not found" in title(app))
        await pilot.press("escape")
        assert isinstance(app.screen, ReaderScreen)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_where_no_pager_can_run_that_is_a_line(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await reading(pilot, app, engine)
        await pilot.press("p")
        await until(pilot, lambda: "cannot be lent" in title(app) or "no pager" in title(app))


def test_rows_and_places() -> None:
    lines = plain_lines("one two three\r\n\n東京の天気は\tx")
    assert lines == ("one two three", "", "東京の天気は    x")
    rows = plain_rows(lines, 8)
    assert [rows.text(at) for at in range(len(rows.rows))] == ["one two ", "three", "", "東京の天", "気は    ", "x"]
    (place,) = find_places(lines, "TWO THREE")
    assert rows.row_of(place) == 0
    assert [rows.within(place, at) for at in range(3)] == [(4, 8), (0, 5), None]
    (place,) = find_places(lines, "天気")
    assert rows.row_of(place) == 3 and rows.within(place, 4) == (0, 1)
    assert plain_rows(lines, 0).rows == ((0, 0, 13), (1, 0, 0), (2, 0, 11))
    assert find_places(lines, " ") == []
