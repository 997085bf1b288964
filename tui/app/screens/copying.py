"""Pieces of the conversation on the clipboard and in files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.app.alt_keys import take_alt_digits
from tui.app.screens.talking import Talking
from tui.core.reasoning import spoken
from tui.core.units import format_count

if TYPE_CHECKING:
    from tui.app.rendering.copy_rows import Piece
    from tui.app.rendering.fences import CodeBlock
    from tui.store.records import MessageRecord

_MOST_COPIED = 74_994
"""Bytes of the longest text that xterm and programs like it put on the clipboard."""

_NO_CODE = "there is no code block on the screen"


class Copying(Talking):
    """Copies and saves blocks of code by their number, and copies messages."""

    def on_mount(self) -> None:
        """Take the keys of the numbers."""
        take_alt_digits()

    @property
    def _messages(self) -> tuple[MessageRecord, ...]:
        """The branch that is open, a growing reply last."""
        return self.chat.session.records if self.chat.chats.is_open else ()

    @property
    def _message(self) -> MessageRecord | None:
        """The marked message, or else the last reply."""
        marked = self.chat.view.marked
        last = (record for record in reversed(self._messages) if record.role == "assistant")
        return next((record for record in self._messages if record.id == marked), next(last, None))

    def _code_blocks(self) -> list[CodeBlock]:
        """The blocks of code that have numbers now."""
        from tui.app.rendering.fences import code_blocks

        if (entry := self._transcript.numbers.at) is None:
            return []
        message = self.chat.view.message_of(entry)
        source = next((record.text for record in self._messages if record.id == message), "")
        return code_blocks(source, entry.codes)

    def action_copy_code(self, number: int) -> None:
        """Copy the block of code with a number."""
        blocks = self._code_blocks()
        if number <= len(blocks):
            self._copy(blocks[number - 1].text, f"code block {number}")
        elif blocks:
            many = f"are {len(blocks)} code blocks" if len(blocks) > 1 else "is 1 code block"
            self._hint(f"there {many} here")
        else:
            self._hint(_NO_CODE)

    def action_copy_menu(self) -> None:
        """Choose what to copy."""
        if not self._messages:
            self._hint("nothing was said yet")
            return
        from tui.app.screens.copy_menu import CopyMenu

        def take(piece: Piece | None) -> None:
            if piece is not None:
                self._copy(piece.text, piece.name)

        self.app.push_screen(CopyMenu(self._pieces()), take)

    def _pieces(self) -> list[Piece]:
        from tui.app.rendering.copy_rows import code_piece, text_piece
        from tui.services.conversation_text import conversation_text

        pieces = [code_piece(block) for block in self._code_blocks()]
        if (message := self._message) is not None:
            pieces.append(
                text_piece(
                    "m", self._name_of(message), message.text if message.role == "user" else spoken(message.text)
                )
            )
        count = len(self._messages)
        glance = f"{format_count(count)} message{'s' * (count != 1)}"
        pieces.append(replace(text_piece("a", "the whole chat", conversation_text(self._messages)), glance=glance))
        return pieces

    def action_save_code(self) -> None:
        """Write a block of code to a file."""
        blocks = self._code_blocks()
        if not blocks:
            self._hint(_NO_CODE)
            return
        from tui.app.screens.save_code import SaveCode

        def take(said: str | None) -> None:
            if said:
                self._hint(said)

        self.app.push_screen(SaveCode(blocks, Path.cwd()), take)

    def action_view(self) -> None:
        """Read the marked message or the last reply full screen."""
        if (message := self._message) is None:
            self._hint("there is no reply yet")
            return
        from tui.app.screens.reader import ReaderScreen
        from tui.services.conversation_text import conversation_text

        name = self._name_of(message)
        self.app.push_screen(ReaderScreen(name, message.text, lambda: conversation_text(self._messages)))

    def _name_of(self, message: MessageRecord) -> str:
        return "the marked message" if message.id == self.chat.view.marked else "the last reply"

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        much = "; many terminals take 75 kB at most" if len(text.encode("utf-8", "replace")) > _MOST_COPIED else ""
        self._hint(f"copied {what}, {format_count(len(text))} characters{much}")
