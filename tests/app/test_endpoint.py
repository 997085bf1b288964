"""Adding a remote model with the form, and chatting with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from tests.support.odd_server import Asked, Wire, odd_server
from tests.support.serving import Served, serving
from tests.support.tiny_gguf import write_tiny_gguf
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.delete_model import DeleteModelScreen
from tui.app.screens.endpoint import EndpointScreen
from tui.app.screens.models import ModelsScreen
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.status_line import StatusLine
from tui.app.widgets.transcript import Transcript
from tui.core.endpoints import Endpoint
from tui.services.launch import Launch
from tui.settings.endpoints import read_endpoints, save_endpoint
from tui.settings.settings import Settings

LOAD = 120.0
"""Seconds that a busy machine may take for a reply, or to import a package."""


@pytest.fixture(autouse=True)
def no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The models that the tests have are out of sight."""
    monkeypatch.setattr("tui.catalogue.found.packaged_ggufs", lambda: iter(()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Our own server with the tiny model."""
    model = write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-far-F32.gguf", ascii_only=True)
    with serving(model, n_ctx=256, parallel=2) as served:
        yield served


def make_app(tmp_path: Path, **values: object) -> LocalLLMApp:
    settings = Settings().replace(temp=0.0, n_predict=12, ignore_eos=True, model_dirs=(str(tmp_path / "none"),))
    return LocalLLMApp(Launch(settings, **values))  # type: ignore[arg-type]


async def form(pilot: Pilot[int], app: LocalLLMApp) -> EndpointScreen:
    await pilot.press("f2")
    await until(pilot, lambda: isinstance(app.screen, ModelsScreen) and not app.searching)
    await pilot.press("plus")
    await until(pilot, lambda: isinstance(app.screen, EndpointScreen) and app.screen.query("#endpoint-name"))
    screen = app.screen
    assert isinstance(screen, EndpointScreen)
    return screen


async def say(pilot: Pilot[int], app: LocalLLMApp, text: str, done: Callable[[], object]) -> None:
    await until(pilot, lambda: app.main_screen.chat.chats.is_open, LOAD)
    app.main_screen.query_one(Prompt).load_text(text)
    await pilot.press("enter")
    await until(pilot, lambda: done() and not app.work.busy, LOAD)


async def test_a_server_is_tested_kept_and_talked_to(server: Served, tmp_path: Path) -> None:
    app = make_app(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await form(pilot, app)
        screen.field("address").value = server.address
        await pilot.press("enter")
        models = screen.query_one(OptionList)
        await until(pilot, lambda: models.option_count == 1, LOAD)
        assert screen.field("address").value == server.base_url
        await pilot.press("enter")  # the model that is offered
        await until(pilot, lambda: screen.field("name").has_focus)
        assert screen.field("model").value == "tiny-far-F32"
        await pilot.press("enter")  # keep it
        await until(pilot, lambda: isinstance(app.screen, ModelsScreen))
        assert read_endpoints().all == (Endpoint("tiny-far-F32", server.base_url, "tiny-far-F32"),)
        browser = app.screen
        assert isinstance(browser, ModelsScreen)
        await until(pilot, lambda: browser.table.marked is not None and browser.table.marked.remote)
        assert "remote" in browser.table.shown[0]
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, LOAD)
        transcript = app.main_screen.query_one(Transcript)
        assert "is ready at 127.0.0.1" in " ".join(transcript.plain.split())
        chat = app.main_screen.chat.session
        await say(pilot, app, "Hello", lambda: len(chat.messages) == 2)
        reply = chat.records[-1].reply
        assert chat.last_reply
        assert reply is not None
        assert reply.facts.model.name == f"tiny-far-F32 @ {server.base_url}"
        assert reply.timings.generated_tokens == 12
        assert app.status.used > 12
        await pilot.press("ctrl+r")
        await until(pilot, lambda: chat.records[-1].siblings == 2 and not app.work.busy, LOAD)
        await say(pilot, app, "And?", lambda: len(chat.messages) == 4)


async def test_the_form_says_what_is_wrong_and_finds_what_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.error(404, "no")

    app = make_app(tmp_path)
    with odd_server(answer) as odd:
        async with app.run_test(size=(120, 40)) as pilot:
            screen = await form(pilot, app)
            screen.field("address").value = "nonsense"
            await pilot.press("enter")
            await until(pilot, lambda: "no address" in screen.said)
            screen.field("address").value = "http://127.0.0.1:9"
            await pilot.press("enter")
            await until(pilot, lambda: "Nothing answers" in screen.said, LOAD)
            screen.field("key").value = "sk-secret"
            await pilot.press("enter")
            await until(pilot, lambda: "env:NAME" in screen.said)
            assert "sk-secret" not in screen.said
            monkeypatch.setattr(EndpointScreen, "ports", (odd.port, 9))
            await pilot.click("#endpoint-look")
            await until(pilot, lambda: screen.query_one(OptionList).option_count == 1)
            screen.field("key").value = ""
            await pilot.press("enter")
            assert screen.field("address").value == odd.base_url
            assert screen.field("model").value == "odd"
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, ModelsScreen))
            assert not read_endpoints().all


async def test_a_reply_that_breaks_off_is_kept_and_said(tmp_path: Path) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Once upon")

    with odd_server(answer) as odd:
        app = make_app(tmp_path, model=str(Endpoint("x", odd.base_url, "odd").path))
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, LOAD)
            assert "ctx      - / ?" in app.main_screen.query_one(StatusLine).plain
            chat = app.main_screen.chat.session
            await say(pilot, app, "Tell me", lambda: len(chat.messages) == 2)
            assert chat.last_reply == "Once upon"
            assert chat.records[-1].state == "interrupted"
            words = " ".join(app.main_screen.query_one(Transcript).plain.split())
            assert "broke in the middle" in words


async def test_a_stalled_reply_stops_with_esc(tmp_path: Path) -> None:
    def answer(_: Asked, wire: Wire) -> None:
        wire.begin()
        wire.delta(content="Once upon")
        wire.wait_until_gone()

    with odd_server(answer) as odd:
        app = make_app(tmp_path, model=str(Endpoint("x", odd.base_url, "odd").path))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, LOAD)
            chat = app.main_screen.chat.session
            await until(pilot, lambda: app.main_screen.chat.chats.is_open, LOAD)
            app.main_screen.query_one(Prompt).load_text("Tell me")
            await pilot.press("enter")
            await until(pilot, lambda: chat.last_reply == "Once upon", LOAD)
            await pilot.press("escape")
            await until(pilot, lambda: not app.work.busy, LOAD)
            assert chat.last_reply == "Once upon"


async def test_an_endpoint_is_taken_off_the_list(tmp_path: Path) -> None:
    save_endpoint(Endpoint("Far", "https://llm.example.com/v1", "m"))
    app = make_app(tmp_path)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("f2")
        await until(pilot, lambda: isinstance(app.screen, ModelsScreen) and app.screen.table.rows)
        browser = app.screen
        assert isinstance(browser, ModelsScreen)
        await until(pilot, lambda: "REMOTE" in browser.detail.plain)
        assert "https://llm.example.com/v1#m" in browser.detail.plain
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DeleteModelScreen))
        screen = app.screen
        assert isinstance(screen, DeleteModelScreen)
        assert "off the list" in screen.plain
        await pilot.press("y")
        await until(pilot, lambda: not read_endpoints().all and not browser.table.rows)
