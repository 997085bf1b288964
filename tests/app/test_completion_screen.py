"""The completion view, on an engine that does what the test says."""

from __future__ import annotations

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from tests.support.scripted import ScriptedEngine, model_info
from tests.support.waiting import until
from tui.app.screens.completion import CompletionScreen
from tui.app.screens.editor import EditorScreen
from tui.app.widgets.completion_input import CompletionInput, escaped
from tui.app.widgets.completion_notice import CompletionNotice
from tui.app.widgets.completion_text import CompletionText
from tui.app.widgets.safe_text_area import SafeTextArea
from tui.core.errors import PromptTooLongError
from tui.core.escapes import process_escapes
from tui.core.events import Shifted, StopReason
from tui.core.prompts import RawPrompt
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings


class ViewApp(App[None]):
    """Nothing but the view."""

    def __init__(self, prompt: str | None = None, loaded: bool = True) -> None:
        super().__init__()
        self.engine = ScriptedEngine()
        self.engine.scripted_model = model_info() if loaded else None
        self.view = CompletionScreen(ModelHost(self.engine), Settings(), prompt)

    def on_mount(self) -> None:
        self.push_screen(self.view)

    @property
    def text(self) -> CompletionText:
        return self.view.query_one(CompletionText)

    @property
    def field(self) -> CompletionInput:
        return self.view.query_one(CompletionInput)

    @property
    def notice(self) -> str:
        return self.view.query_one(CompletionNotice).plain

    def asked(self) -> list[str]:
        return [prompt.text for prompt in self.engine.prompts if isinstance(prompt, RawPrompt)]


async def typed(pilot: Pilot[None], app: ViewApp, text: str) -> None:
    await until(pilot, lambda: app.view.is_mounted and app.field.has_focus)
    app.field.value = text
    await pilot.press("enter")


async def test_the_given_prompt_runs_at_once_and_the_margin_tells_who_wrote_what() -> None:
    app = ViewApp("Say\nhello:")
    app.engine.replies.append(" hello\nworld")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "end of text" in app.notice)
        assert app.asked() == ["Say\nhello:"]
        assert app.text.shown_lines == ("> Say", "» hello: hello", "  world")


async def test_enter_appends_with_escapes_and_an_empty_line_goes_on() -> None:
    app = ViewApp()
    app.engine.replies.extend([" two", " three"])
    async with app.run_test() as pilot:
        await typed(pilot, app, r"one\n1")
        await until(pilot, lambda: app.text.plain == "one\n1 two" and not app.view.session.busy)
        assert app.field.value == ""
        await pilot.press("enter")
        await until(pilot, lambda: app.text.plain == "one\n1 two three")
    assert app.asked() == ["one\n1", "one\n1 two"]


async def test_nothing_to_continue_and_no_model_are_said_in_one_line() -> None:
    app = ViewApp(loaded=False)
    async with app.run_test() as pilot:
        await typed(pilot, app, "hello")
        await until(pilot, lambda: "no model is loaded" in app.notice)
        assert app.field.value == "hello"
        app.engine.scripted_model = model_info()
        await typed(pilot, app, "")
        await until(pilot, lambda: "no text to continue" in app.notice)


async def test_undo_takes_back_the_completion_and_returns_what_was_typed() -> None:
    app = ViewApp("Start")
    app.engine.replies.extend([" one", " two"])
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.text.plain == "Start one" and not app.view.session.busy)
        await typed(pilot, app, r" and\n")
        await until(pilot, lambda: app.text.plain == "Start one and\n two" and not app.view.session.busy)
        await pilot.press("ctrl+z")
        await until(pilot, lambda: app.text.plain == "Start one")
        assert app.field.value == r" and\n"


async def test_clear_can_be_undone() -> None:
    app = ViewApp("Start")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.text.plain == "Startok" and not app.view.session.busy)
        await pilot.press("ctrl+l")
        await until(pilot, lambda: app.text.plain == "")
        await pilot.press("ctrl+z")
        await until(pilot, lambda: app.text.plain == "Startok")


async def test_the_edited_text_is_what_goes_on() -> None:
    app = ViewApp("Start")
    async with app.run_test() as pilot:
        await until(pilot, lambda: "end of text" in app.notice and not app.view.session.busy)
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        await pilot.press("backspace", "!", "ctrl+s")
        await until(pilot, lambda: app.screen is app.view and app.text.plain == "Starto!")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.asked()) == 2)
    assert app.asked()[1] == "Starto!"


async def test_escape_stops_and_keeps_what_was_written() -> None:
    app = ViewApp()
    app.engine.hold = True
    async with app.run_test() as pilot:
        await typed(pilot, app, "go")
        await until(pilot, lambda: bool(app.engine.prompts))
        app.engine.write(" on and")
        await until(pilot, lambda: app.text.plain == "go on and")
        await pilot.press("escape")
        await until(pilot, lambda: "stopped" in app.notice)
        assert app.view.session.text == "go on and"


@pytest.mark.parametrize(
    ("reason", "words"),
    [(StopReason.CONTEXT_FULL, "context full"), (StopReason.LENGTH, "-n 1 reached")],
)
async def test_the_end_is_named(reason: StopReason, words: str) -> None:
    app = ViewApp("Start")
    app.engine.reason = reason
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: words in app.notice)


async def test_a_failure_is_one_line_and_the_view_goes_on() -> None:
    app = ViewApp()
    app.engine.generate_error = PromptTooLongError("The prompt has 9,000 tokens", why="the context has 4,096")
    async with app.run_test(size=(120, 40)) as pilot:
        await typed(pilot, app, "long")
        await until(pilot, lambda: "The prompt has 9,000 tokens" in app.notice)
        assert app.field.value == "long" and app.text.plain == app.view.session.text == ""


async def test_what_could_not_be_completed_comes_back_before_what_was_typed_since() -> None:
    app = ViewApp("Start")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.text.plain == "Startok" and not app.view.session.busy)
        app.engine.hold = True
        await typed(pilot, app, r" and\n")
        await pilot.press("x")
        app.engine.fail(PromptTooLongError("The prompt has 9,000 tokens"))
        await until(pilot, lambda: app.field.value == r" and\nx")
        assert app.text.plain == app.view.session.text == "Startok"


async def test_what_was_forgotten_is_said_and_stays_said() -> None:
    app = ViewApp()
    app.engine.hold = True
    async with app.run_test(size=(120, 40)) as pilot:
        await typed(pilot, app, "go")
        await until(pilot, lambda: bool(app.engine.prompts))
        app.engine.write(" on")
        app.engine.post(Shifted(1024, 100))
        await until(pilot, lambda: "the oldest 1,024 tokens are forgotten" in app.notice)
        app.engine.end()
        await until(pilot, lambda: "end of text" in app.notice)
        assert "the oldest 1,024 tokens are forgotten" in app.notice


async def test_model_output_is_never_markup_nor_control() -> None:
    app = ViewApp("x")
    app.engine.replies.append("[bold red]no[/] \x1b[2J[@click=app.quit]q[/]")
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "end of text" in app.notice)
        assert app.text.shown_lines == ("» x[bold red]no[/] ^[[2J[@click=app.quit]q[/]",)
        strip = app.text.render_line(0)
        assert "\x1b" not in strip.text
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, EditorScreen))
        assert "\x1b" not in app.screen.query_one(SafeTextArea).get_line(0).plain


async def test_the_view_follows_its_end_until_the_person_scrolls_up() -> None:
    app = ViewApp("\n".join(f"line {number}" for number in range(100)))
    app.engine.hold = True
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: bool(app.engine.prompts) and 0 < app.text.max_scroll_y == app.text.scroll_offset.y)
        await pilot.press("pageup")
        await until(pilot, lambda: app.text.scroll_offset.y < app.text.max_scroll_y)
        there = app.text.scroll_offset.y
        app.engine.write("\nmore\nmore\nlast")
        await until(pilot, lambda: app.text.plain.endswith("last"))
        assert app.text.scroll_offset.y == there
        row = app.view.query_one("#completion-row")
        await until(pilot, lambda: "newer below (End)" in str(row.border_title))
        await pilot.press("end")
        await until(pilot, lambda: "prompt" in str(row.border_title))
        assert app.text.scroll_offset.y == app.text.max_scroll_y
        await pilot.press("pageup")
        await pilot.press("pagedown", "pagedown", "pagedown")
        await until(pilot, lambda: app.text.scroll_offset.y == app.text.max_scroll_y)
        app.engine.write("\nend\nend")
        await until(pilot, lambda: app.text.plain.endswith("end\nend"))
        await until(pilot, lambda: app.text.scroll_offset.y == app.text.max_scroll_y)


async def test_a_paste_of_several_lines_keeps_them_all() -> None:
    app = ViewApp()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.view.is_mounted and app.field.has_focus)
        app.field.post_message(events.Paste("one\ntwo\x1b"))
        await until(pilot, lambda: app.field.value == r"one\ntwo\x1b")


async def test_prompt_and_completion_look_different() -> None:
    app = ViewApp("Q:")
    app.engine.replies.append(" A")
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.text.plain == "Q: A")
        _, prompt, completion, *_ = app.text.render_line(0)
        assert prompt.text == "Q:" and completion.text == " A"
        assert prompt.style is not None and completion.style is not None
        assert prompt.style.color != completion.style.color
        assert prompt.style.underline and not completion.style.underline


@pytest.mark.parametrize("text", ["a\nb\tc\\n", "\x1b[0m", "日本\u202e", "C:\\new", "\r\n"])
def test_escaping_is_undone_by_processing_escapes(text: str) -> None:
    assert "\n" not in escaped(text) and "\x1b" not in escaped(text)
    assert process_escapes(escaped(text)) == text
