"""Drawing only the rows that changed shows what drawing everything shows."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui.app.rendering.compositor import RowCompositor, _runs


class Panes(Screen[None]):
    """A row above, two columns of which one is scrolled, and a row below."""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = RowCompositor()
        self.asked: list[int] = []

    def compose(self) -> ComposeResult:
        yield Static(Content("above"), id="above", classes="one")
        with Horizontal():
            with VerticalScroll(id="left"):
                for number in range(40):
                    yield Static(Content(f"line {number}"), id=f"n{number}", classes="one")
            yield Static(Content("\n".join(f"right {number}" for number in range(20))), id="right")
        yield Static(Content("below"), id="below", classes="one")


class PanesApp(App[None]):
    """Shows them."""

    CSS = "Horizontal { height: 1fr; } #left { width: 20; } .one { height: 1; }"

    def get_default_screen(self) -> Screen[None]:
        return Panes()


def test_rows_as_runs() -> None:
    assert list(_runs([])) == []
    assert list(_runs([3])) == [(3, 4)]
    assert list(_runs([0, 1, 2, 5, 7, 8])) == [(0, 3), (5, 6), (7, 9)]


async def test_only_rows_that_changed_are_drawn() -> None:
    app = PanesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        screen = app.screen
        screen.query_one("#left").scroll_to(y=7, animate=False)
        await pilot.pause()
        drawn: list[int] = []
        right = screen.query_one("#right", Static)
        plain = right.render_line

        def counted(y: int):  # type: ignore[no-untyped-def]
            drawn.append(y)
            return plain(y)

        right.render_line = counted  # type: ignore[method-assign]
        screen.query_one("#above", Static).update(Content("above, changed"))
        screen.query_one("#below", Static).update(Content("below, changed"))
        screen.query_one("#n9", Static).update(Content("nine, changed"))
        await pilot.pause()
        shown = ["".join(segment.text for segment in strip) for strip in screen._compositor.render_strips()]
        assert shown[0].startswith("above, changed")
        assert shown[-1].startswith("below, changed")
        assert any(line.startswith("nine, changed") for line in shown)
        assert not drawn, "what lies between was not asked for"


async def test_the_terminal_gets_the_changed_rows() -> None:
    app = PanesApp()
    async with app.run_test(size=(60, 24)) as pilot:
        screen = app.screen
        compositor = screen._compositor
        await pilot.pause()
        row = screen.query_one("#n3").region
        compositor._dirty_regions = {row, screen.query_one("#below").region}
        update = compositor.render_partial_update()
        assert update is not None
        text = update.render_segments(app.console)
        assert "line 3" in text
        assert "below" in text
        assert "line 4" not in text
