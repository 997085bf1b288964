"""A person at the program's terminal, who types in capitals to a model that replies in small letters.

So everything on the screen is told apart by its letters: what was typed, what was generated, and the program's words.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from itertools import count

from tests.support.killed_store import Left, letters
from tests.support.terminal import Terminal
from tests.support.terminal_screen import TerminalScreen

_WORDS = ("SEA", "STONE", "NIGHT", "RIVER", "GLASS", "WINTER", "LETTER", "東京", "HARBOUR", "LANTERN")
_NUMBERS = count(1)
_GENERATING, _STOPPED = r"^ tiny\b.* generating ", r"^ tiny\b.* stopped "
_RESUMED = "resumed from the saved state"
_TAIL = 60
"""Letters of the end of a text by which it is found."""


class Person:
    """Does what people do, and notes what the screen says was sent.

    Args:
        terminal: where the program runs.
        dice: decides what is said.
        prompts: the texts that the screen showed as sent; grows.
    """

    def __init__(self, terminal: Terminal, dice: random.Random, prompts: set[str]) -> None:
        self.terminal = terminal
        self._dice = dice
        self._prompts = prompts
        self._sent: str | None = None

    # What is done

    def words(self, number: int) -> str:
        """Something to say that was never said before; it ends with a mark."""
        return " ".join([*self._dice.choices(_WORDS, k=number), f"M{next(_NUMBERS):05}"])

    def send(self, text: str, *, paste: bool = False) -> None:
        """Type something and press Enter; whether that was taken is seen later on."""
        mark = text.rsplit(maxsplit=1)[-1]  # of a long one the end is in view
        if paste:
            self.terminal.paste(text)
        else:
            self.terminal.write(text)
        self.until(lambda: mark in typed(self.terminal.screen), f"{mark} in the prompt")
        self.press_enter(text)

    def press_enter(self, text: str) -> None:
        """Send what stands in the prompt."""
        self._sent = text.strip()
        self.terminal.press("enter")

    def wait_sent(self) -> None:
        """Wait until the screen says that it was sent."""
        self.until(self.note_sent, "the prompt above the reply")

    def note_sent(self) -> bool:
        """Whether the screen shows what was sent last above the prompt, in the conversation: so it must be kept."""
        if self._sent is not None:
            if letters(self._sent)[-_TAIL:] not in letters("".join(transcript(self.terminal.screen))):
                return False
            self._prompts.add(self._sent)
            self._sent = None
        return True

    def wait_reply(self) -> None:
        """Wait until a reply is seen to grow."""
        self.terminal.wait_for(_GENERATING)
        self.until(lambda: bool(_reply(self.terminal.screen)), "a reply")
        before = _reply(self.terminal.screen)
        self.until(lambda: _reply(self.terminal.screen) != before, "more of the reply")

    def stop_reply(self) -> None:
        """Stop the reply, and wait until it has ended."""
        self.terminal.press("escape")
        self.terminal.wait_for(_STOPPED)

    def turn(self) -> None:
        """Something that people do with a conversation in which something was said."""
        self._dice.choice((self._say, self._edit, self._again, self._go_on, self._delete))()

    def _say(self) -> None:
        self.send(self.words(3))
        self.wait_sent()
        self._follow()

    def _edit(self) -> None:
        self.terminal.press("f7")
        self.terminal.wait_for("another version: Enter")
        self.terminal.press("end")
        old = self.until_typed()
        added = f" {self.words(1)}"
        self.terminal.write(added)
        self.until(lambda: letters(added) in typed(self.terminal.screen), "the other version")
        assert old
        self._sent = None  # the text of the whole is not known from the screen, and what was added is looked for there
        self.terminal.press("enter")
        mark = added.split()[-1]
        self.until(lambda: any(mark in row for row in transcript(self.terminal.screen)), "the other version to be sent")
        self._follow()

    def _again(self) -> None:
        self.terminal.press("ctrl+r")
        self._follow()

    def _go_on(self) -> None:
        self.terminal.press("ctrl+o")
        self._follow()

    def _delete(self) -> None:
        self.terminal.press("alt+d")
        self.terminal.wait_for(r"deleted: alt\+u")
        self.terminal.press("alt+u")
        self.terminal.wait_for("what was deleted is back")
        self.terminal.press("escape")  # what is back is marked
        # No mark before any row; the meter of the context in the status line may end in the same character.
        self.until(lambda: not any(row.startswith("▌") for row in transcript(self.terminal.screen)), "no mark")

    def _follow(self) -> None:
        self.wait_reply()
        self.note_sent()
        self.stop_reply()

    # What is seen

    def until(self, happened: Callable[[], bool], what: str) -> None:
        """Wait for something on the screen."""

        def look() -> bool:
            self.terminal.lines  # noqa: B018  # brings the screen up to date
            return happened()

        self.terminal.wait_until(look, what)

    def until_typed(self) -> str:
        """Wait until something stands in the prompt, and say what."""
        self.until(lambda: bool(typed(self.terminal.screen)), "a text in the prompt")
        return typed(self.terminal.screen)


def behind(terminal: Terminal, killed: float, left: Left, seconds: float) -> tuple[float, float]:
    """How far the store is behind what the terminal showed when the program was killed.

    Args:
        terminal: what the program wrote, with the times.
        killed: when that was.
        left: what was found.
        seconds: how far back to look.

    Returns:
        For replies and for what was typed: seconds since when more was shown than is kept; 0 when all is there.
    """
    since: list[float | None] = [None, None]
    known = (left.replies, "|".join([*left.drafts, *map(letters, left.prompts)]))
    for when, screen in terminal.screens_since(killed - seconds):
        if when > killed:
            break
        for number, (shown, there) in enumerate(zip((_reply(screen), typed(screen)), known, strict=True)):
            if shown[-_TAIL:] in there:
                since[number] = None
            elif since[number] is None:
                since[number] = when
    replies, drafts = (killed - when if when is not None else 0.0 for when in since)
    return replies, drafts


def middle(screen: TerminalScreen) -> list[str]:
    """The rows of the pane in the middle, without those of the prompt's frame."""
    columns, rows = screen.size
    found = []
    for y in range(1, rows - 1):
        row = "".join(screen.cell(x, y).data for x in range(columns))
        parts = re.split("[▕▏]", row)
        found.append(parts[1].strip() if len(parts) > 2 else "")
    return found


def _prompt_row(pane: list[str]) -> int:
    """The first row of the prompt: below the last line across the pane."""
    across = [y for y, row in enumerate(pane) if "──" in row]
    return across[-1] + 1 if across else len(pane)


def typed(screen: TerminalScreen) -> str:
    """What stands in the prompt, without spaces; empty for the program's own words."""
    pane = middle(screen)
    text = letters("".join(pane[_prompt_row(pane) :]).removeprefix("❯"))
    return text if text == text.upper() else ""


def transcript(screen: TerminalScreen) -> list[str]:
    """The rows of the conversation."""
    pane = middle(screen)
    return pane[: _prompt_row(pane) - 1]


def _reply(screen: TerminalScreen) -> str:
    """What of replies is in view, without spaces: the rows in small letters that are not the program's own."""
    rows = (row for row in transcript(screen) if re.fullmatch(r"[a-z ]+", row) and row != _RESUMED)
    return letters("".join(rows))


def pause(seconds: float) -> None:
    """Let the program go on, to a moment that the dice chose: whatever it does then, it must stand being killed."""
    time.sleep(seconds)
