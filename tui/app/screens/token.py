"""The access token of the Hub: entered unseen, checked with the Hub, kept only when the person says so."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.app.asking import Asking
from tui.app.widgets.dialog_keys import DialogKeys
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.message import MessagePane
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.client import Hub
from tui.catalogue.hub.token import VARIABLES, check_form, current, save_token
from tui.core.errors import LocalLLMError

_WHAT = (
    "Some models can be downloaded only by an account that accepted their terms. A token with the right to read"
    " stands for that account; it is made at huggingface.co/settings/tokens."
)
_KEYS = (
    ("enter", "check, use until the program ends"),
    ("ctrl+s", "check and keep on this machine"),
    ("esc", "back"),
)


class TokenScreen(ModalScreen[str]):
    """Takes a token; the result is the account's name, or empty when nothing changed.

    The token holds for this run of the program. Kept in the Hub's own file, it holds for other programs, too.

    Args:
        hub: which Hub it is checked with.
        why: what it is wanted for; one sentence, untrusted.
    """

    CSS_PATH = "token.tcss"
    AUTO_FOCUS = "#token-field"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "check", "check it", show=False),
        Binding("ctrl+s", "save", "keep it", priority=True),
        Binding("escape", "leave", "back", priority=True),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | enter | Checks the token and uses it until the program ends. |
    | ctrl+s | Checks the token and keeps it on this machine. |
    | escape | Back, without a change. |
    """

    def __init__(self, hub: Hub, why: str = "") -> None:
        super().__init__()
        self._hub, self._why = hub, why
        self._asking = Asking(self, "hub-token")

    def compose(self) -> ComposeResult:
        """What a token is, the field, what the Hub says to it, the keys."""
        with Vertical(id="token-box") as box:
            box.border_title = Content("Access token")
            yield MessagePane(id="token-why")
            yield Static(Content(_WHAT), id="token-what")
            yield Input(password=True, placeholder="hf_" + current_glyphs().ellipsis, id="token-field", compact=True)
            yield MessagePane(id="token-message")
            yield DialogKeys(_KEYS, id="token-keys")

    def on_mount(self) -> None:
        """Say where the present one comes from."""
        field = self.query_one(Input)
        field.cursor_blink = False
        self.query_one("#token-why", MessagePane).say(self._why, "warning")
        if (found := current()) is not None:
            self._say(f"The present token comes from {found.origin}.")

    def on_unmount(self) -> None:
        """Nothing is asked any more."""
        self._asking.drop()

    def _say(self, text: str, role: str = "label") -> None:
        self.query_one("#token-message", MessagePane).say(text, role)

    @on(Input.Submitted)
    def action_check(self) -> None:
        """Check it, and use it in this run."""
        self._check(keep=False)

    def action_save(self) -> None:
        """Check it, and keep it."""
        self._check(keep=True)

    def _check(self, keep: bool) -> None:
        endpoint, offline = self._hub.endpoint, self._hub.offline
        try:
            text = check_form(self.query_one(Input).value)
        except LocalLLMError as error:
            self._say(error.line(), "error")
            return
        self._say("asking the Hub" + current_glyphs().ellipsis)

        def question(cancel: Cancel) -> str:
            name = Hub(endpoint, token=text, offline=offline).whoami(cancel)
            if keep:
                save_token(text)
            return name

        def accepted(name: str) -> None:
            # The usual places are looked at in every call, and this is the first of them.
            os.environ[VARIABLES[0]] = text
            self.dismiss(name)

        self._asking.ask(question, accepted, lambda error: self._say(error.line(), "error"))

    def action_leave(self) -> None:
        """Stop the check; else go back."""
        if self._asking.drop():
            self._say("stopped")
        else:
            self.dismiss("")
