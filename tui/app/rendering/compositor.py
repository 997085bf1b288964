"""Draws only the rows that changed, whatever lies between them.

Textual draws every widget between the first and the last changed row, and throws away what did not change. While a
reply grows, the status line above and the last line below change ten times a second: everything on the screen lies
between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip


class RowCompositor(Compositor):
    """A compositor that asks widgets for changed rows alone."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[tuple[int, int]] | None = None

    def render_partial_update(self) -> ChopsUpdate | None:
        """What the terminal is sent for the regions that changed."""
        screen = self.size.region
        rows = {y for region in self._dirty_regions for y in region.intersection(screen).line_range}
        self._rows = list(_runs(sorted(rows)))
        try:
            return super().render_partial_update()
        finally:
            self._rows = None

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        if self._rows is None or crop is None:
            yield from super()._get_renders(crop)
            return
        for widget, (region, clip) in self.visible_widgets.items():
            x, y, width, height = region.intersection(clip)
            if not (width and height and crop.overlaps(clip)):
                continue
            for first, end in self._rows:
                top, bottom = max(first, y), min(end, y + height)
                if top < bottom:
                    part = Region(x, top, width, bottom - top)
                    yield part, clip, widget.render_lines(part.translate(-region.offset))


def _runs(rows: list[int]) -> Iterator[tuple[int, int]]:
    """Numbers in ascending order as runs: the first of each, and the one after its last."""
    start = end = -1
    for row in rows:
        if row != end:
            if end > start:
                yield start, end
            start = row
        end = row + 1
    if end > start:
        yield start, end
