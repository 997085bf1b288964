"""What the terminal is sent makes it show what it would show if it was sent everything."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.app.test_chat import ready, say, shown
from tests.support.scripted import ScriptedEngine
from tests.support.shadowed import Shadow
from tests.support.waiting import until
from tui.app.app import LocalLLMApp

PIECES = (
    "word ", "Wörter – “ja” … ", "**bold and `code`** ", "\n\n## Heading\n\n", "\n- item\n- *item*\n",
    "\n\n1. one\n2. two\n", "日本語の文章です。", "漢字とカナ、ABC ", "한국어 문장 ", "👍 🎉 ",
    "👨\u200d👩\u200d👧 ❤\ufe0f 🇯🇵 ",
    "e\u0301a\u0308 ", "עברית ", "\n```python\nfor x in y:\n    print('日本', x)\n```\n", "a_very_long_word" * 5 + " ",
    "\x1b[31mred\x07 ", "[red]markup[/red] ", "\t tab ", "| a | b |\n|---|---|\n| 1 | 日 |\n\n",
)  # fmt: skip
TYPED = "abc xyz.日本é👍 "
KEYS = (
    "pageup", "pagedown", "end", "f6", "f1", "f2", "f3", "f4", "f5", "f8", "ctrl+p", "ctrl+n", "ctrl+t", "escape",
    "escape", "escape", "escape", "tab", "up", "down", "left", "backspace", "home", "enter",
)  # fmt: skip
SIZES = ((120, 40), (80, 24), (100, 30), (61, 20), (160, 45), (81, 24))
TERMINALS = {
    "256 colours": {"TERM": "xterm-256color"},
    "16 colours": {"TERM": "xterm"},
    "all colours": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    "no colours": {"TERM": "xterm-256color", "NO_COLOR": "1"},
}


async def act(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine, chance: random.Random) -> None:
    """Something that happens while a person uses the program."""
    what = chance.random()
    if what < 0.5:
        if engine._open is not None and engine._pending_load is None:
            engine.write("".join(chance.choices(PIECES, k=chance.randrange(1, 6))))
        else:
            engine.hold = True
            await pilot.press(*"go", "enter")
    elif what < 0.65:
        await pilot.press(*chance.choices(TYPED, k=chance.randrange(1, 8)))
    elif what < 0.72:
        await pilot.resize_terminal(*chance.choice(SIZES))
    elif what < 0.75:
        app.say(chance.choice(PIECES).strip() or "said")
    else:
        await pilot.press(chance.choice(KEYS))
    await pilot.pause()


@pytest.mark.parametrize("terminal_of", TERMINALS)
@pytest.mark.parametrize("seed", range(1))
async def test_whatever_happens_the_terminal_shows_it(
    make_app: Callable[..., LocalLLMApp],
    engine: ScriptedEngine,
    monkeypatch: pytest.MonkeyPatch,
    terminal_of: str,
    seed: int,
) -> None:
    for name, value in TERMINALS[terminal_of].items():
        monkeypatch.setenv(name, value)
    app = make_app(model="/models/Scripted-1B-Instruct-Q4_K_M.gguf")
    shadow = Shadow(app)
    chance = random.Random(f"{terminal_of} {seed}")
    async with app.run_test(headless=False, size=(120, 40), notifications=True) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "hello")
        for _ in range(40):
            await act(pilot, app, engine, chance)
            assert shadow.wrong() == []
        app.action_redraw()
        await pilot.pause()
        assert shadow.wrong() == []
        assert shadow.updates > 40


async def test_a_streamed_reply_takes_a_small_part_of_what_textual_sends(
    app: LocalLLMApp, engine: ScriptedEngine
) -> None:
    shadow = Shadow(app)
    async with app.run_test(headless=False, size=(120, 40)) as pilot:
        await ready(pilot, app)
        engine.hold = True
        await say(pilot, app, "hello")
        engine.write("It was a dark")
        await until(pilot, lambda: "It was a dark" in shown(app))
        shadow.sent = shadow.usual = 0
        words = [f"word{number}" for number in range(60)]
        for word in words:
            engine.write(f" {word}")
            await until(pilot, lambda word=word: word in shown(app))  # type: ignore[misc]
        assert shadow.wrong() == []
        assert shadow.sent < shadow.usual / 3
