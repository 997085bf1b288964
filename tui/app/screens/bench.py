"""Measures a model on this machine, and shows how fast it reads and writes by threads and by depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import Screen

from tui.app.rendering.bench_plot import cost_lines, plot_lines, table_lines, title_line
from tui.app.rendering.shown import shown_line
from tui.app.status import model_name
from tui.app.widgets.bar import meter
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane
from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.core.units import format_bytes, format_count
from tui.services.bench import Bench
from tui.services.bench_results import keep
from tui.services.measurements import BenchPlan, Costs, Result, Speed
from tui.services.model_host import ModelHost


class BenchProgress(LinesPane):
    """How far the measurement is, and what is being measured.

    Args:
        steps: how many there are in all.
    """

    DEFAULT_CSS = """
    BenchProgress { height: 2; }
    """

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._steps = steps
        self._done = 0
        self._line: Line = ()

    def begin(self) -> None:
        """Nothing is done yet."""
        self._done = 0

    def step(self, text: str) -> None:
        """Another step began."""
        self._done = min(self._done + 1, self._steps)
        filled, track = meter(100 * (self._done - 1) / self._steps, 20, current_glyphs())
        self._line = ((filled, "bar"), (track, "track"), (f"  {shown_line(text)}", "value"))
        self.rearrange()

    def say(self, text: str, role: str = "label") -> None:
        """One line in place of the meter."""
        self._line = ((shown_line(text), role),)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The line."""
        return [self._line, ()]


class BenchResults(LinesPane):
    """The table, the bars and the sentences.

    Args:
        introduction: what is said before there is anything to show.
    """

    DEFAULT_CSS = """
    BenchResults { height: auto; }
    """

    def __init__(self, introduction: Sequence[str]) -> None:
        super().__init__()
        self._introduction: list[Line] = [((text, "label"),) for text in introduction]
        self._results: list[Result] = []

    def show(self, results: Sequence[Result]) -> None:
        """Draw what was measured so far."""
        self._results = list(results)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The lines."""
        glyphs = current_glyphs()
        speeds = [result for result in self._results if isinstance(result, Speed)]
        if not speeds:
            return self._introduction
        lines = [*table_lines(speeds, glyphs), (), *plot_lines(speeds, width, glyphs)]
        for result in self._results:
            if isinstance(result, Costs):
                lines += [(), *cost_lines(result, width)]
        return lines


def _introduction(plan: BenchPlan) -> list[str]:
    threads = " and ".join(str(count) for count in plan.threads)
    depths = " and ".join(format_count(depth) for depth in plan.depths)
    return [
        f"Reads {format_count(plan.n_prompt)} tokens and writes {format_count(plan.n_gen)}, {plan.repetitions} times,",
        f"with {threads} threads, and with {depths} tokens in the context already.",
        "",
        "The chat's model is unloaded meanwhile and loaded again afterwards.",
        "Automatic threads begin with what was fastest here.",
    ]


class BenchScreen(Screen[None]):
    """Measures one model in a thread.

    Args:
        host: loads the model; whatever is loaded is unloaded meanwhile.
        path: the model.
        load: how it is loaded.
        plan: what to measure.
        on_begin: called before the first load.
        on_over: called when nothing is measured any more, to bring back what was loaded.
    """

    CSS_PATH = "bench.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "Measure"),
        Binding("escape", "leave", "Stop, or back"),
        Binding("up", "scroll(-1)", "up", show=False),
        Binding("down", "scroll(1)", "down", show=False),
        Binding("pageup", "scroll(-10)", "page up", show=False),
        Binding("pagedown", "scroll(10)", "page down", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter | Starts. |
    | escape | Stops; when nothing runs, goes back. |
    | up,down,pageup,pagedown | Scroll. |
    """

    def __init__(
        self,
        host: ModelHost,
        path: Path,
        load: LoadParams,
        plan: BenchPlan,
        on_begin: Callable[[], None],
        on_over: Callable[[], None],
    ) -> None:
        super().__init__()
        self._host, self._path, self._load, self._plan = host, path, load, plan
        self._on_begin, self._on_over = on_begin, on_over
        self._bench: Bench | None = None
        self._stopping = False
        self.results: list[Result] = []

    def compose(self) -> ComposeResult:
        """Title, progress, results, keys."""
        yield LinesPane(id="bench-title")
        yield BenchProgress(self._steps)
        with VerticalScroll(id="bench-box", can_focus=False):
            yield BenchResults(_introduction(self._plan))
        yield LinesPane(id="bench-keys")

    def on_mount(self) -> None:
        """Say what would happen."""
        self._show_title("")
        self.query_one(BenchProgress).say("Enter starts the measurement.", "value")
        self._show_keys()

    def on_unmount(self) -> None:
        """Leave nothing running."""
        if self._bench is not None:
            self._bench.stop()

    @property
    def running(self) -> bool:
        """Whether something is being measured."""
        return self._bench is not None

    @property
    def _steps(self) -> int:
        plan = self._plan
        tests = bool(plan.n_prompt) + bool(plan.n_gen)
        return len(plan.threads) * (1 + len(plan.depths) * tests * (plan.repetitions + 1)) + 1

    def _show_title(self, facts: str) -> None:
        name = f"MEASURE  {model_name(self._path)}"
        self.query_one("#bench-title", LinesPane).set_lines([title_line(name, facts, self.size.width - 2)])

    def _show_keys(self) -> None:
        keys = "esc stop" if self.running else "enter measure   esc back"
        self.query_one("#bench-keys", LinesPane).set_lines([((keys, "label"),)])

    # Measuring

    def action_start(self) -> None:
        """Measure."""
        if self.running:
            return
        self._on_begin()
        self._bench = Bench(self._host, self._path, self._load, self._plan)
        self._stopping = False
        self.results = []
        self.query_one(BenchProgress).begin()
        self.query_one(BenchResults).show(())
        self._show_keys()
        self.run_worker(self._measure, thread=True, group="bench", exit_on_error=False)

    def _measure(self) -> None:
        """In a thread: hand on each result as it comes."""
        bench, results = self._bench, list[Result]()
        assert bench is not None
        error = "the measurement failed; the log (F8) says why"
        try:
            for result in bench.run(self._post):
                results.append(result)
                self.call_later(self._take, result)
            keep(self._path, results)
            error = ""
        except LocalLLMError as failure:
            error = failure.line()
        finally:
            self.call_later(self._ended, error)

    def _post(self, text: str) -> None:
        self.call_later(self._tell, text)

    def _tell(self, text: str) -> None:
        if not self._stopping:
            self.query_one(BenchProgress).step(text)

    def _take(self, result: Result) -> None:
        self.results.append(result)
        if isinstance(result, ModelInfo):
            self._show_title(f"{result.description}, {format_bytes(result.size)}")
        else:
            self.query_one(BenchResults).show(self.results)

    def _ended(self, error: str) -> None:
        self._bench = None
        if not self.is_attached:
            return
        progress = self.query_one(BenchProgress)
        if self._stopping:
            progress.say("stopped; nothing was kept", "warning")
        elif error:
            progress.say(error, "error")
        else:
            progress.say("done; automatic threads begin with what was fastest from the next load on", "value")
        self._show_keys()
        self._on_over()

    def action_leave(self) -> None:
        """Stop; when nothing runs, back."""
        if self._bench is None:
            self.dismiss(None)
        elif not self._stopping:
            self._stopping = True
            self._bench.stop()
            self.query_one(BenchProgress).say("stopping")

    def action_scroll(self, rows: int) -> None:
        """Move the results."""
        self.query_one("#bench-box").scroll_relative(y=rows, animate=False)
