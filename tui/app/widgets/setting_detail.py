"""What is known of the setting one is on: help, range, default, flag, origin, and what is wrong with what one types."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, LinesPane
from tui.app.widgets.settings_draft import SettingsDraft, origin_text
from tui.core.options import Option


def flag_of(spec: Option) -> str:
    """The command-line spelling to show: the first long one."""
    return next((flag for flag in spec.flags if flag.startswith("--")), "".join(spec.flags[:1]))


class SettingDetail(LinesPane):
    """Always the same number of rows, so that nothing jumps.

    Args:
        draft: the values being edited.
    """

    HEIGHT = 4

    def __init__(self, draft: SettingsDraft, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._draft = draft
        self._spec: Option | None = None
        self._error = ""

    def show(self, spec: Option, error: str = "") -> None:
        """Describe a setting.

        Args:
            spec: the setting.
            error: one line when what is being typed is not a value it can have.
        """
        self._spec, self._error = spec, error
        self.rearrange()

    def lines_for(self, width: int) -> Sequence[Line]:
        """The detail of the setting shown."""
        if self._spec is None:
            return [()] * self.HEIGHT
        spec = self._spec
        help_lines: list[Line] = [((text, "value"),) for text in textwrap.wrap(spec.help, max(20, width))[:2]]
        facts = [f"takes {spec.range_text()}", f"default {shown_line(spec.format(spec.default)) or 'empty'}"]
        facts += [flag for flag in (flag_of(spec),) if flag]
        lines = [*help_lines, ((f" {current_glyphs().dot} ".join(facts)[:width], "label"),), self._last(spec)]
        return (lines + [()] * self.HEIGHT)[: self.HEIGHT]

    def _last(self, spec: Option) -> Line:
        if self._error:
            return ((shown_line(self._error), "error"),)
        role = "warning" if spec.name in self._draft.changes else "label"
        text = origin_text(self._draft, spec)
        if spec.reload and spec.name in self._draft.changes:
            text += f" {current_glyphs().dot} applies when the model is loaded again"
        return ((shown_line(text), role),)
