"""The tree of a conversation: its shape as rows, and the screen that shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from textual.pilot import Pilot

from tests.app.test_chats_last import FACTS, MODEL, SIZE, answered, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.chat_tree import tree_line, tree_rows
from tui.app.screens.tree import TreeScreen
from tui.app.widgets.lines import line_width
from tui.core.events import StopReason
from tui.store.records import Twig
from tui.store.store import Store


def twig(id_: int, parent: int | None, text: str, chosen: int | None = None) -> Twig:
    return Twig(id_, parent, "user" if text.isupper() else "assistant", text, 0.0, chosen=chosen)


FAMILY = (
    twig(1, None, "A", 2), twig(2, 1, "one", 4), twig(3, 1, "two"), twig(4, 2, "B", 5), twig(5, 4, "b"),
    twig(6, 2, "C"), twig(7, 6, "c"),
)  # fmt: skip


def test_what_goes_on_stays_in_its_column_and_other_versions_stand_beside_it() -> None:
    rows = tree_rows(FAMILY, 5)
    drawn = ["".join(text for text, _ in tree_line(row, 40)).rstrip() for row in rows]
    assert drawn == [
        "▸ ❯ A",
        "  ├─ ● two                           2/2",
        "▸ ● one                              1/2",
        "  ├─ ❯ C                             2/2",
        "  │  ● c",
        "▸ ❯ B                                1/2",
        "▸ ● b",
    ]
    assert [row.twig.text for row in tree_rows(FAMILY, 7)] == ["A", "two", "one", "B", "b", "C", "c"]
    assert [row.twig.text for row in tree_rows(FAMILY, None)] == ["A", "two", "one", "C", "c", "B", "b"]


def test_a_conversation_of_any_depth_and_width_is_drawn_within_its_width() -> None:
    straight = [twig(n, n - 1 or None, "words " * 30) for n in range(1, 3000)]
    assert all(row.depth == 0 for row in tree_rows(straight, 2999))
    # Each message has one more version, and the way that was taken goes on after the older one, below the other.
    deep = [twig(1, None, "x")]
    for n in range(1, 400):
        deep += [twig(3 * n, deep[-1].id if n == 1 else 3 * (n - 1), "side"), twig(3 * n + 1, 3 * n, "end")]
    for row in tree_rows(deep, None):
        for width in (20, 40, 60, 120):
            assert line_width(tree_line(row, width)) <= max(width, 20)


async def opened(pilot: Pilot[int], app: LocalLLMApp) -> TreeScreen:
    await pilot.press("alt+t")
    await until(pilot, lambda: isinstance(app.screen, TreeScreen) and app.screen.rows.items)
    return cast("TreeScreen", app.screen)


async def two_colours(pilot: Pilot[int], app: LocalLLMApp) -> None:
    """A prompt with two replies, the scripted ones: something red, and then green."""
    await ready(pilot, app)
    await say(pilot, app, "A colour")
    await until(pilot, lambda: "red" in shown(app).lower() and not app.work.busy)
    await pilot.press("ctrl+r")
    await answered(pilot, app, "green")


def foot(screen: TreeScreen) -> str:
    return str(screen.query_one("#tree-foot").plain)  # type: ignore[attr-defined]


async def test_every_branch_is_there_and_enter_goes_to_it(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["red", "green", "yes"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+t")
        assert hint(app) == "nothing was said yet"
        await two_colours(pilot, app)
        await say(pilot, app, "Sure?")
        await answered(pilot, app, "yes")
        screen = await opened(pilot, app)
        assert [row.twig.text for row in screen.rows.items] == ["A colour", "red", "green", "Sure?", "yes"]
        assert screen.rows.marked is not None and screen.rows.marked.twig.text == "yes"
        assert "5 messages on 2 branches" in screen.query_one("#tree-title").plain  # type: ignore[attr-defined]
        await pilot.press("left")
        assert screen.rows.marked.twig.text == "red"
        await pilot.press("right")
        assert screen.rows.marked.twig.text == "green"
        await pilot.press("p", "n")
        assert screen.rows.marked.twig.text == "green"
        await pilot.press("right")
        assert foot(screen) == "there is no newer version"
        await pilot.press("up", "enter")
        await until(pilot, lambda: app.screen is app.main_screen and "‹ 1/2 ›\n▌ red" in shown(app))
        assert "green" not in shown(app) and app.main_screen.marked_message is not None


async def test_the_filter_finds_in_all_branches(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["RED wine", "green"])
    async with app.run_test(size=SIZE) as pilot:
        await two_colours(pilot, app)
        screen = await opened(pilot, app)
        await pilot.press("slash", *"wine red")
        await until(pilot, lambda: [row.twig.text for row in screen.rows.items] == ["RED wine"])
        await pilot.press(*"xy")
        await until(pilot, lambda: screen.has_class("none"))
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.rows.items) == 3)
        await pilot.press("escape")
        assert app.screen is app.main_screen


async def test_a_branch_is_deleted_in_the_tree_and_brought_back(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["red", "green"])
    async with app.run_test(size=SIZE) as pilot:
        await two_colours(pilot, app)
        screen = await opened(pilot, app)
        await pilot.press("up", "d")
        await until(pilot, lambda: [row.twig.text for row in screen.rows.items] == ["A colour", "green"])
        await until(pilot, lambda: foot(screen) == "1 message deleted: u brings it back")
        await pilot.press("home", "d")
        await until(pilot, lambda: screen.has_class("none"))
        await pilot.press("u")
        await until(pilot, lambda: [row.twig.text for row in screen.rows.items] == ["A colour", "green"])
        await pilot.press("u")
        await until(pilot, lambda: [row.twig.text for row in screen.rows.items] == ["A colour", "green", "red"])
        await pilot.press("escape")
        await until(pilot, lambda: "red" in shown(app))


async def test_two_thousand_messages_are_there_at_once(make_app: Callable[..., LocalLLMApp]) -> None:
    store, parent = Store(), None
    chat = store.create()
    for turn in range(150):
        said = store.add_prompt(chat.id, parent, f"question {turn}")
        for version in range(2):
            reply = store.begin_reply(said.id, FACTS)
            parent = store.finish_reply(reply.id, f"answer {turn} version {version}", (), StopReason.END).id
    store.close()
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await until(pilot, lambda: "answer 149" in shown(app))
        screen = await opened(pilot, app)
        assert len(screen.rows.items) == 450
        await pilot.press("home", "end", "pageup")
        for _ in range(5):
            await pilot.press("left", "p")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_what_cannot_be_deleted_now_is_said_as_the_keys_are_here(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "First")
        await until(pilot, lambda: app.main_screen.chat.busy)
        screen = await opened(pilot, app)
        await until(pilot, lambda: bool(screen.rows.items))
        await pilot.press("d")
        await until(pilot, lambda: foot(screen).endswith("Esc goes back to it, and there it stops it"))
        await pilot.press("escape")
        engine.end()
