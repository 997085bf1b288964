"""Long and many chats in the application itself: opened, scrolled, streamed into, listed, searched.

The model is a scripted one: what is measured is the screen and the store.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, cast

from textual import events
from textual.pilot import Pilot

from tests.benchmarks.measure import Measurement, Setup, percentile, spread
from tests.support.many_chats import write_many
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.collecting import Collector
from tui.app.screens.chats import ChatsScreen
from tui.app.screens.tree import TreeScreen
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.rows import Rows
from tui.app.widgets.transcript import Transcript
from tui.services.daily_check import check_daily
from tui.services.launch import Launch
from tui.services.model_host import ModelHost
from tui.settings.settings import Settings
from tui.store.store import Store, store_file

T = TypeVar("T")

_SIZE = (120, 40)
_MODEL = "/models/Scripted-1B-Instruct-Q4_K_M.gguf"
_MANY, _TURNS, _SHORT_TURNS = 10_000, 1000, 5
_ROUNDS = 5
_TOKENS = 1000


def chats_on_screen(setup: Setup) -> Iterator[Measurement]:
    """Milliseconds to open, scroll and stream into a chat of 2,000 messages, and to list and search 10,000 chats."""
    with _home(setup.scratch / "long-chat"):
        write_many(store_file(), 1, turns=_TURNS, words=370)
        yield from asyncio.run(_run(_long))
        long = asyncio.run(_run(_streamed))
    with _home(setup.scratch / "short-chat"):
        write_many(store_file(), 1, turns=_SHORT_TURNS, words=370)
        short = asyncio.run(_run(_streamed))
    yield Measurement(
        "UI processor time of a reply in a chat of 2,000 messages ÷ of 10", long / short, at_most=1.3,
        detail=f"{long:.0f} ÷ {short:.0f} ms for {_TOKENS} tokens",
    )  # fmt: skip
    with _home(setup.scratch / "many-chats"):
        write_many(store_file(), _MANY)
        store = Store()
        check_daily(store)  # else it would run meanwhile, which it does once a day
        store.close()
        yield from asyncio.run(_run(_many))


async def _long(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> list[Measurement]:
    screen, transcript = app.main_screen, app.main_screen.query_one(Transcript)
    number = screen.chat.session.records[0].conversation
    opened, pages, tree = Times(app), Times(app), Times(app)
    for _ in range(_ROUNDS):
        await screen.leave_chat()
        await until(pilot, lambda: screen.chat.view.is_empty)
        await opened.take(lambda: screen.go_to_chat(number), lambda: not screen.chat.view.is_empty)
    for _ in range(60):
        await pages.take(_pressing(app, "pageup"), _scrolled(transcript, transcript.scroll_offset.y))
    for _ in range(_ROUNDS):
        await tree.take(screen.action_tree, lambda: isinstance(app.screen, TreeScreen) and bool(_rows(app.screen)))
        app.pop_screen()
        await pilot.pause()
    return [
        opened.median("open a chat of 2,000 messages, on the screen", 300),
        pages.worst("a page back in it, p95", 100),
        tree.median("its tree", 300),
    ]


async def _streamed(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> float:
    """Milliseconds of processor time for a reply, the median of some."""
    times = []
    for number in range(3):
        engine.hold = True
        app.main_screen.query_one(Prompt).load_text(f"question {number}")
        await pilot.press("enter")
        await until(pilot, lambda: app.status.busy and engine._open is not None)
        begun = time.process_time()
        for at in range(_TOKENS):
            engine.write("word " if at % 12 else "word.\n\n")
            if at % 20 == 0:
                await asyncio.sleep(0.05)
        engine.end()
        await until(pilot, lambda: not app.work.busy)
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times)


async def _many(pilot: Pilot[int], app: LocalLLMApp, engine: ScriptedEngine) -> list[Measurement]:
    opened, keys, letters = Times(app), Times(app), Times(app)
    for _ in range(_ROUNDS):
        await opened.take(app.action_chats, lambda: isinstance(app.screen, ChatsScreen) and bool(_rows(app.screen)))
        table, search = app.screen.query_one("#chats-list", Rows), cast("ChatsScreen", app.screen)
        for name in ("down", "pagedown", "end", "home"):
            await keys.take(_pressing(app, name), _away_from(table, table.at))
        await pilot.press("slash")
        for typed in ("n", "ne", "nee", "need"):
            await letters.take(_pressing(app, typed[-1]), _searched(search, typed))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen is app.main_screen)
    return [
        opened.median(f"F3 with {_MANY:,} chats", 100),
        keys.worst("a key in the list, p95", 100),
        letters.worst("a letter of a search in it, until the places are shown, p95", 100),
    ]


def _pressing(app: LocalLLMApp, key: str) -> Callable[[], object]:
    return lambda: app.post_message(events.Key(key, key if len(key) == 1 else None))


def _away_from(table: Rows[object], at: int) -> Callable[[], bool]:
    return lambda: table.at != at


def _scrolled(transcript: Transcript, top: int) -> Callable[[], bool]:
    return lambda: transcript.scroll_offset.y != top


def _searched(screen: ChatsScreen, words: str) -> Callable[[], bool]:
    return lambda: screen._shown == words


def _rows(screen: ChatsScreen | TreeScreen) -> Sequence[object]:
    """What is listed; nothing before the screen is complete."""
    return screen.rows.items if screen.is_mounted and screen.query(Rows) else ()


class Times:
    """How long the same thing took each time, from what starts it until it is on the screen.

    Args:
        app: where it happens.
    """

    def __init__(self, app: LocalLLMApp) -> None:
        self._app = app
        self._wall: list[float] = []
        self._processor: list[float] = []

    async def take(self, start: Callable[[], object], there: Callable[[], bool]) -> None:
        """Do it once, and wait until `there` holds and is painted."""
        wall, processor = time.perf_counter(), time.process_time()
        start()
        while not there():
            await asyncio.sleep(0.001)
        painted = asyncio.Event()
        self._app.screen.call_after_refresh(painted.set)
        await painted.wait()
        self._wall.append((time.perf_counter() - wall) * 1000)
        self._processor.append((time.process_time() - processor) * 1000)

    def median(self, what: str, limit: float) -> Measurement:
        """The usual time."""
        return self._measurement(what, statistics.median(self._wall), limit)

    def worst(self, what: str, limit: float) -> Measurement:
        """What 95 of 100 stay within."""
        return self._measurement(what, percentile(self._wall, 0.95), limit)

    def _measurement(self, what: str, value: float, limit: float) -> Measurement:
        usual, most = statistics.median(self._processor), max(self._processor)
        detail = f"{spread(self._wall, 'ms')}; processor {usual:.0f} ms, largest {most:.0f}"
        return Measurement(what, value, "ms", at_most=limit, detail=detail)


async def _run(work: Callable[[Pilot[int], LocalLLMApp, ScriptedEngine], Awaitable[T]]) -> T:
    """Let the application do it with a scripted model that is loaded."""
    engine = ScriptedEngine()
    settings = Settings().replace(model_dirs=(str(store_file().parent / "none"),), context_policy="drop")
    app = LocalLLMApp(Launch(settings=settings, model=_MODEL), ModelHost(engine))
    app.collector = Collector()
    async with app.run_test(size=_SIZE) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.main_screen.chat.view.is_empty)
        return await work(pilot, app, engine)


@contextlib.contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Another home for this process."""
    names = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "HF_HUB_OFFLINE")
    before = {name: os.environ.get(name) for name in names}
    folder.mkdir()
    os.environ.update({name: str(folder / name.lower()) for name in names[1:5]} | {"HOME": str(folder), names[5]: "1"})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
