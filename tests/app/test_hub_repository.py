"""One repository: its quantizations, what they need here, its README, and the way to a gated one."""

from __future__ import annotations

import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.support.hub_repos import Blank, Content
from tests.support.local_hub import ALICE, BOB, LocalHub
from tests.support.scripted import ScriptedEngine
from tests.support.waiting import TIMEOUT, until
from tui.app.app import LocalLLMApp
from tui.app.screens.repository import RepositoryScreen
from tui.app.screens.token import TokenScreen
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import LinesPane
from tui.app.widgets.message import MessagePane
from tui.app.widgets.readme import Readme
from tui.app.widgets.rows import Rows
from tui.catalogue.hub.token import token_file
from tui.catalogue.hub.values import Request
from tui.services.downloads import Downloads
from tui.services.hub_models import request_of
from tui.settings.settings import Settings

Make = Callable[..., LocalLLMApp]
REPO = "owner/tiny-GGUF"
README = """---
license: mit
---
# A tiny model

**Bold** words, [bold]no markup[/bold], [@click=app.quit]nor an action[/], \x1b[2Jnor a sequence.

See [the paper](https://arxiv.org/abs/1) and ![a picture](x.png).

| a | b |
|---|---|
| 1 | 2 |
"""


@pytest.fixture
def stocked(hub: LocalHub, tiny_gguf: Path) -> LocalHub:
    """The Hub with one repository of three quantizations, of which one is far too big."""
    content = tiny_gguf.read_bytes()
    files: dict[str, Content] = {
        "tiny-Q4_K_M.gguf": content,
        "tiny-Q8_0.gguf": Blank(content, 2 * len(content)),
        "tiny-F32.gguf": Blank(content, 10**15),
        "mmproj-tiny-F16.gguf": b"GGUF",
        "README.md": README.encode(),
    }
    hub.add(REPO, files, downloads=12345, likes=67, cardData={"license": "mit"}, gguf={"total": 500_000})
    return hub


async def opened(app: LocalLLMApp, pilot: Pilot[Any], repo: str = REPO, quant: str = "") -> RepositoryScreen:
    """A repository's screen."""
    screen = RepositoryScreen(repo, quant)
    await app.push_screen(screen)
    await until(pilot, lambda: screen.query(Rows))
    return screen


def rows_of(screen: RepositoryScreen) -> list[str]:
    return screen.query_one(Rows).plain.splitlines()


def pane(screen: RepositoryScreen, name: str) -> str:
    return screen.query_one(f"#repository-{name}", LinesPane).plain


def message(screen: RepositoryScreen) -> str:
    return screen.query_one("#repository-message", MessagePane).text


def end_before_they_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A download is over by the time the application hears that it is in the list."""
    add = Downloads.add

    def slow(downloads: Downloads, request: Request) -> int:
        number = add(downloads, request)
        deadline = time.monotonic() + TIMEOUT
        while not downloads.snapshot()[-1].over and time.monotonic() < deadline:
            time.sleep(0.001)
        return number

    monkeypatch.setattr(Downloads, "add", slow)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_quantizations_with_size_fit_and_one_recommended(
    make_app: Make, stocked: LocalHub, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        screen = await opened(app, pilot)
        await until(pilot, lambda: len(rows_of(screen)) == 3)
        small, middle, big = rows_of(screen)
        assert small.startswith("Q4_K_M") and "fits" in small
        assert middle.startswith("Q8_0") and "recommended" in middle
        assert big.startswith("F32") and "too big" in big and "909 TiB" in big
        assert screen.query_one("#repository-reason", MessagePane).text.startswith("Q8_0 is recommended: ")
        await until(pilot, lambda: "needs about" in pane(screen, "need"))
        assert "KV cache" in pane(screen, "need") and "4,096 tokens of" in pane(screen, "need")
        assert "licence mit" in screen.query_one("#repository-facts", MessagePane).text
        assert "mmproj" not in screen.query_one(Rows).plain


async def test_the_plan_reads_little_of_a_big_model(make_app: Make, stocked: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, quant="F32")
        await until(pilot, lambda: "weights 909 TiB" in pane(screen, "need") or "needs about" in pane(screen, "need"))
        assert stocked.sent("/cdn/") <= 1_000_000


async def test_what_is_too_big_is_downloaded_only_at_a_second_enter(make_app: Make, stocked: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, quant="F32")
        await until(pilot, lambda: len(rows_of(screen)) == 3)
        await pilot.press("enter")
        await until(pilot, lambda: "is too big for the" in message(screen))
        assert not app.downloads
        await pilot.press("enter")
        await until(pilot, lambda: "is too big for the" not in message(screen))


async def test_the_readme_is_text_and_nothing_else(make_app: Make, stocked: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot)
        readme = screen.query_one(Readme)
        await until(pilot, lambda: "A tiny model" in readme.plain)
        for words in ("Bold words", "[bold]no markup[/bold]", "[@click=app.quit]nor an action[/]", "^[[2Jnor",
            "the paper (https://arxiv.org/abs/1)", "(picture: a picture)",
        ):  # fmt: skip
            assert words in readme.plain
        assert "license: mit" not in readme.plain
        await pilot.press("tab")
        await until(pilot, lambda: readme.has_focus)
        await pilot.press("tab")
        await until(pilot, lambda: screen.query_one(Rows).has_focus)


async def test_without_gguf_it_says_that_converting_is_left_out(make_app: Make, hub: LocalHub) -> None:
    hub.add("owner/weights", {"model.safetensors": b"x", "README.md": b"# weights"})
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "owner/weights")
        await until(
            pilot,
            lambda: (
                message(screen)
                == "owner/weights has no GGUF files: converting is not part of this program. Search for weights GGUF"
            ),
        )


async def test_enter_downloads_and_then_loads(make_app: Make, stocked: LocalHub, engine: ScriptedEngine) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, quant="Q4_K_M")
        await until(pilot, lambda: len(rows_of(screen)) == 3)
        await pilot.press("enter")
        await until(pilot, lambda: " here" in rows_of(screen)[0])
        await until(pilot, lambda: message(screen) == "Q4_K_M is here: Enter loads it.")
        assert not screen.query_one(DownloadStrip).display
        await pilot.press("enter")
        await until(pilot, lambda: engine.loads and app.screen is app.main_screen)
        path = engine.loads[0]
        assert path.name == "tiny-Q4_K_M.gguf" and "models--owner--tiny-GGUF/snapshots" in str(path)


async def test_at_80x24_the_screen_itself_says_how_a_download_goes(
    make_app: Make, stocked: LocalHub, tiny_gguf: Path
) -> None:
    stocked.fault(path="/cdn/", bps=tiny_gguf.stat().st_size // 50)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, quant="Q4_K_M")
        await until(pilot, lambda: len(rows_of(screen)) == 3)
        keys = screen.query_one(KeyLine)
        assert keys.plain.startswith("enter download")
        await pilot.press("enter")
        await until(pilot, lambda: "is being downloaded" in message(screen))
        stocked.hurry()
        await until(pilot, lambda: message(screen) == "Q4_K_M is here: Enter loads it.")
        await until(pilot, lambda: keys.plain.startswith("enter load "))
        assert not list(app._notifications), "a notice would cover the end of the lines below"
        await pilot.press("down")
        await until(pilot, lambda: keys.plain.startswith("enter download"))


async def test_at_80x24_a_failure_is_said_in_place(
    make_app: Make, stocked: LocalHub, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked.add("meta/gated-GGUF", {"gated-Q4_K_M.gguf": tiny_gguf}, gated="manual")
    monkeypatch.setenv("HF_TOKEN", BOB)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "meta/gated-GGUF")
        await until(pilot, lambda: len(rows_of(screen)) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: "has no access to it" in message(screen))
        assert not list(app._notifications)


async def test_a_download_that_fails_before_it_is_seen_to_begin_is_not_said_to_run(
    make_app: Make, stocked: LocalHub, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked.add("meta/gated-GGUF", {"gated-Q4_K_M.gguf": tiny_gguf}, gated="manual")
    monkeypatch.setenv("HF_TOKEN", BOB)
    end_before_they_are_seen(monkeypatch)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "meta/gated-GGUF")
        await until(pilot, lambda: len(rows_of(screen)) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: "failed" in {download.state for download in app.downloads})
        await pilot.pause()
        assert "has no access to it" in message(screen)


async def test_a_download_that_ends_before_it_is_seen_to_begin_is_still_loaded(
    make_app: Make, hub: LocalHub, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.add(REPO, {"tiny-Q8_0.gguf": tiny_gguf})
    end_before_they_are_seen(monkeypatch)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await app.workers.wait_for_complete()  # the first look at the list
        await pilot.pause()
        repository = app.store.hub.repository(REPO)
        request = request_of(repository, repository.variants[0], app.store.folder)
        app.transfers.start(request, load=True)
        await until(pilot, lambda: app.status.model is not None)
        assert app.status.model is not None and app.status.model.path.endswith("tiny-Q8_0.gguf")


async def test_names_that_are_not_trusted_are_counted(make_app: Make, hub: LocalHub, tiny_gguf: Path) -> None:
    hub.add(REPO, {"tiny-Q8_0.gguf": tiny_gguf, "../../evil.gguf": tiny_gguf, "a\x1b[2J-Q4_0.gguf": tiny_gguf})
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        facts = screen.query_one("#repository-facts", MessagePane)
        await until(pilot, lambda: "2 files have names that are not trusted here, and are left out" in facts.text)
        assert len(rows_of(screen)) == 1


async def test_each_row_says_what_its_quantization_costs(make_app: Make, stocked: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        await until(pilot, lambda: len(rows_of(screen)) == 3)
        words = ("good", "excellent", "original")
        assert all(word in row for word, row in zip(words, rows_of(screen), strict=True))
        assert "quality" in pane(screen, "heading")


async def test_a_folder_of_ones_own(make_app: Make, stocked: LocalHub, tmp_path: Path, tiny_gguf: Path) -> None:
    folder = tmp_path / "my models"
    app = make_app(settings=Settings().replace(download_dir=str(folder), model_dirs=(str(folder),)))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, quant="Q4_K_M")
        await until(pilot, lambda: "my models" in pane(screen, "folder"))
        await pilot.press("enter")
        await until(pilot, lambda: " here" in rows_of(screen)[0])
        assert (folder / "tiny-Q4_K_M.gguf").read_bytes() == tiny_gguf.read_bytes()
        await until(pilot, lambda: any(entry.path.parent == folder for entry in app.models))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_missing_part_is_said_and_not_fetched(
    make_app: Make, hub: LocalHub, tiny_gguf: Path, size: tuple[int, int]
) -> None:
    hub.add(REPO, {f"tiny-Q8_0-0000{number}-of-00003.gguf": tiny_gguf for number in (1, 3)})
    app = make_app()
    async with app.run_test(size=size) as pilot:
        screen = await opened(app, pilot)
        await until(pilot, lambda: "part 2 of 3 is missing in the repository" in pane(screen, "need"))
        assert "part 2 of 3 is missing" in rows_of(screen)[0]
        await pilot.press("enter")
        await until(pilot, lambda: "Choose another one" in message(screen))
        assert not app.downloads


async def test_a_gated_one_asks_for_a_token_and_takes_it(
    make_app: Make, stocked: LocalHub, tiny_gguf: Path, isolated_home: Path
) -> None:
    stocked.add("meta/gated-GGUF", {"gated-Q4_K_M.gguf": tiny_gguf}, gated="manual")
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, "meta/gated-GGUF")
        await until(pilot, lambda: "accept the terms at huggingface.co/meta/gated-GGUF" in message(screen))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TokenScreen))
        assert not app.downloads
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("ctrl+k")
        await until(pilot, lambda: isinstance(app.screen, TokenScreen))
        token = app.screen

        def said() -> str:
            return token.query_one("#token-message", MessagePane).text

        await pilot.press(*"not a token", "enter")
        await until(pilot, lambda: "this is not a token" in said())
        token.query_one(Input).value = "hf_nobody_has_this_one"
        await pilot.press("enter")
        await until(pilot, lambda: "does not accept this token" in said())
        assert token.query_one(Input).password
        token.query_one(Input).value = ALICE
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        assert not token_file().exists()
        await until(pilot, lambda: "your account has to have accepted" in message(screen))
        await pilot.press("enter")
        await until(pilot, lambda: " here" in rows_of(screen)[0])
        assert ALICE not in "".join(path.read_text(errors="replace") for path in isolated_home.rglob("*.json"))


async def test_a_token_is_kept_only_when_one_says_so(make_app: Make, hub: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await app.push_screen(TokenScreen(app.store.hub))
        await until(pilot, lambda: app.screen.query(Input))
        app.screen.query_one(Input).value = BOB
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.screen is app.main_screen)
        assert token_file().read_text() == BOB
        assert stat.S_IMODE(token_file().stat().st_mode) == 0o600


async def test_a_token_without_access_is_told(
    make_app: Make, stocked: LocalHub, tiny_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stocked.add("meta/gated-GGUF", {"gated-Q4_K_M.gguf": tiny_gguf}, gated="manual")
    monkeypatch.setenv("HF_TOKEN", BOB)
    app = make_app()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await opened(app, pilot, "meta/gated-GGUF")
        await until(pilot, lambda: len(rows_of(screen)) == 1)
        await pilot.press("enter")
        await until(pilot, lambda: any(download.state == "failed" for download in app.downloads))
        assert "this token's account has no access to it" in app.downloads[0].problem


async def test_a_repository_that_is_not_there(make_app: Make, hub: LocalHub) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, "owner/nothing")
        await until(pilot, lambda: "the Hub shows no owner/nothing" in message(screen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main_screen)


async def test_escape_ends_a_question_that_gets_no_answer(make_app: Make, stocked: LocalHub) -> None:
    stocked.fault(path="/api/models/", delay=300)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot)
        await until(pilot, lambda: stocked.requests)
        await pilot.press("escape")
        await until(pilot, lambda: message(screen).startswith("stopped"))
        stocked.heal()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: len(rows_of(screen)) == 3)
