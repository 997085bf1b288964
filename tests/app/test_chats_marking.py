"""A marked message: edited, asked again, walked, deleted and brought back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import MODEL, SIZE, answered, hint, ready, say, shown, stored
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.branches import marked_words
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.transcript import Transcript
from tui.core.prompts import ChatPrompt


def marked(app: LocalLLMApp) -> list[str]:
    """The lines that have the mark in their margin."""
    return [line[2:] for line in shown(app).split("\n") if line.startswith("▌")]


def asked(engine: ScriptedEngine) -> list[str]:
    prompt = engine.prompts[-1]
    assert isinstance(prompt, ChatPrompt)
    return [message.content for message in prompt.messages]


async def two_turns(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["red", "blue"])
    await ready(pilot, app)
    await say(pilot, app, "First")
    await answered(pilot, app, "red")
    await say(pilot, app, "Second")
    await answered(pilot, app, "blue")


async def test_the_mark_walks_through_the_chat_and_goes_with_esc(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+up")
        assert hint(app) == "nothing was said yet"
        await two_turns(pilot, app, engine)
        assert not marked(app) and app.main_screen.marked_message is None
        await pilot.press("alt+up")
        assert marked(app)[:2] == ["Scripted-1B-Instruct", "blue"]
        assert app.main_screen.marked_message == app.main_screen.chat.session.records[-1].id
        assert "F7 edit" in hint(app)
        await pilot.press("alt+up", "alt+up", "alt+up")
        assert marked(app) == ["you", "First"]
        await pilot.press("alt+up")
        assert hint(app) == "this is the first message" and marked(app) == ["you", "First"]
        await pilot.press("alt+down")
        assert marked(app)[1] == "red"
        await pilot.press("escape")
        assert not marked(app) and not hint(app) and "❯ you\n  First" in shown(app)
        await pilot.press("alt+up", "alt+down")
        assert not marked(app), "below the last one is the end"


async def test_an_edited_reply_takes_its_place_and_the_chat_goes_on_from_it(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await two_turns(pilot, app, engine)
        prompt = app.main_screen.query_one(Prompt)
        await pilot.press(*"draft", "alt+up", "alt+up", "alt+up", "f7")
        assert prompt.text == "red" and hint(app) == "Enter puts this in the reply's place, Esc leaves it"
        await pilot.press(*"dish", "enter")
        await until(pilot, lambda: "‹ 2/2 ›\n▌ reddish" in shown(app))
        await until(pilot, lambda: "the reply in your words" in hint(app))
        assert prompt.text == "draft" and "blue" not in shown(app)
        assert len(engine.prompts) == 2, "the model was not asked"
        engine.replies.append("fine")
        await pilot.press("enter")
        await answered(pilot, app, "fine")
        assert asked(engine) == ["First", "reddish", "draft"] and not marked(app)
        await pilot.press("alt+up", "alt+up", "alt+up", "alt+left")
        await until(pilot, lambda: "‹ 1/2 ›\n▌ red\n" in shown(app) and "blue" in shown(app))


async def test_what_was_said_earlier_is_edited_and_sent_as_a_branch(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await two_turns(pilot, app, engine)
        await pilot.press(*["alt+up"] * 4, "f7", *" of all")
        engine.replies.append("green")
        await pilot.press("enter")
        await answered(pilot, app, "green")
        assert asked(engine) == ["First of all"] and "❯ you  ‹ 2/2 ›" in shown(app) and not marked(app)
        await pilot.press("f7", "escape")
        assert app.main_screen.query_one(Prompt).text == ""


async def test_a_marked_reply_is_written_anew_beside_the_old_one(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await two_turns(pilot, app, engine)
        engine.replies.append("green")
        await pilot.press("alt+up", "alt+up", "alt+up", "ctrl+o")
        assert "only the last message can go on" in hint(app)
        await pilot.press("ctrl+r")
        await answered(pilot, app, "green")
        assert asked(engine) == ["First"] and "‹ 2/2 ›\n  green" in shown(app) and "blue" not in shown(app)
        await pilot.press("alt+up", "alt+right")
        assert hint(app) == "this message has no newer version"
        engine.replies.append("ish")
        await pilot.press("ctrl+o")
        await answered(pilot, app, "greenish")


async def test_messages_are_deleted_and_brought_back(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+u")
        await until(pilot, lambda: hint(app) == "nothing was deleted")
        await two_turns(pilot, app, engine)
        await pilot.press("alt+d")
        await until(pilot, lambda: "blue" not in shown(app) and "Second" in shown(app))
        await until(pilot, lambda: hint(app) == "1 message deleted: alt+u brings it back")
        await pilot.press(*["alt+up"] * 3, "alt+d")
        await until(pilot, lambda: "First" not in shown(app) and "Ask anything" in shown(app))
        await until(pilot, lambda: hint(app) == "3 messages deleted: alt+u brings them back")
        await pilot.press("alt+u")
        await until(pilot, lambda: "Second" in shown(app) and "blue" not in shown(app))
        await pilot.press("alt+u")
        await until(pilot, lambda: "blue" in shown(app) and "Ask anything" not in shown(app))
        await until(pilot, lambda: hint(app) == "what was deleted is back")
        await pilot.press("alt+u")
        await until(pilot, lambda: hint(app) == "nothing was deleted")


async def test_quick_keys_of_deleting_are_answered_in_their_order(
    app: LocalLLMApp, engine: ScriptedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await two_turns(pilot, app, engine)
        screen = app.main_screen
        monkeypatch.setattr(screen, "_hint", lambda words: said.append(words))
        screen.action_delete_branch()
        screen.action_undo_delete()
        screen.action_undo_delete()
        await until(pilot, lambda: len(said) == 3)
    assert said == [
        "1 message deleted: alt+u brings it back",
        "what was deleted is back",
        "nothing was deleted",
    ]


async def test_nothing_is_deleted_while_a_reply_grows(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await two_turns(pilot, app, engine)
        engine.hold = True
        await say(pilot, app, "Third")
        for key in ("alt+d", "ctrl+r", "f7", "alt+left"):
            await pilot.press("alt+up", key)
            await until(pilot, lambda: "still" in hint(app))
        engine.write("going on")
        await until(pilot, lambda: "going on" in shown(app))
        assert marked(app), "the mark stays where it is while the reply grows"
        engine.end()
        await until(pilot, lambda: not app.work.busy)


async def test_the_mark_comes_into_view_and_leads_to_earlier_messages(make_app: Callable[..., LocalLLMApp]) -> None:
    stored(60)
    app = make_app(model=MODEL)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "answer 59" in shown(app))
        await ready(pilot, app)
        transcript = app.main_screen.query_one(Transcript)
        for _ in range(70):
            await pilot.press("alt+up")
        await pilot.pause()
        top = transcript.scroll_offset.y
        view = shown(app).split("\n")[top : top + transcript.size.height]
        assert [line[2:] for line in view if line.startswith("▌")] == marked(app)[: transcript.size.height]
        assert "question 25" in marked(app) and app.main_screen.marked_message is not None
        await pilot.press("end")
        assert "question 25" in marked(app)
        await pilot.press("escape", "pageup", "alt+up")
        assert marked(app) and app.main_screen.marked_message != app.main_screen.chat.session.records[-1].id


def test_the_hint_of_a_mark_says_what_esc_does_however_narrow_it_is() -> None:
    assert marked_words(120, versions=True) == (
        "marked: F7 edit, ctrl+r again, alt+left/right versions, alt+d delete, Esc unmarks"
    )
    for room in range(120):
        words = marked_words(room, versions=room % 2 == 0)
        assert words.endswith("Esc unmarks") and len(words) <= max(room, len("Esc unmarks"))
    assert marked_words(74, versions=False) == "marked: F7 edit, ctrl+r again, alt+d delete, Esc unmarks"
    assert "F7 edit" in marked_words(30, versions=True)


async def test_the_hint_of_a_mark_follows_the_width(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=(140, 24)) as pilot:
        await ready(pilot, app)
        await say(pilot, app, "First")
        await answered(pilot, app, "ok")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "2/2" in shown(app) and not app.work.busy)
        await pilot.press("alt+up")
        for width in (140, 60, 40, 100):
            await pilot.resize_terminal(width, 24)
            await until(pilot, lambda: hint(app) == marked_words(
                app.main_screen.query_one("#prompt-row").outer_size.width - 6, versions=True
            ))  # fmt: skip
            await pilot.pause()
            row = app.main_screen.query_one("#prompt-row").region.y
            assert hint(app) in app.screen._compositor.render_strips()[row].text
