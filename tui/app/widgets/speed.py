"""How fast the model answers: decode, first token, prefill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.app.widgets.lines import Line, LinesPane, spread
from tui.core.units import format_seconds, format_speed, speed_band


@dataclass(frozen=True, slots=True)
class Speeds:
    """What is known of the present or the last generation.

    Attributes:
        decode: tok/s of generation; None before there are two tokens.
        first_token: seconds from the request to the first token (TTFT); None before it came.
        prefill: tok/s of reading the prompt; None when nothing had to be read.
    """

    decode: float | None = None
    first_token: float | None = None
    prefill: float | None = None


def speed_lines(speeds: Speeds, width: int) -> list[Line]:
    """The whole pane; what is not known is left out as a dash, so that the rows stay where they are."""
    decode = format_speed(speeds.decode) if speeds.decode is not None else "-"
    band = speed_band(speeds.decode) if speeds.decode is not None else ""
    first = format_seconds(speeds.first_token) if speeds.first_token is not None else "-"
    prefill = format_speed(speeds.prefill) if speeds.prefill is not None else "-"
    return [
        spread([("SPEED", "title")], [(decode, "value")], width),
        spread([(" feels", "label")], [(band or "-", "bar" if band else "value")], width),
        spread([(" first token", "label")], [(first, "value")], width),
        spread([(" prefill", "label")], [(prefill, "value")], width),
    ]


class SpeedPane(LinesPane):
    """Live tok/s with the words for it, the time to the first token, and the prefill speed."""

    DEFAULT_CSS = """
    SpeedPane { padding: 0 1; }
    """

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(name=name, id=id, classes=classes)
        self._speeds = Speeds()

    def show(self, speeds: Speeds) -> None:
        """Draw new speeds; `Speeds()` when nothing was generated yet."""
        self._speeds = speeds
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The pane's lines."""
        return speed_lines(self._speeds, width)
