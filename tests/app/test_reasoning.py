"""Thinking on the screen: it grows as a few lines, folds to one, opens by key, is switched and ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from textual.pilot import Pilot

from tests.app.test_chat import flat, hint, ready, say, shown
from tests.support.scripted import ScriptedEngine, model_info
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.reasoning import next_switch
from tui.core.events import Timings
from tui.core.parameters import GenerationParams
from tui.core.reasoning import Reasoning

THOUGHT = "\n".join(f"Step {number} of the thought." for number in range(1, 9))
TIMINGS = Timings(10, 0, 0.1, 90, 1.0, 0.12, reasoning_tokens=72, reasoning_seconds=12.34)


async def thinking(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> None:
    """A reply that has thought its eight steps."""
    await ready(pilot, app)
    engine.hold = True
    await say(pilot, app, "hello")
    engine.write(f"<think>\n{THOUGHT}")
    await until(pilot, lambda: "Step 8" in shown(app))


async def answered(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> None:
    """The same, with its answer."""
    await thinking(pilot, app, engine)
    engine.write("\n</think>\n\nThe **answer**.")
    engine.timings = TIMINGS
    engine.end()
    await until(pilot, lambda: "The answer." in shown(app) and not app.work.busy)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_thought_shows_its_last_lines_and_folds_to_one(
    app: LocalLLMApp, engine: ScriptedEngine, size: tuple[int, int]
) -> None:
    async with app.run_test(size=size) as pilot:
        await thinking(pilot, app, engine)
        assert "▾ thinking… " in shown(app) and " tokens · alt+x answers now" in flat(app)
        assert "│ Step 6 of the thought.\n  │ Step 7 of the thought.\n  │ Step 8 of the thought." in shown(app)
        assert "Step 5" not in shown(app) and "<think>" not in shown(app)
        engine.write("\n</think>\n\nThe **answer**.")
        await until(pilot, lambda: "The answer." in shown(app))
        assert "Step" not in shown(app) and "▸ thought" in shown(app)
        engine.timings = TIMINGS
        engine.end()
        await until(pilot, lambda: "▸ thought for 12.3 s · 72 tokens · alt+r opens it\n\n  The answer." in shown(app))


async def test_a_key_opens_and_folds_it(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+r")
        assert "no thought here yet" in hint(app)
        await answered(pilot, app, engine)
        await pilot.press("alt+r")
        for number in range(1, 9):
            assert f"  │ Step {number} of the thought." in shown(app)
        assert "▾ thought for 12.3 s · 72 tokens · alt+r folds it" in shown(app)
        await pilot.press("alt+r")
        assert "Step" not in shown(app)


async def test_it_can_be_one_line_from_the_start(make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine) -> None:
    app = make_app(model="/models/Scripted-1B-Instruct-Q4_K_M.gguf")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        app.settings = app.settings.replace(show_thinking=False)
        engine.hold = True
        await say(pilot, app, "hello")
        engine.write(f"<think>\n{THOUGHT}")
        await until(pilot, lambda: "▸ thinking…" in shown(app))
        assert "Step" not in shown(app)
        await pilot.press("alt+r")
        assert "Step 1 of" in shown(app)
        engine.write("\nStep 9")
        await until(pilot, lambda: "Step 9" in shown(app))


async def test_stopped_in_its_thought(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await thinking(pilot, app, engine)
        await pilot.press("escape")
        await until(pilot, lambda: "not finished · alt+r opens it" in shown(app))
        assert "stopped: ctrl+o goes on" in flat(app) and "(no text)" not in shown(app)


async def test_the_copy_is_the_answer_and_the_store_has_all(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot, app, engine)
        await pilot.press("ctrl+y")
        assert app.clipboard == "The **answer**."
        assert app.main_screen.chat.session.last_reply == f"<think>\n{THOUGHT}\n</think>\n\nThe **answer**."


async def test_a_stored_reply_is_shown_the_same_way(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await answered(pilot, app, engine)
        conversation = app.main_screen.chat.conversation
        assert conversation is not None
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "The answer." not in shown(app))
        app.main_screen.go_to_chat(conversation.id)
        await until(pilot, lambda: "▸ thought for 12.3 s · 72 tokens · alt+r opens it\n\n  The answer." in shown(app))


async def test_without_figures_the_length_is_told(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append("<think>Hm.</think>Yes.")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "hello")
        await until(pilot, lambda: "▸ thought · 3 characters · alt+r opens it" in shown(app))


async def test_the_switch_is_told_and_used(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+i")
        assert "no switch" in hint(app)
        engine.scripted_model = replace(model_info(), reasoning=Reasoning(switch=True))
        await pilot.press("alt+i")
        assert "thinking is off" in hint(app)
        assert app.settings.generation.reasoning == "off"
        await pilot.press("alt+i")
        assert "thinking is on" in hint(app)
        assert app.settings.generation.reasoning == "on"


async def test_ending_it_is_asked_of_the_engine(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+x")
        assert "no reply is being generated" in hint(app)
        await thinking(pilot, app, engine)
        await pilot.press("alt+x")
        await until(pilot, lambda: "The answer." in shown(app))
        await until(pilot, lambda: "the answer follows" in hint(app))


def test_the_effort_goes_round() -> None:
    reasoning = Reasoning(effort=True)
    seen, params = [], GenerationParams()
    for _ in range(4):
        change = next_switch(reasoning, params)
        assert change is not None
        params = replace(params, **change[1])  # type: ignore[arg-type]
        seen.append(params.reasoning_effort)
    assert seen == ["low", "medium", "high", "default"]
    assert next_switch(Reasoning(switch=True, default_on=False), params) == ("thinking is on", {"reasoning": "on"})
    assert next_switch(Reasoning(), params) is None
