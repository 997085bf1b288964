"""Searching in the open chat: as one types, in all of it, and back."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.app.test_chats_last import SIZE, answered, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.widgets.browse_bars import BrowseBar
from tui.app.widgets.find_bar import FindBar
from tui.app.widgets.transcript import Transcript


def count(app: LocalLLMApp) -> str:
    bars = app.main_screen.query("#find-count")
    return bars.first(BrowseBar).plain.split("  ")[0] if bars else ""


def transcript(app: LocalLLMApp) -> Transcript:
    return app.main_screen.query_one(Transcript)


def reversed_text(app: LocalLLMApp) -> str:
    """What stands out as the place one is at, of what is in view."""
    widget = transcript(app)
    strips = [widget.render_line(y) for y in range(widget.size.height)]
    return "".join(part.text for strip in strips for part in strip if part.style and part.style.reverse)


async def chat(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, *replies: str) -> None:
    await ready(pilot, app)
    for number, reply in enumerate(replies):
        engine.replies.append(f"{reply}\n\nend {number}.")
        await say(pilot, app, f"Question {number}")
        await answered(pilot, app, f"end {number}.")


async def test_as_one_types(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await chat(pilot, app, engine, "An **Apple** a day", "apple, `apples`, pineAPPLE", "none of it")
        await pilot.press("ctrl+f", *"apple")
        await until(pilot, lambda: count(app).strip() == "4/4")
        await until(pilot, lambda: reversed_text(app) == "APPLE")
        await pilot.press("up")
        await until(pilot, lambda: count(app).strip() == "3/4" and reversed_text(app) == "apple")
        await pilot.press("enter", "ctrl+f")
        await until(pilot, lambda: count(app).strip() == "1/4" and reversed_text(app) == "Apple")
        await pilot.press("up")
        await until(pilot, lambda: count(app).strip() == "4/4")
        await pilot.press("down")
        await until(pilot, lambda: count(app).strip() == "1/4")
        await pilot.press(*" a day")
        await until(pilot, lambda: count(app).strip() == "1/1" and reversed_text(app) == "Apple a day")
        await pilot.press("x")
        await until(pilot, lambda: count(app).strip() == "not found" and not reversed_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.main_screen.query(FindBar))
        assert app.focused is not None and app.focused.id == "prompt"
