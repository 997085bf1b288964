"""What a screen with a chat does with attachments: picks them, shows them, sends them, takes them back."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from textual import on
from textual.events import Key
from textual.widgets import TextArea

from tui.app.attaching import Attaching, here
from tui.app.picking import Picking
from tui.app.rendering.attachment_rows import Chip, size_words, token_words
from tui.app.screens.talking import Talking
from tui.app.token_costs import TokenCosts
from tui.app.widgets.attachment_line import AttachmentLine
from tui.app.widgets.file_picker import FilePicker
from tui.core.text import one_line
from tui.engine.ticket import Ticket
from tui.services.model_host import ModelHost

if TYPE_CHECKING:
    from tui.services.attachments import Attached
    from tui.store.records import Attachment

_KIB = 1024


class Attaches(Talking):
    """Files go with what is said.

    Args:
        host: where the model is.
    """

    def __init__(self, host: ModelHost) -> None:
        super().__init__(host)
        self._picker = FilePicker(id="file-picker")
        self._attached_line = AttachmentLine(id="attached")
        self.attaching = Attaching(self, self._attach_limit, self._show_attached, self.say_of_attachments)
        self._picking = Picking(self._prompt, self._picker, self.attaching.add)
        self.costs = TokenCosts(self, host, self._show_attached)
        self._prompt.first = self._prompt_key
        self.chat.view.attachment_words = self._words_of
        self._set_aside: tuple[Attached, ...] = ()
        self._sent: tuple[Attached, ...] = ()
        self._counted_with = ""
        self._warned = False
        self._sent_as_text = ""
        self._shown: tuple[Attachment, ...] = ()

    def on_mount(self) -> None:
        """Count anew with another model."""
        self.watch(self.app, "status", self._follow_model)

    def on_unmount(self) -> None:
        """Nothing that is read outlasts the screen."""
        self.attaching.stop()
        self._picking.close()

    def attach_launched(self) -> None:
        """Take what came through standard input."""
        launch = self.program.launch
        if launch.stdin is None:
            return
        if launch.stdin:
            self.attaching.add_bytes("stdin", launch.stdin)
        else:
            self.program.say("standard input was empty: nothing is attached", "warning")
        if launch.stdin and launch.prompt is not None:
            self.program.say("standard input goes with what is said in the chat: F5 goes there")

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """What goes with the prompt."""
        return self.attaching.attachments

    def action_attach(self) -> None:
        """Show what is attached, to change it."""
        from tui.app.screens.attachments import AttachmentsScreen

        self._picking.close()
        self.app.push_screen(AttachmentsScreen(self.attaching, self.chips))

    def say_of_attachments(self, line: str) -> None:
        """Why something could not be attached: where the person asked for it."""
        from tui.app.screens.attachments import AttachmentsScreen

        if isinstance(self.app.screen, AttachmentsScreen):
            self.app.screen.say(line)
        else:
            self.program.say(line, "warning")

    def chips(self) -> list[Chip]:
        """What is attached and what is read, as it is shown."""
        ready = [
            Chip(
                item.attachment.name,
                item.size,
                token_words(*self.costs.of(item.attachment)),
                ", ".join(words for words in (item.note, item.since) if words),
            )
            for item in self.attaching.items
        ]
        return [*ready, *(Chip(reading.text, None, reading.progress) for reading in self.attaching.readings)]

    def _attach_limit(self) -> int:
        return self.program.settings.app.attach_limit * _KIB

    # Showing

    def _show_attached(self) -> None:
        """Something came, went, or was counted."""
        if not self.is_attached:
            return
        self.costs.want(self.attachments)
        if self.attachments != self._shown:
            self._shown = self.attachments
            self.chat.changed()
        counts = [self.costs.of(attachment) for attachment in self.attachments]
        model = self._host.model
        self._attached_line.show(
            self.chips(), sum(count for count, _ in counts), all(exact for _, exact in counts),
            model.n_ctx if model else 0,
        )  # fmt: skip
        from tui.app.screens.attachments import AttachmentsScreen

        if isinstance(self.app.screen, AttachmentsScreen):
            self.app.screen.show()

    def _follow_model(self) -> None:
        model = self._host.model
        if (path := str(model.path) if model else "") != self._counted_with:
            self._counted_with = path
            self._show_attached()

    def _words_of(self, attachment: Attachment) -> str:
        """A stored attachment in the transcript."""
        return f"{size_words(attachment)} {token_words(*self.costs.of(attachment))}"

    # The prompt

    @on(TextArea.Changed, "#prompt")
    @on(TextArea.SelectionChanged, "#prompt")
    def _follow_prompt(self) -> None:
        self._picking.follow()

    def _prompt_key(self, event: Key) -> bool:
        """Whether a key in the prompt is about files."""
        if self._picking.key(event):
            return True
        if event.key == "escape" and self.attaching.stop():
            self._hint("stopped reading")
            return True
        warned, self._warned = self._warned, False
        if event.key != "backspace" or self._prompt.text or not self.attaching.items:
            return False
        last = self.attaching.items[-1]
        name = one_line(last.attachment.name)
        self._warned = not warned  # whoever holds the key to delete a text means the text
        if warned:
            self.attaching.remove(last)
            self._hint(f"{name} is taken off")
        else:
            self._hint(f"backspace again takes off {name}")
        return True

    # Sending

    def _unready(self) -> str:
        """What is read has still to come."""
        if readings := self.attaching.readings:
            return f"still reading {one_line(readings[0].text)}: Esc stops it"
        return self._named_no_file() or super()._unready()

    def _named_no_file(self) -> str:
        """Whoever names a device or a pipe is told once that it goes as text."""
        if "@" not in (text := self._prompt.text) or text == self._sent_as_text:
            return ""
        from tui.services.attachments_named import refused_in

        line = refused_in(text, here(), self._picking.left)
        self._sent_as_text = text if line else self._sent_as_text
        return f"{line}: Enter again sends it as text" if line else ""

    def _generate(self, asking: Coroutine[Any, Any, Ticket], sent: str | None = None) -> None:
        if sent is not None:
            self._sent = self.attaching.items
        super()._generate(asking, sent)

    def _taken(self, sent: str) -> None:
        """What was attached after Enter stays for what is said next."""
        edited = self._edited is not None
        self.attaching.taken(self._sent)
        later, self._sent = self.attaching.items if edited else (), ()
        super()._taken(sent)
        if later:
            self.attaching.restore((*self.attaching.items, *later))

    def _take_back(self, text: str) -> None:
        super()._take_back(text)
        self.attaching.put_back(self.chat.session.unsent_attachments)

    # Editing what was said

    def action_edit(self) -> None:
        """What went with it goes with its other version, unless it is taken off."""
        before = self._edited
        super().action_edit()
        if before is None and self._edited is not None:
            records = self.chat.session.records
            edited = next((record for record in records if record.id == self._edited), None)
            self._set_aside = self.attaching.items
            self.attaching.restore(())
            self.attaching.put_back(edited.attachments if edited else ())

    def _leave_edit(self) -> None:
        edited = self._edited is not None
        super()._leave_edit()
        if edited:
            self.attaching.restore(self._set_aside)
            self._set_aside = ()
