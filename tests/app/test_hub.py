"""The search of the Hub: as one types, page by page, with a way out of every wait and a sentence for every failure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.local_hub import LocalHub
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens import hub as hub_screen
from tui.app.screens.hub import HubScreen, size_words
from tui.app.screens.repository import RepositoryScreen
from tui.app.widgets.hub_results import HubResults
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.message import MessagePane
from tui.catalogue.hub.values import RepoSummary
from tui.settings.settings import Settings

Make = Callable[..., LocalLLMApp]
BILLION = 1_000_000_000


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types slowly here."""
    monkeypatch.setattr(hub_screen, "DELAY", 0.01)


def stock(hub: LocalHub, count: int = 3) -> None:
    """Repositories whose downloads fall and whose likes rise by number."""
    for number in range(count):
        hub.add(
            f"{'mmnga' if number % 2 else 'bartowski'}/Model-{number:03d}-GGUF", {"m-Q4_K_M.gguf": b"GGUF"},
            downloads=10_000 - number, likes=number, gguf={"total": (number + 1) * BILLION},
        )  # fmt: skip


async def opened(app: LocalLLMApp, pilot: Pilot[Any]) -> HubScreen:
    """The Hub's screen, after ctrl+g."""
    await pilot.press("ctrl+g")
    await until(pilot, lambda: isinstance(app.screen, HubScreen) and app.screen.query(HubResults))
    assert isinstance(app.screen, HubScreen)
    return app.screen


def names(screen: HubScreen) -> list[str]:
    return [item.repo_id for item in screen.query_one(HubResults).items]


async def answered(pilot: Pilot[Any], screen: HubScreen, count: int) -> None:
    """The last of the questions is answered: there is one after each key."""
    await until(pilot, lambda: len(names(screen)) == count and screen._delay is None and not screen._asking.waiting)


def message(screen: HubScreen) -> str:
    return screen.query_one(MessagePane).text


def searches(hub: LocalHub) -> list[str]:
    return [asked.path for asked in hub.requests if asked.path.startswith("/api/models?")]


async def test_an_empty_search_shows_what_to_start_with(make_app: Make, hub: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await until(pilot, lambda: names(screen))
        rows = screen.query_one(HubResults).plain
        assert "mmnga/gemma-2-2b-it-gguf" in rows and "tok/s" in rows
        assert all(purpose in rows for purpose in ("English", "Japanese", "code", "fits"))
        assert not searches(hub)


async def test_typing_searches(make_app: Make, hub: LocalHub) -> None:
    stock(hub)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press(*"model")
        await answered(pilot, screen, 3)
        assert names(screen)[0] == "bartowski/Model-000-GGUF"
        row = screen.query_one(HubResults).plain.splitlines()[0]
        assert row.split() == ["bartowski/Model-000-GGUF", "1.0B", "fits", "10.0k", "0", *row.split()[5:]]
        await pilot.press("escape")
        await until(pilot, lambda: "mmnga/gemma-2-2b-it-gguf" in names(screen))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HubScreen))


async def test_nothing_is_asked_before_the_typing_stops(
    make_app: Make, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_screen, "DELAY", 3600)
    stock(hub)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press(*"model")
        await until(pilot, lambda: screen.query_one("#hub-words", Input).value == "model")
        assert not searches(hub)
        await pilot.press("enter")
        await until(pilot, lambda: len(names(screen)) == 3)
        assert len(searches(hub)) == 1 and "search=model" in searches(hub)[0]


async def test_the_next_key_ends_the_question_before(make_app: Make, hub: LocalHub) -> None:
    stock(hub)
    hub.fault(path="/api/models", delay=300, times=1)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: len(searches(hub)) == 1)
        await pilot.press("o")
        await until(pilot, lambda: len(names(screen)) == 3)
        assert "search=mo" in searches(hub)[-1]


async def test_escape_ends_a_question_that_gets_no_answer(make_app: Make, hub: LocalHub) -> None:
    stock(hub)
    hub.fault(path="/api/models", delay=300)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: searches(hub))
        await pilot.press("escape")
        await until(pilot, lambda: message(screen).startswith("stopped"))
        hub.heal()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(names(screen)) == 3)


async def test_further_pages_come_when_one_scrolls(make_app: Make, hub: LocalHub) -> None:
    stock(hub, 95)
    app = make_app()
    async with app.run_test(size=(100, 24)) as pilot:
        screen = await opened(app, pilot)
        rows = screen.query_one(HubResults)
        await pilot.press(*"model")
        await until(pilot, lambda: len(rows.items) >= 30)
        assert len(rows.items) < 95

        def more_than(count: int) -> bool:
            return len(rows.items) > count

        while len(rows.items) < 95:
            seen = len(rows.items)
            while rows.at < seen - 1:
                await pilot.press("pagedown")
            await until(pilot, partial(more_than, seen))
        assert len(set(names(screen))) == 95
        assert rows.marked is not None and "95 found" in str(screen.query_one("#hub-order").plain)  # type: ignore[attr-defined]


async def test_order_size_and_author(make_app: Make, hub: LocalHub) -> None:
    stock(hub, 8)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press(*"model")
        await answered(pilot, screen, 8)
        await pilot.press("ctrl+s")
        await until(pilot, lambda: names(screen) and names(screen)[0].endswith("007-GGUF"))
        await pilot.press("ctrl+b")
        await until(pilot, lambda: len(names(screen)) == 2)
        found = screen.query_one(HubResults).items
        assert all(isinstance(item, RepoSummary) and (item.parameters or 0) <= 2 * BILLION for item in found)
        await pilot.press("tab", *"mmnga")
        await until(pilot, lambda: names(screen) == ["mmnga/Model-001-GGUF"])
        assert "author=mmnga" in searches(hub)[-1] and "sort=likes" in searches(hub)[-1]


async def test_a_whole_name_is_opened_as_it_is(make_app: Make, hub: LocalHub) -> None:
    stock(hub)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await opened(app, pilot)
        await pilot.press(*"hf.co/mmnga/Model-001-GGUF:Q4_K_M", "enter")
        await until(pilot, lambda: isinstance(app.screen, RepositoryScreen))
        await until(pilot, lambda: any("Model-001" in asked.path for asked in hub.requests))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"status": 429, "headers": {"Retry-After": "30"}}, "too many requests"),
        ({"status": 503}, "has trouble"),
        ({"cut_after": 10}, "ended within the answer"),
        ({"body": b"<html>log in</html>"}, "web page"),
    ],
)
async def test_a_failure_is_one_sentence_with_a_way_on(
    make_app: Make, hub: LocalHub, fault: dict[str, Any], words: str
) -> None:
    stock(hub)
    hub.fault(path="/api/models", **fault)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press(*"model")
        await until(pilot, lambda: words in message(screen))
        assert message(screen).endswith("ctrl+r tries again.")
        assert not names(screen)
        hub.heal()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(names(screen)) == 3)
        assert not message(screen)


async def test_a_dead_mirror_is_named(make_app: Make, hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: "http://127.0.0.1:9 (HF_ENDPOINT) cannot be reached" in message(screen))


async def test_switched_off_it_says_so_and_asks_nobody(make_app: Make, hub: LocalHub) -> None:
    stock(hub)
    app = make_app(settings=Settings().replace(offline=True))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        await pilot.press("m")
        await until(pilot, lambda: message(screen).startswith("the Hub is switched off here"))
        assert message(screen).endswith("F4, Offline switches it on here.")
        assert not hub.requests
        app.take_settings(app.settings.replace(offline=False))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(names(screen)) == 3)


async def test_the_help_and_the_bottom_line_name_the_keys(make_app: Make, hub: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        assert "ctrl+s sort" in screen.query_one(KeyLine).plain
        await pilot.press("f1")
        await until(pilot, lambda: app.screen.query("HelpText"))
        text = app.screen.query_one("HelpText").plain  # type: ignore[attr-defined]
        assert "ctrl+b" in text and "Only models of some number of parameters." in text


@pytest.mark.parametrize(
    ("smallest", "largest", "words"),
    [(None, None, "any"), (None, 2 * BILLION, "up to 2B"), (2 * BILLION, 5 * BILLION, "2B to 5B"),
     (40 * BILLION, None, "from 40B")],
)  # fmt: skip
def test_sizes_in_words(smallest: int | None, largest: int | None, words: str) -> None:
    assert size_words(smallest, largest) == words
