"""What a load takes, told while it is being chosen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from tests.app.conftest import MIB
from tests.support.waiting import until
from tui.app.app import LocalLLMApp
from tui.app.pricing import Price
from tui.app.status import Phase
from tui.app.widgets.load_price import LoadPrice
from tui.app.widgets.model_detail import ModelDetail
from tui.app.widgets.model_list import ModelList
from tui.core.errors import ModelLoadError
from tui.core.parameters import LoadParams
from tui.engine.engine import Engine
from tui.engine.planner import Plan
from tui.services.model_host import ModelHost

PATH = Path("/models/a.gguf")


def plan(n_ctx: int) -> Plan:
    return Plan(n_ctx, "f16", "f16", 90 * MIB, n_ctx * 1024, 20 * MIB, 4 * MIB)


class PriceApp(App[None]):
    """The line alone; each answer waits until the test lets it go."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[int] = []
        self.gates: dict[int, threading.Event] = {}

    def compose(self) -> ComposeResult:
        self.price = LoadPrice(PATH, self.answer)
        yield self.price

    def answer(self, path: Path, load: LoadParams) -> Plan:
        self.asked.append(load.n_ctx)
        self.gates.setdefault(load.n_ctx, threading.Event()).wait(30)
        if load.n_ctx == 16:
            raise ModelLoadError("llama.cpp refused it", why="\x1b[1mtoo small")
        return plan(load.n_ctx)


@pytest.fixture
def price_app() -> Iterator[PriceApp]:
    app = PriceApp()
    app.gates = {n_ctx: threading.Event() for n_ctx in (16, 1024, 2048, 4096)}
    yield app
    for gate in app.gates.values():
        gate.set()


async def test_only_the_newest_choice_is_priced(price_app: PriceApp) -> None:
    app = price_app
    async with app.run_test(size=(100, 5)) as pilot:
        for n_ctx in (1024, 4096):
            app.price.show(LoadParams(n_ctx=n_ctx))
        await until(pilot, lambda: app.asked == [4096])
        app.price.show(LoadParams(n_ctx=2048))
        await until(pilot, lambda: app.asked == [4096, 2048])
        app.gates[2048].set()
        await until(pilot, lambda: "with 2,048 tokens" in app.price.plain)
        assert "this load needs 116 MiB of" in app.price.plain
        app.gates[4096].set()
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "2,048" in app.price.plain


async def test_why_a_load_would_fail_is_one_line(price_app: PriceApp) -> None:
    app = price_app
    app.gates[16].set()
    async with app.run_test(size=(100, 5)) as pilot:
        app.price.show(LoadParams(n_ctx=16))
        await until(pilot, lambda: app.price.plain == "llama.cpp refused it: ^[[1mtoo small")


def test_too_much_is_a_warning() -> None:
    price = Price(PATH, LoadParams(), plan(4096))
    assert price.words(100 * MIB) == (
        "this load needs 118 MiB of 100 MiB free: too much at 4,096 tokens of context",
        "warning",
    )
    assert price.words(4096 * MIB)[1] == "label"


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_the_settings_form_prices_what_is_chosen(app: LocalLLMApp, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.status.phase is Phase.READY)
        await pilot.press("f4")
        price = app.screen.query_one(LoadPrice)
        await until(pilot, lambda: "with 4,096 tokens" in price.plain)
        app.screen.query_one("#setting-n_ctx").focus()
        await pilot.press("right")
        await until(pilot, lambda: "with 4,608 tokens" in price.plain)
        assert len(price.plain) <= size[0] and price.region.height == 1
        assert app.screen.query_one("#settings-rows").region.width == size[0]


async def test_without_a_model_there_is_nothing_to_price(
    make_app: Callable[..., LocalLLMApp], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.catalogue.scan.scan", lambda folders: iter(()))
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f4")
        assert not app.screen.query(LoadPrice)


async def exact(pilot: Pilot[int], app: LocalLLMApp) -> str:
    detail = app.main_screen.query_one(ModelDetail)
    await until(pilot, lambda: "needs" in detail.plain and "about" not in " ".join(detail.plain.split()))
    return " ".join(detail.plain.split())


async def test_the_marked_model_has_llama_cpps_own_figure(make_app: Callable[..., LocalLLMApp], smollm2: Path) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.main_screen.query_one(ModelList).marked)
        assert "needs 118 MiB of" in await exact(pilot, app)


async def test_llama_cpp_is_really_asked(tiny_gguf: Path) -> None:
    host = ModelHost(Engine())

    class RealApp(App[None]):
        def compose(self) -> ComposeResult:
            yield LoadPrice(tiny_gguf, host.plan)

    app = RealApp()
    async with app.run_test(size=(100, 5)) as pilot:
        price = app.query_one(LoadPrice)
        price.show(LoadParams(n_ctx=512))
        await until(pilot, lambda: "with 512 tokens" in price.plain, timeout=60)
    host.close()
