"""An @ at the beginning of a word in the prompt asks for files; what is typed behind it finds them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.events import Key

from tui.app.file_search import FileSearch, Found
from tui.app.widgets.file_picker import FilePicker
from tui.app.widgets.prompt import Prompt
from tui.core.text import one_line, well_formed

if TYPE_CHECKING:
    from tui.services.attachments_offer import Offer

# Languages that are written without spaces have words that begin anywhere.
_ASKED = re.compile(r'(?:^|(?<=[\s(\u2e80-\uffff]))@("[^"]*|[^\s"]*)$')
_AFTER = re.compile(r"$|[\s),.;:!?]")


def asked_at(line: str, column: int) -> tuple[int, str] | None:
    """Where in a line the @ is whose word ends at the cursor, and what is behind it; None where there is none.

    An address such as `name@example.org` has its @ inside a word.
    """
    found = _ASKED.search(line[:column])
    if found is None or not _AFTER.match(line[column:]):
        return None
    return found.start(), found[1].removeprefix('"')


class Picking:
    """Follows what is typed, shows what it finds, and takes what is chosen.

    Args:
        prompt: where one types.
        picker: where offers are shown.
        attach: called with what is to be attached, as a person would type it.
    """

    def __init__(self, prompt: Prompt, picker: FilePicker, attach: Callable[[str], None]) -> None:
        self._prompt = prompt
        self._picker = picker
        self._attach = attach
        self._search = FileSearch(picker, self._answer)
        self._typed = False
        self._left: tuple[int, int] | None = None
        self.left: set[str] = set()
        """What the person left as text."""
        self._waiting: Callable[[], None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether files are asked for."""
        return self._search.is_open

    def follow(self) -> None:
        """The text or the cursor moved."""
        at = self._at()
        self._left = self._left if at and at[0] == self._left else None
        # Whoever walks through old prompts or pastes one asks for no file.
        if at is None or at[0] == self._left or not (self._typed or self.is_open):
            self.close()
        elif self._prompt.has_focus:
            self._search.ask(at[1])

    def key(self, event: Key) -> bool:
        """A key is pressed in the prompt; whether it was meant for the list of files."""
        self.follow()  # the characters before it may not have been told yet
        self._typed = event.is_printable or event.key in ("backspace", "delete", "ctrl+w")
        if not self.is_open:
            return False
        if event.key in ("up", "down"):
            self._picker.move(-1 if event.key == "up" else 1)
        elif event.key in ("enter", "tab"):
            self._choose(self._prompt.action_send if event.key == "enter" else lambda: None)
        elif event.key == "escape":
            if at := self._at():
                self.left.add(at[1])
            self._left = at[0] if at else None
            self.close()
        else:
            self._waiting = None
            return False
        return True

    def close(self) -> None:
        """Ask for no file any more; the text stays as it was typed."""
        self._waiting = None
        if self.is_open:
            self._search.close()
            self._picker.show(None)

    def _at(self) -> tuple[tuple[int, int], str] | None:
        """Where the @ is, and what is behind it."""
        row, column = self._prompt.cursor_location
        found = asked_at(self._prompt.document.get_line(row), column)
        return ((row, found[0]), found[1]) if found and self._prompt.selection.is_empty else None

    def _answer(self, found: Found) -> None:
        nothing = not found.offers.offers and not found.offers.problem and not found.reading
        self._picker.show(None if nothing else found)
        if (waiting := self._waiting) and (found.offers.offers or not found.reading):
            self._choose(waiting)

    def _choose(self, otherwise: Callable[[], None]) -> None:
        """Take what is marked, as soon as it is known; with no file called so, do something else."""
        at = self._at()
        if at is None:
            return
        offer = self._picker.marked if self._picker.answered == at[1] else None
        known = self._picker.answered == at[1] or self._nothing(at[1])
        self._waiting = None
        if offer is not None:
            self._take(at, offer)
        elif not known:
            self._waiting = otherwise
        elif self._picker.answered is None:
            self.close()
            otherwise()

    def _nothing(self, query: str) -> bool:
        """Whether a question was answered, with nothing."""
        return self._search.answered == query and self._picker.answered is None

    def _take(self, at: tuple[tuple[int, int], str], offer: Offer) -> None:
        (row, column), _query = at
        text = one_line(well_formed(offer.text))
        if offer.kind == "folder":
            self._put(f'@"{text}' if re.search(r"\s", text) else f"@{text}", row, column)
            return
        self.close()
        before = self._prompt.document.get_text_range((0, 0), (row, column))
        # In a sentence the name stays, as a word of it; alone, the line above says it.
        self._put(f"{text} " if before.strip() else "", row, column)
        self._attach(offer.text)

    def _put(self, text: str, row: int, column: int) -> None:
        done = self._prompt.replace(text, (row, column), self._prompt.cursor_location, maintain_selection_offset=False)
        self._prompt.move_cursor(done.end_location)
        self._typed = True
        self.follow()
