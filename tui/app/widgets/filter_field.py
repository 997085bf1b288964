"""A field of one line to filter by."""

from __future__ import annotations

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widgets import Input


class FilterField(Input):
    """A text field of a fixed width: a letter typed draws the field, and does not lay the screen out anew.

    Args:
        placeholder: shown while it is empty.
    """

    virtual_size = Reactive(Size(0, 0), layout=False)
    """How wide the text is; Textual takes any change of it for one of the layout."""

    DEFAULT_CSS = """
    FilterField {
        width: 1fr; height: 1; border: none; padding: 0; background: $background;
        &:focus { border: none; background: $surface; }
    }
    """

    def __init__(self, placeholder: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False
