"""Attachments: picked with @, shown above the prompt, sent, stored, shown again, taken off."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.app.test_chats_last import SIZE, answered, hint, ready, shown
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import TIMEOUT, until
from tui.app.app import LocalLLMApp
from tui.app.screens.attachments import AttachmentsScreen
from tui.app.widgets.attachment_line import AttachmentLine
from tui.app.widgets.file_picker import FilePicker
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.rows import Rows
from tui.core.errors import PromptTooLongError
from tui.core.prompts import ChatPrompt
from tui.services import attachments
from tui.services.attachments import Attached


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a few files."""
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "notes.txt").write_text("buy milk\n")
    (folder / "readme.md").write_text("# Readme\n")
    (folder / "src" / "main.py").write_text("print('hello')\n")
    (folder / "src" / "other.py").write_text("x = 1\n")
    (folder / "secret.log").write_text("ignored")
    (folder / ".gitignore").write_text("*.log\n")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\0\0")
    monkeypatch.chdir(folder)
    return folder


def picker(app: LocalLLMApp) -> FilePicker:
    return app.main_screen.query_one(FilePicker)


def chips(app: LocalLLMApp) -> str:
    line = app.main_screen.query_one(AttachmentLine)
    return line.plain if line.display else ""


def prompt(app: LocalLLMApp) -> Prompt:
    return app.main_screen.query_one(Prompt)


def names(app: LocalLLMApp) -> list[str]:
    return [one.name for one in app.main_screen.attachments]


async def pick(pilot: Pilot[int], app: LocalLLMApp, text: str, *keys: str) -> None:
    """Type something, wait until its last letters were looked for, and press keys."""
    await pilot.press(*text)
    query = text.rpartition("@")[2]
    await until(pilot, lambda: picker(app).answered == query and not picker(app).reading)
    await pilot.press(*keys)


async def attached(pilot: Pilot[int], app: LocalLLMApp, *wanted: str) -> None:
    await until(pilot, lambda: names(app) == list(wanted) and not app.main_screen.attaching.readings)


async def test_a_file_is_picked_sent_and_shown_again(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["first", "second"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@not")
        assert picker(app).display and "notes.txt" in picker(app).plain and "Enter attaches" in picker(app).plain
        assert "secret.log" not in picker(app).plain
        await pilot.press("enter")
        await attached(pilot, app, "notes.txt")
        assert prompt(app).text == "" and not picker(app).display
        await until(pilot, lambda: "@notes.txt 9 B 29 tokens" in chips(app))
        assert "alt+a" in chips(app)
        await pilot.press(*"What?", "enter")
        await answered(pilot, app, "first")
        assert not chips(app) and "❯ you\n  @notes.txt  9 B 29 tokens\n  What?\n" in shown(app)
        asked = engine.prompts[-1]
        assert isinstance(asked, ChatPrompt)
        assert asked.messages[-1].content == "notes.txt:\n```\nbuy milk\n```\n\nWhat?"
        await pilot.press("ctrl+r")
        await answered(pilot, app, "second")
        assert engine.prompts[-1].messages == asked.messages  # type: ignore[union-attr]


async def test_an_edit_keeps_what_was_attached_and_can_change_it(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.extend(["one", "two", "three"])
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@not", "tab")
        await attached(pilot, app, "notes.txt")
        await pilot.press(*"What?", "enter")
        await answered(pilot, app, "one")
        await pick(pilot, app, "@read", "enter")
        await attached(pilot, app, "readme.md")
        await pilot.press("f7")
        assert names(app) == ["notes.txt"] and prompt(app).text == "What?"
        await pilot.press(*"!", "enter")
        await answered(pilot, app, "two")
        assert names(app) == ["readme.md"], "what was attached to the draft comes back with it"
        assert engine.prompts[-1].messages[-1].content == "notes.txt:\n```\nbuy milk\n```\n\nWhat?!"  # type: ignore[union-attr]
        await pilot.press("f7", "ctrl+u", "backspace", "backspace")
        assert not names(app) and "notes.txt is taken off" in hint(app)
        await pilot.press(*"Bare", "enter")
        await answered(pilot, app, "three")
        assert engine.prompts[-1].messages[-1].content == "Bare"  # type: ignore[union-attr]
        await pilot.press("f7", "escape")
        assert names(app) == ["readme.md"]


async def test_what_could_not_be_answered_comes_back_with_its_files(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@not", "enter")
        await attached(pilot, app, "notes.txt")
        engine.generate_error = PromptTooLongError("The prompt has 9,999 tokens and the context holds 4,096")
        await pilot.press(*"What?", "enter")
        await until(pilot, lambda: "9,999 tokens" in shown(app))
        # The text stands in the prompt before it is taken, too: it is back once the message is gone again.
        await until(pilot, lambda: "❯ you" not in shown(app) and not app.work.busy)
        await until(pilot, lambda: prompt(app).text == "What?" and names(app) == ["notes.txt"])
        await pilot.press("ctrl+u", "backspace", "enter")
        await answered(pilot, app, "ok")
        assert engine.prompts[-1].messages[-1].content == "notes.txt:\n```\nbuy milk\n```\n\n"  # type: ignore[union-attr]
        assert "❯ you\n  @notes.txt  9 B 29 tokens\n\n●" in shown(app), "a file alone can be sent"


async def test_an_at_sign_in_ordinary_text_is_not_in_the_way(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press(*"mail me@notes.txt")
        assert not picker(app).display
        await pilot.press("enter")
        await answered(pilot, app, "ok")
        await pilot.press(*"ask @zzqx", "enter")
        await until(pilot, lambda: len(engine.prompts) == 2)
        assert engine.prompts[-1].messages[-1].content == "ask @zzqx"  # type: ignore[union-attr]
        await until(pilot, lambda: not app.work.busy)
        await pick(pilot, app, "see @not", "escape")
        assert not picker(app).display
        await pilot.press("e", "enter")
        await until(pilot, lambda: len(engine.prompts) == 3)
        assert engine.prompts[-1].messages[-1].content == "see @note"  # type: ignore[union-attr]
        await until(pilot, lambda: not app.work.busy and not prompt(app).text)
        await pilot.press("up")
        assert prompt(app).text == "see @note" and not picker(app).display, "an old prompt asks for nothing"
        await pilot.press("up")
        assert prompt(app).text == "ask @zzqx"


async def test_the_key_that_comes_before_the_answer_waits_for_it(app: LocalLLMApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pilot.press(*"compare @main", "enter", *"with @oth", "tab")
        await attached(pilot, app, "src/main.py", "src/other.py")
        assert prompt(app).text == "compare src/main.py with src/other.py "


async def test_folders_are_gone_into_and_taken_whole(app: LocalLLMApp) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@sr", "tab")
        assert prompt(app).text == "@src/"
        await until(pilot, lambda: picker(app).answered == "src/")
        assert "all files in it" in picker(app).plain and "src/main.py" in picker(app).plain
        await pilot.press("down", "down", "up", "enter")
        await attached(pilot, app, "src/main.py")
        await pick(pilot, app, "@src/*.py")
        assert "2 files" in picker(app).plain
        await pilot.press("enter")
        await attached(pilot, app, "src/main.py", "src/other.py")
        await until(pilot, lambda: "src/main.py is attached already" in shown(app))
        await until(pilot, lambda: "of 4,096" in chips(app))


async def test_what_is_no_text_is_refused_with_a_line(app: LocalLLMApp, folder: Path) -> None:
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@pict", "enter")
        await until(pilot, lambda: "picture.png is not attached: it is binary" in shown(app))
        assert not names(app) and not chips(app)
        await pick(pilot, app, "@./")
        await pilot.press("enter")
        await until(pilot, lambda: len(names(app)) == 4)
        assert "./secret.log" not in names(app) and "./.gitignore" not in names(app)


async def test_a_pipe_or_a_device_is_not_sent_as_text_without_a_word(
    app: LocalLLMApp, engine: ScriptedEngine, folder: Path
) -> None:
    os.mkfifo(folder / "src" / "fifo")
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press(*"@/dev/zero", "enter")
        await until(pilot, lambda: "/dev/zero is a device, which cannot be attached; Esc" in picker(app).plain)
        assert prompt(app).text == "@/dev/zero" and not engine.prompts
        prompt(app).put("")
        await pilot.press(*"what is in @src/fifo", "enter")
        await until(pilot, lambda: "src/fifo is a pipe, which cannot be attached; Esc" in picker(app).plain)
        await pilot.press(*",")
        await until(pilot, lambda: not picker(app).display)
        await pilot.press("enter")
        await until(
            pilot, lambda: hint(app) == "src/fifo is a pipe, which cannot be attached: Enter again sends it as text"
        )
        assert prompt(app).text == "what is in @src/fifo," and not engine.prompts
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 1 and not app.work.busy and not prompt(app).text)
        await pick(pilot, app, "@src/fifo", "escape")
        await pilot.press("enter")
        await until(pilot, lambda: len(engine.prompts) == 2 and not app.work.busy and not prompt(app).text)
        await pilot.press(*"@nope.txt and @you", "enter")
        await until(pilot, lambda: len(engine.prompts) == 3)


async def test_the_list_takes_more_and_takes_off(app: LocalLLMApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("alt+a")
        await until(pilot, lambda: isinstance(app.screen, AttachmentsScreen))
        await pilot.press(*"src/*.py", "enter")
        await attached(pilot, app, "src/main.py", "src/other.py")
        await pilot.press(*"nowhere.txt", "enter")
        await until(pilot, lambda: "there is no such file" in str(app.screen.query_one("#attachments-message").text))  # type: ignore[attr-defined]
        await until(pilot, lambda: "src/other.py  " in app.screen.query_one(Rows).plain)
        await pilot.press("tab", "down", "delete")
        await attached(pilot, app, "src/main.py")
        await pilot.press("x", "escape")
        assert not names(app)
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_a_hostile_name_is_shown_and_does_nothing(
    make_app: Callable[..., LocalLLMApp], folder: Path, engine: ScriptedEngine
) -> None:
    name = "a\x1b[31m[red]\nb\u202e.txt"
    (folder / name).write_text("[@click=app.quit]x[/] ```\n```` \n")
    app = make_app(model="/models/Scripted-1B-Instruct-Q4_K_M.gguf")
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@[red]", "enter")
        await attached(pilot, app, name)
        assert "\x1b" not in chips(app) and "^[[31m[red] b\\u202e.txt" in chips(app)
        await pilot.press("enter")
        await answered(pilot, app, "ok")
        assert "@a^[[31m[red] b\\u202e.txt" in shown(app)
        said = engine.prompts[-1].messages[-1].content  # type: ignore[union-attr]
        assert said.endswith("\n`````\n[@click=app.quit]x[/] ```\n```` \n`````\n\n")


async def test_reading_is_stopped_with_esc(app: LocalLLMApp, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go, read = threading.Event(), attachments.read

    def slowly(*given: Any) -> Attached:
        assert let_go.wait(TIMEOUT)
        return read(*given)

    monkeypatch.setattr(attachments, "read", slowly)
    async with app.run_test(size=SIZE) as pilot:
        await ready(pilot, app)
        await pick(pilot, app, "@not", "enter")
        assert "@notes.txt reading…" in chips(app) and "Esc stops reading" in chips(app)
        await pilot.press(*"hi", "enter")
        assert hint(app).startswith("still reading notes.txt: Esc stops it")
        await pilot.press("escape")
        await until(pilot, lambda: not app.main_screen.attaching.readings)
        let_go.set()
        await app.workers.wait_for_complete(worker for worker in app.workers if worker.group == "attach")
        assert not names(app) and not chips(app)
