"""What will go with the prompt, right above it."""

from __future__ import annotations

from collections.abc import Sequence

from tui.app.rendering.attachment_rows import Chip, chip_rows
from tui.app.widgets.lines import Line, LinesPane


class AttachmentLine(LinesPane):
    """A few rows that are there only while something is attached."""

    DEFAULT_CSS = """
    AttachmentLine { display: none; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._chips: tuple[Chip, ...] = ()
        self._total = (0, True)
        self._n_ctx = 0

    def show(self, chips: Sequence[Chip], total: int, exact: bool, n_ctx: int) -> None:
        """Show attachments; the arguments are those of `chip_rows`."""
        self._chips, self._total, self._n_ctx = tuple(chips), (total, exact), n_ctx
        self.display = bool(chips)
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The rows."""
        return chip_rows(self._chips, *self._total, self._n_ctx, width)
