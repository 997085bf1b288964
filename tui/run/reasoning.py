"""A reply on standard output: what the model thinks is told apart from what it answers."""

from __future__ import annotations

from tui.core.markers import Markers, markers_for
from tui.core.reasoning import Span, Splitter
from tui.run.output import Output

REASONING_COLOR = "\x1b[90m"  # llama.cpp's colour for it: bright black


class ReplyOutput:
    """Writes a reply as it comes.

    Args:
        output: where to.
        color: whether reasoning has its colour.
        answer_only: whether reasoning and its markers are left out.
    """

    def __init__(self, output: Output, *, color: bool, answer_only: bool) -> None:
        self._output = output
        self._color = REASONING_COLOR if color else ""
        self._answer_only = answer_only
        self._splitter = Splitter(markers_for(""))

    def expect(self, markers: Markers | None) -> None:
        """Say which markers the chat template has, before the first text comes."""
        self._splitter = Splitter(markers_for("", markers))

    def write(self, text: str) -> None:
        """Write what the model wrote.

        Raises:
            OutputClosedError, OutputError: as `Output.write`.
        """
        self._show(self._splitter.feed(text))

    def finish(self) -> None:
        """Write what was held back.

        Raises:
            OutputClosedError, OutputError: as `Output.write`.
        """
        self._show(self._splitter.finish())

    def _show(self, spans: list[Span]) -> None:
        for span in spans:
            if span.kind == "answer":
                self._output.write(span.text)
            elif not self._answer_only:
                self._output.write(span.text, self._color)
