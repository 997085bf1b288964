"""The settings that matter most, at a glance."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.widgets.lines import Line, LinesPane, spread
from tui.core.events import ModelInfo
from tui.settings.settings import Settings, option_named

_SHOWN = (("temp", "temperature"), ("top_k", "top-k"), ("top_p", "top-p"), ("min_p", "min-p"), ("seed", "seed"))


def summary_lines(settings: Settings, model: ModelInfo | None, width: int, threads_used: int = 0) -> list[Line]:
    """The whole pane.

    Args:
        settings: what holds now.
        model: the loaded model, for what the automatic values came to.
        width: cells.
        threads_used: threads that decode had in the last reply; 0 before one.
    """
    lines = [spread([("SETTINGS", "title")], [("F4", "label")], width)]
    for name, label in _SHOWN:
        lines.append(_fact(label, option_named(name).format(settings.get(name)), width))
    threads = option_named("threads").format(settings.load.threads)
    if model is not None and model.threads > 0:
        threads = f"{threads_used or model.threads} (auto)" if threads == "auto" else str(model.threads)
    return [*lines, _fact("threads", threads, width)]


def _fact(label: str, value: str, width: int) -> Line:
    return spread([(f" {label}", "label")], [(value, "value")], width)


class SettingsSummary(LinesPane):
    """Draws the summary; told by the screen when something changes."""

    DEFAULT_CSS = """
    SettingsSummary { padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._settings = Settings()
        self._model: ModelInfo | None = None
        self._threads = 0

    def show(self, settings: Settings, model: ModelInfo | None, threads_used: int = 0) -> None:
        """Draw other values; see `summary_lines`."""
        self._settings, self._model, self._threads = settings, model, threads_used
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The pane's lines."""
        return summary_lines(self._settings, self._model, width, self._threads)
