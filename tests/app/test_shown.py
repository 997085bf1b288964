"""Text on the screen is as wide in every terminal as the layout takes it to be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content
from wcwidth import wcwidth

from tests.app.test_chat import ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.terminal_screen import TerminalScreen
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.rendering.model_rows import row
from tui.app.rendering.running_text import RunningText
from tui.app.rendering.shown import NOTHING, shown_line, shown_text, steady
from tui.app.widgets.completion_input import CompletionInput
from tui.app.widgets.completion_text import CompletionText
from tui.app.widgets.entries import NoteEntry, ReplyEntry, UserEntry
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.safe_text_area import shown as shown_in_editor
from tui.catalogue.entry import ModelEntry

EMOJI = "❤️ 👩‍👩‍👧 🇯🇵🇫🇷 1️⃣ #️⃣ 👍🏽 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ☎︎ ✈️ ⌚️ 🫩 क्‍ष が각 e\u0301"


def columns(text: str) -> int:
    """Cells in a terminal that knows nothing of sequences."""
    return sum(wcwidth(char) for char in text)


def is_steady(text: str) -> bool:
    return all(wcwidth(char) >= 0 for char in text) and cell_len(text) == columns(text)


def test_each_kind_of_sequence_is_broken() -> None:
    assert shown_line("❤️|👩‍👩‍👧|🇯🇵|1️⃣|👍🏽|⌚︎") == "❤|👩👩👧|JP|1|👍|⌚"
    assert steady("👍🏽", NOTHING) == f"👍{NOTHING}" and len(shown_in_editor(EMOJI)) == len(EMOJI)
    assert shown_text("日本語のテキスト、½ → é") == "日本語のテキスト、½ → é"


def test_every_character_alone() -> None:
    for code in range(0x20, 0x110000):
        text = shown_line(f"x{chr(code)}x")
        assert is_steady(text), hex(code)


_TEXT = st.text(st.sampled_from(EMOJI) | st.characters(codec="utf-8"), max_size=80)


@settings(deadline=None, max_examples=150)
@given(_TEXT, st.integers(12, 80))
def test_every_line_is_as_wide_as_its_characters(text: str, width: int) -> None:
    reply = ReplyEntry(text)
    for char in text:  # a sequence may come in pieces
        reply.append(char)
    reply.finish("", text, failed=True)
    lines: list[Content] = []
    for entry in (UserEntry(text), reply, NoteEntry(text)):
        lines += entry.lines(width)
    running = RunningText(width)
    running.append(text, "completion")
    plain = [line.plain.expandtabs(1) for line in lines] + [line.text for line in running.lines]
    assert [line for line in plain if not is_steady(line)] == []


def test_model_names() -> None:
    entry = ModelEntry(Path(f"/m/{EMOJI}.gguf"), EMOJI, 1000, EMOJI, 10, "llama", 1024, True, "folder")
    for width in (27, 60, 100):
        pieces = row(entry, True, 10_000, width, ">")
        assert columns("".join(text for text, _ in pieces)) == width


def terminal_of(app: LocalLLMApp, size: tuple[int, int]) -> TerminalScreen:
    """The whole screen as a terminal shows it that measures code points."""
    terminal = TerminalScreen(*size)
    strips = app.screen._compositor.render_strips()
    terminal.feed("\r\n".join(strip.text for strip in strips).encode())
    return terminal


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_panes_beside_such_text_stay_where_they_are(
    make_app: Callable[..., LocalLLMApp], engine: ScriptedEngine, size: tuple[int, int]
) -> None:
    app = make_app(model=f"/models/{EMOJI}.gguf")
    engine.replies.append(f"{EMOJI}\n\n- {EMOJI}\n\n```\n{EMOJI}\n```\n\n|a|b|\n|-|-|\n|{EMOJI}|x|\n")
    async with app.run_test(size=size) as pilot:
        await ready(pilot, app)
        await say(pilot, app, EMOJI)
        await until(pilot, lambda: "TTFT" in " ".join(shown(app).split()))
        await pilot.press(*"next ", "❤", "\ufe0f", "\u200d", "👧")
        assert app.main_screen.chat.session.messages[0].content == EMOJI
        await pilot.pause()
        assert all(is_steady(strip.text) for strip in app.screen._compositor.render_strips())
        terminal = terminal_of(app, size)
        assert terminal.torn() == []
        for side in app.screen.query("#left, #right").results():
            x = side.region.right - 1 if side.id == "left" else side.region.x
            rows = range(side.region.y, side.region.bottom)
            border = {terminal.cell(x, y).data for y in rows}
            assert len(border) <= 1 and " " not in border, (side.id, border)


async def test_the_completion_view_too(app: LocalLLMApp, engine: ScriptedEngine) -> None:
    engine.replies.append(EMOJI)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot, app)
        await pilot.press("f5")
        field = app.screen.query_one(CompletionInput)
        field.value = EMOJI
        await pilot.pause()
        assert all(is_steady(strip.text) for strip in app.screen._compositor.render_strips())
        await pilot.press("enter")
        await until(pilot, lambda: not app.work.busy and bool(app.screen.query_one(CompletionText).plain))
        await pilot.pause()
        assert all(is_steady(strip.text) for strip in app.screen._compositor.render_strips())
        assert engine.prompts[-1].text == EMOJI  # type: ignore[union-attr]


def test_the_marks_of_a_poor_terminal_are_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    current_glyphs.cache_clear()
    try:
        reply = ReplyEntry("model")
        reply.append("# a\n\n- b\n  - c\n\n> d\n\n---\n\n```\ne\n```\n\n|a|b|\n|-|-|\n|1|2|\n")
        reply.finish("12 tokens", "stopped")
        entries = (UserEntry("x"), reply, ReplyEntry("empty"), NoteEntry("x"), NoteEntry("x", "error"))
        lines = [line.plain for entry in entries for line in entry.lines(40)]
        assert "".join(lines).isascii(), lines
        assert "> you" in lines and "* model" in lines and "  # stopped" in lines
    finally:
        current_glyphs.cache_clear()


async def test_a_prompt_with_joined_emoji_hides_nothing(make_app: Callable[..., LocalLLMApp]) -> None:
    """The rows are as wide as what is drawn, and the cursor is where the next letter goes."""
    text = "RED こんにちは👨‍👩‍👧‍👦 hello hello hello wor here bell ctl [red]x[/red] [b]bold abcdef abcde"
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        prompt = app.main_screen.query_one(Prompt)
        prompt.put(text)
        await until(pilot, lambda: prompt.size.height == 2)
        rows = [prompt.render_line(y).text for y in range(2)]
        assert all(columns(row) <= prompt.size.width for row in rows)
        assert "".join("".join(rows).split()) == "".join(shown_in_editor(text).split()), "all of it is there"
        prompt.move_cursor((0, 0))
        seen = [prompt.cursor_screen_offset]
        while prompt.cursor_location != prompt.document.end:
            await pilot.press("right")
            seen.append(prompt.cursor_screen_offset)
        assert len(set(seen)) == len(seen), "each key moves it"
        assert seen[-1].x - prompt.content_region.x == columns(rows[1].rstrip())
        prompt.put("a❤️👨‍👩")
        await pilot.press("backspace", "backspace")
        assert prompt.text == "a❤️"
        await pilot.press("left", "left", "delete", "b")
        assert prompt.text == "b❤️"
