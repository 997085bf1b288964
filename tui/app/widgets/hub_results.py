"""What a search found, or the start list, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from tui.app.rendering.hub_rows import result_row, start_row
from tui.app.widgets.lines import Line
from tui.app.widgets.rows import Rows
from tui.catalogue.hub.curated import Curated
from tui.catalogue.hub.values import RepoSummary, Sort
from tui.monitor.memory import available_memory

Found: TypeAlias = RepoSummary | Curated


class HubResults(Rows[Found]):
    """Repositories, each in one row."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(self._row, id=id)
        self._now = datetime.now(UTC)
        self.available = available_memory()
        """Bytes of memory that a load may take."""
        self.speeds: Mapping[str, float] = {}
        """Tokens a second to expect of the start list's models, by their repository."""
        self.sort: Sort = "downloads"
        """What the results are ordered by."""

    def show(self, items: Sequence[Found], *, at: int | None = None) -> None:
        """Show other ones."""
        self._now = datetime.now(UTC)
        super().show(items, at=at)

    def _row(self, found: Found, width: int) -> Sequence[Line]:
        if isinstance(found, RepoSummary):
            return result_row(found, width, self._now, self.available, self.sort)
        return start_row(found, width, self.available, self.speeds.get(found.repo_id))
