"""What is attached and not sent: there again with its chat, with a word on files that changed or are gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import MODEL, SIZE, answered, hint, say
from tests.app.test_chats_screen import COLOURS, ESSAY, fill
from tests.app.test_sessions import settled, text
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.widgets.attachment_line import AttachmentLine
from tui.store.store import Store

Make = Callable[..., LocalLLMApp]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with two files."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.txt").write_text("buy milk\n")
    (folder / "readme.md").write_text("# Readme\n")
    monkeypatch.chdir(folder)
    return folder


def names(app: LocalLLMApp) -> list[str]:
    return [one.name for one in app.main_screen.attachments]


def chips(app: LocalLLMApp) -> str:
    line = app.main_screen.query_one(AttachmentLine)
    return line.plain if line.display else ""


async def back(pilot: Pilot[int], app: LocalLLMApp) -> None:
    """What was typed and attached before is there."""
    await settled(pilot, app)
    await until(pilot, lambda: app.main_screen._files_ready and not app.main_screen._files_loading)


async def attach(pilot: Pilot[int], app: LocalLLMApp, name: str) -> None:
    app.main_screen.attaching.add(name)
    await until(pilot, lambda: name in names(app))


async def test_what_was_attached_is_there_at_the_next_start(make_app: Make, engine: ScriptedEngine) -> None:
    (number,) = fill(COLOURS)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        await pilot.press(*"What?")
        await attach(pilot, app, "notes.txt")
    engine.replies.append("milk")
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        assert text(app) == "What?" and names(app) == ["notes.txt"]
        await until(pilot, lambda: "@notes.txt 9 B" in chips(app))
        assert "changed" not in chips(app)
        await pilot.press("enter")
        await answered(pilot, app, "milk")
        assert "buy milk" in engine.prompts[-1].messages[-1].content  # type: ignore[union-attr]
        assert not names(app)
    store = Store()
    assert store.draft_files(number) == () and store.draft_files(None) == ()
    store.close()


async def test_a_file_that_changed_or_is_gone_is_said(
    make_app: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        await attach(pilot, app, "notes.txt")
        await attach(pilot, app, "readme.md")
    (folder / "notes.txt").write_text("buy bread\n")
    (folder / "readme.md").unlink()
    app = make_app(model=MODEL)
    told: list[str] = []
    monkeypatch.setattr(app.main_screen, "say_of_attachments", told.append)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        assert told == ["notes.txt changed since; readme.md is gone: attached is the text as it was read then"]
        await until(pilot, lambda: "changed since" in chips(app) and "its file is gone" in chips(app))
        assert [one.text for one in app.main_screen.attachments] == ["buy milk\n", "# Readme\n"]
        app.main_screen.attaching.add("notes.txt")
        await until(pilot, lambda: [one.text for one in app.main_screen.attachments][-1] == "buy bread\n")
        assert names(app) == ["readme.md", "notes.txt"], "what is read anew takes the old one's place"
        await until(pilot, lambda: chips(app) and "changed since" not in chips(app))


async def test_each_chat_has_its_own_attachments(make_app: Make) -> None:
    fill(COLOURS, ESSAY)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        await attach(pilot, app, "notes.txt")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: "a new chat" in hint(app) and not names(app))
        await attach(pilot, app, "readme.md")
        await pilot.press("ctrl+l")
        await until(pilot, lambda: names(app) == ["notes.txt"])
        await pilot.press("backspace", "backspace")
        assert not names(app)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        assert names(app) == ["readme.md"] and app.main_screen.chat.conversation is None, "the new chat is shown"
        await pilot.press("ctrl+l")
        await until(pilot, lambda: not names(app))


async def test_the_first_message_takes_them_from_the_new_chat(make_app: Make, engine: ScriptedEngine) -> None:
    engine.replies.append("hello")
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        await attach(pilot, app, "notes.txt")
        store = Store()
        await until(pilot, lambda: [file.attachment.name for file in store.draft_files(None)] == ["notes.txt"])
        await say(pilot, app, "hi")
        await answered(pilot, app, "hello")
        await until(pilot, lambda: store.draft_files(None) == ())
        chat = app.main_screen.chat.conversation
        assert chat is not None and store.draft_files(chat.id) == () and not names(app)
        store.close()


async def test_an_edit_keeps_what_was_attached_before_it(make_app: Make) -> None:
    (number,) = fill(COLOURS)
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        await attach(pilot, app, "notes.txt")
        await pilot.press("f7")
        assert not names(app)
        await attach(pilot, app, "readme.md")
    store = Store()
    assert [file.attachment.name for file in store.draft_files(number)] == ["notes.txt", "readme.md"]
    store.close()


async def test_piped_text_is_kept_too(make_app: Make) -> None:
    app = make_app(model=MODEL, stdin=b"from a pipe")
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        await until(pilot, lambda: names(app) == ["stdin"])
    app = make_app(model=MODEL)
    async with app.run_test(size=SIZE) as pilot:
        await back(pilot, app)
        assert [one.text for one in app.main_screen.attachments] == ["from a pipe"]
