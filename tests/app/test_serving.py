"""Serve in the application: the real server on the person's own model, watched while it works."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import openai
import pytest
from textual.pilot import Pilot

from tests.support.tiny_gguf import write_tiny_gguf
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.screens.downloads_question import QuestionScreen
from tui.app.screens.reader import ReaderScreen
from tui.app.screens.serving import ServingScreen
from tui.app.status import Phase
from tui.app.widgets.prompt import Prompt
from tui.app.widgets.status_line import StatusLine
from tui.cli_serve import make_server
from tui.services import load_check
from tui.services.kept_key import kept_key, renew_key
from tui.services.launch import Launch
from tui.settings.settings import Settings

LOAD = 120.0
"""Seconds that a busy machine may take."""


@pytest.fixture(scope="module")
def ascii_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model whose replies are plain letters."""
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny-served-F32.gguf", ascii_only=True)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def make_app(model: Path, **settings: object) -> LocalLLMApp:
    values: dict[str, object] = {"n_ctx": 32_768, "n_predict": 12, "serve_port": free_port(), "model_dirs": ()}
    return LocalLLMApp(
        Launch(Settings().replace(**{**values, **settings}), model=str(model), make_server=make_server)  # type: ignore[arg-type]
    )


async def ready(app: LocalLLMApp, pilot: Pilot[int]) -> None:
    await until(pilot, lambda: app.status.phase is Phase.READY and not app.work.busy, LOAD)
    await until(pilot, lambda: app.main_screen.chat.chats.is_open, LOAD)


async def serve(app: LocalLLMApp, pilot: Pilot[int]) -> ServingScreen:
    await pilot.press("f11")
    screen = app.screen
    assert isinstance(screen, ServingScreen)
    await pilot.press("s")
    await until(pilot, lambda: app.serving.on and not app.serving.changing, LOAD)
    return screen


def shown(screen: ServingScreen) -> str:
    """All that is on the screen, as text."""
    names = ("title", "facts", "head", "rows", "message", "total")
    return "\n".join(screen.query_one(f"#watch-{name}").plain for name in names)  # type: ignore[attr-defined]


def client_of(app: LocalLLMApp, key: str = "no-required") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{app.serving.address}/v1", api_key=key, max_retries=0, timeout=LOAD)


async def test_a_client_and_the_person_share_the_loaded_model(ascii_model: Path) -> None:
    app = make_app(ascii_model)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        loaded = app.host.model
        screen = await serve(app, pilot)
        await until(pilot, lambda: "serving at http://127.0.0.1:" in shown(screen), LOAD)
        assert app.host.engine.sequences == 5
        async with client_of(app) as client:
            asking = asyncio.create_task(
                client.chat.completions.create(
                    model="gemma2", messages=[{"role": "user", "content": "abc"}], max_tokens=8
                )
            )
            await pilot.press("escape")
            prompt = app.main_screen.query_one(Prompt)
            prompt.load_text("hello")
            await pilot.press("enter")
            answer = await asking
            assert answer.usage is not None and answer.usage.completion_tokens > 0
            chat = app.main_screen.chat
            await until(pilot, lambda: chat.last_reply and not app.work.busy, LOAD)
            models = await client.models.list()
            assert [model.id for model in models.data] == ["tiny-served-F32"]
        assert app.host.model is not None and loaded is not None and app.host.model.path == loaded.path
        await until(pilot, lambda: "serving" in app.main_screen.query_one(StatusLine).plain, LOAD)
        await pilot.press("f11")
        again = app.screen
        assert isinstance(again, ServingScreen)
        await until(pilot, lambda: "127.0.0.1       chat/completions" in shown(again), LOAD)
        await pilot.press("s")
        await until(pilot, lambda: not app.serving.on, LOAD)
        await until(pilot, lambda: "the server has ended" in shown(again), LOAD)
        await until(pilot, lambda: app.host.engine.sequences == 1, LOAD)


async def test_requests_are_seen_read_and_ended(ascii_model: Path) -> None:
    app = make_app(ascii_model)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        screen = await serve(app, pilot)
        await pilot.press("enter", "t")
        assert app.serving.requests.transcripts
        async with client_of(app) as client:
            stream = await client.chat.completions.create(
                model="x", messages=[{"role": "user", "content": "abc"}], stream=True, extra_body={"ignore_eos": True}
            )
            await until(pilot, lambda: "decode" in shown(screen), LOAD)
            await pilot.press("x")
            with pytest.raises(openai.APIError, match="ended by the server"):
                async for _ in stream:
                    pass
        await until(pilot, lambda: "stopped" in shown(screen), LOAD)
        assert app.serving.requests.totals.generated_tokens > 0
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ReaderScreen), LOAD)
        reader = app.screen
        assert isinstance(reader, ReaderScreen)
        assert reader.text.startswith("PROMPT\n\nuser: abc\n\nANSWER\n\n")
        await pilot.press("escape", "t")
        assert app.serving.requests.transcript(1) is None


async def test_a_key_is_made_where_others_can_reach_it(ascii_model: Path) -> None:
    app = make_app(ascii_model, serve_host="0.0.0.0")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        screen = await serve(app, pilot)
        key = app.serving.key
        assert key.startswith("sk-local-") and key not in shown(screen)
        assert kept_key() == key
        await until(pilot, lambda: "a new key, kept from now on" in " ".join(shown(screen).split()), LOAD)
        await pilot.press("v")
        assert key in shown(screen)
        port = app.serving.address.rpartition(":")[2]
        base = f"http://127.0.0.1:{port}/v1"
        async with openai.AsyncOpenAI(base_url=base, api_key="wrong", max_retries=0) as wrong:
            with pytest.raises(openai.AuthenticationError):
                await wrong.models.list()
        async with openai.AsyncOpenAI(base_url=base, api_key=key, max_retries=0) as right:
            assert (await right.models.list()).data


async def test_the_key_of_before_is_taken_again(ascii_model: Path) -> None:
    before = renew_key()
    app = make_app(ascii_model, serve_host="0.0.0.0")
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        screen = await serve(app, pilot)
        assert app.serving.key == before
        await until(pilot, lambda: "the key of before" in " ".join(shown(screen).split()), LOAD)


async def test_a_key_where_none_is_needed_is_the_kept_one_first(ascii_model: Path) -> None:
    before = renew_key()
    app = make_app(ascii_model)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        await pilot.press("f11")
        await until(pilot, lambda: isinstance(app.screen, ServingScreen), LOAD)
        await pilot.press("g")
        await until(pilot, lambda: app.serving.key == before, LOAD)
        await pilot.press("g")
        await until(pilot, lambda: app.serving.key == kept_key() != before, LOAD)
        await pilot.press("n")
        await until(pilot, lambda: not app.serving.key, LOAD)
        assert kept_key()


async def test_quitting_over_a_request_asks_first(ascii_model: Path) -> None:
    app = make_app(ascii_model)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await serve(app, pilot)
        async with client_of(app) as client:
            stream = await client.chat.completions.create(
                model="x", messages=[{"role": "user", "content": "abc"}], stream=True, extra_body={"ignore_eos": True}
            )
            await until(pilot, lambda: app.serving.requests.running, LOAD)
            await pilot.press("ctrl+q")
            await until(pilot, lambda: isinstance(app.screen, QuestionScreen), LOAD)
            await pilot.press("escape")
            assert app.is_running and app.serving.on
            await stream.close()


async def test_a_taken_port_is_said(ascii_model: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = make_app(ascii_model, serve_port=taken.getsockname()[1])
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(app, pilot)
            await pilot.press("f11", "s")
            screen = app.screen
            assert isinstance(screen, ServingScreen)
            await until(pilot, lambda: "It is not served: cannot listen at" in shown(screen), LOAD)
            assert not app.serving.on


async def test_places_that_do_not_fit_are_refused_and_nothing_ends(
    ascii_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(ascii_model)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(app, pilot)
        monkeypatch.setattr(load_check, "available_memory", lambda: 0)
        monkeypatch.setattr(app.host, "_held", {})
        await pilot.press("f11", "s")
        screen = app.screen
        assert isinstance(screen, ServingScreen)
        await until(pilot, lambda: "32,768 tokens and 5 places does not fit" in " ".join(shown(screen).split()), LOAD)
        assert not app.serving.on and app.host.engine.sequences == 1 and app.host.model is not None


async def test_another_model_is_served_from_then_on(ascii_model: Path, tmp_path: Path) -> None:
    other = write_tiny_gguf(tmp_path / "other-F32.gguf", ascii_only=True)
    app = make_app(ascii_model)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        await serve(app, pilot)
        app.load_model(other)
        await until(pilot, lambda: app.host.model and app.host.model.path == str(other) and not app.work.busy, LOAD)
        async with client_of(app) as client:
            assert [model.id for model in (await client.models.list()).data] == ["other-F32"]
            ask = {"model": "x", "messages": [{"role": "user", "content": "abc"}], "max_tokens": 3}
            answers = await asyncio.gather(*(client.chat.completions.create(**ask) for _ in range(6)))  # type: ignore[call-overload]
            assert all(answer.usage.completion_tokens for answer in answers)
        await pilot.press("escape")
        app.action_unload()
        await until(pilot, lambda: app.host.model is None, LOAD)
        async with client_of(app) as client:
            with pytest.raises(openai.InternalServerError, match="No model is loaded"):
                await client.chat.completions.create(model="x", messages=[{"role": "user", "content": "abc"}])


async def test_a_reply_under_way_is_not_ended_by_the_start(ascii_model: Path) -> None:
    app = make_app(ascii_model, n_predict=-1, ignore_eos=True, context_policy="shift", n_ctx=512)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(app, pilot)
        app.main_screen.query_one(Prompt).load_text("hello")
        await pilot.press("enter")
        await until(pilot, lambda: app.status.phase is Phase.GENERATING, LOAD)
        await pilot.press("f11", "s")
        screen = app.screen
        assert isinstance(screen, ServingScreen)
        await until(pilot, lambda: "a reply is under way" in shown(screen), LOAD)
        assert not app.serving.on and app.status.phase is Phase.GENERATING
        app.action_stop()
        await until(pilot, lambda: not app.work.busy, LOAD)
