"""A server elsewhere, watched: the real server, one that goes and comes back, and a llama-server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import openai
import pytest
from textual.pilot import Pilot

from tests.app.test_serving import LOAD, ascii_model
from tests.support.serving import serving
from tests.support.waiting import until
from tui.app.attach import AttachApp
from tui.app.screens.attached import AttachedScreen
from tui.app.screens.help import HelpScreen
from tui.app.screens.reader import ReaderScreen
from tui.app.unwaited import unwaited
from tui.services.watching_elsewhere import Elsewhere
from tui.settings.settings import Settings

__all__ = ["ascii_model"]
ASK: dict[str, Any] = {"model": "x", "messages": [{"role": "user", "content": "abc"}], "stream": True}


def shown(app: AttachApp) -> str:
    """All that is on the screen, as text."""
    screen = next(one for one in app.screen_stack if isinstance(one, AttachedScreen))
    names = ("title", "facts", "head", "rows", "message", "total")
    return "\n".join(screen.query_one(f"#watch-{name}").plain for name in names)  # type: ignore[attr-defined]


async def ask(address: str) -> tuple[openai.AsyncOpenAI, openai.AsyncStream[Any]]:
    client = openai.AsyncOpenAI(base_url=f"{address}/v1", api_key="sk-1", max_retries=0, timeout=LOAD)
    stream = await client.chat.completions.create(**ASK, extra_body={"ignore_eos": True})
    return client, stream


async def test_requests_elsewhere_are_seen_read_and_ended(ascii_model: Path) -> None:
    with serving(ascii_model, n_ctx=32_768, api_keys=("sk-1",), transcripts=True) as served:
        app = AttachApp(Elsewhere(served.address, "sk-1"), Settings())
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: "Nothing runs there now." in shown(app), LOAD)
            client, stream = await ask(served.address)
            await until(pilot, lambda: "decode" in shown(app) and "127.0.0.1" in shown(app), LOAD)
            await pilot.press("x")
            with pytest.raises(openai.APIError, match="ended by the server"):
                async for _ in stream:
                    pass
            await until(pilot, lambda: "stopped" in shown(app), LOAD)
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, ReaderScreen), LOAD)
            assert isinstance(app.screen, ReaderScreen) and "user: abc" in app.screen.text
            await pilot.press("escape", "f1")
            await until(pilot, lambda: isinstance(app.screen, HelpScreen), LOAD)
            await client.close()


async def test_a_wrong_key_and_no_transcripts(ascii_model: Path) -> None:
    with serving(ascii_model, n_ctx=32_768, api_keys=("sk-1",)) as served:
        app = AttachApp(Elsewhere(served.address, ""), Settings())
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "wants a key. Give --api-key KEY" in " ".join(shown(app).split()), LOAD)
        app = AttachApp(Elsewhere(served.address, "sk-1"), Settings())
        async with app.run_test(size=(80, 24)) as pilot:
            client, stream = await ask(served.address)
            await until(pilot, lambda: "decode" in shown(app), LOAD)
            await pilot.press("enter")
            await until(pilot, lambda: "keeps no prompts" in shown(app), LOAD)
            await stream.close()
            await client.close()
        with pytest.raises(Exception, match="keeps no prompts"):
            Elsewhere(served.address, "sk-1").transcript(1)


async def test_a_server_that_goes_and_comes_back(ascii_model: Path) -> None:
    with serving(ascii_model, n_ctx=512) as served:
        app = AttachApp(Elsewhere(served.address), Settings())
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, lambda: "Nothing runs" in shown(app), LOAD)
            served.running.kill()
            await until(pilot, lambda: "cannot be reached" in shown(app), LOAD)
            with llama_server(served.port):
                await pilot.press("r")
                await until(pilot, lambda: "llama-server" in shown(app) and "decode" in shown(app), LOAD)
                await check_llama_server(pilot, app)


async def test_a_line_that_falls_silent_is_said_and_so_is_its_return() -> None:
    silent, asked = threading.Event(), threading.Event()
    page = json.dumps({"object": "localllm.requests", "data": [], "totals": {}, "places": 2}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.set()
            while silent.is_set():  # the connection stands, and nothing comes
                time.sleep(0.05)
            with contextlib.suppress(OSError):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        app = AttachApp(Elsewhere(f"http://127.0.0.1:{server.server_address[1]}"), Settings())
        async with app.run_test(size=(120, 24)) as pilot:
            await until(pilot, lambda: "Nothing runs there now" in shown(app), LOAD)
            silent.set()
            await until(pilot, lambda: "does not answer within 3 s (asked again every 2 s)" in shown(app), LOAD)
            silent.clear()
            await until(pilot, lambda: "answers again" in shown(app), LOAD)
            await pilot.press("escape")
        assert app.return_code == 0
    finally:
        silent.clear()
        server.shutdown()
        server.server_close()


def test_the_end_waits_for_no_server() -> None:
    never = threading.Event()

    async def leave() -> None:
        asking = asyncio.create_task(unwaited(never.wait))
        await asyncio.sleep(0)
        asking.cancel()

    asyncio.run(leave())  # it would wait for ever, were the thread one of the loop's own

    async def fail() -> None:
        raise_it: dict[str, int] = {}
        await unwaited(lambda: raise_it["no"])

    with pytest.raises(KeyError):
        asyncio.run(fail())
    assert asyncio.run(unwaited(lambda: 5)) == 5


async def check_llama_server(pilot: Pilot[int], app: AttachApp) -> None:
    await until(pilot, lambda: "1,500 tokens out" in shown(app), LOAD)
    assert app.screen.check_action("cancel", ()) is None
    assert "2 side by side" in shown(app) and "tiny.gguf" in shown(app)


@contextmanager
def llama_server(port: int) -> Iterator[None]:
    """What llama-server answers to `/slots` and `/metrics` (tools/server/README.md of llama.cpp)."""
    slot = {"id": 0, "id_task": 5, "is_processing": True, "n_prompt_tokens": 9, "next_token": [{"n_decoded": 7}]}
    pages = {
        "/slots": json.dumps([slot, {"id": 1, "is_processing": False}]),
        "/v1/models": json.dumps({"object": "list", "data": [{"id": "/somewhere/tiny.gguf"}]}),
        "/metrics": "llamacpp:tokens_predicted_total 1500\nllamacpp:tokens_predicted_seconds_total 10\n",
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(200 if page else 404)
            self.end_headers()
            self.wfile.write((page or '{"error": {"message": "File Not Found"}}').encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
