"""Serve: the loaded model for programs and other machines, started, watched and ended from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import BindingType

from tui.app.commands.command import Command, bindings
from tui.app.commands.serving import SERVING_COMMANDS
from tui.app.rendering.shown import shown_line
from tui.app.screens.watching import Watching
from tui.app.serving import Serving
from tui.app.status import model_name
from tui.app.widgets.lines import Line, Piece
from tui.core.errors import LocalLLMError
from tui.services.served import ServeWish

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp

_LABEL = 13


class ServingScreen(Watching):
    """The server beside the chat.

    Args:
        serving: the server.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(SERVING_COMMANDS)]
    commands = SERVING_COMMANDS
    name_shown = "SERVE"
    no_transcripts = "prompts and answers are not kept: t keeps those that come from now on"

    def __init__(self, serving: Serving) -> None:
        super().__init__(serving.watched)
        self._serving = serving
        self._key_shown = False
        self._known: object = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    def on_mount(self) -> None:
        """Follow the settings and the model too."""
        self.watch(self.app, "settings", self.refresh_facts, init=False)
        self.watch(self.app, "status", self._watch_model, init=False)

    def _watch_model(self) -> None:
        model = self.program.host.model
        if model is not self._known:
            self._known = model
            self.refresh_facts()
            self._say_marked()

    # What is said

    def state_words(self) -> tuple[str, str]:
        """Whether it serves."""
        if self._serving.changing == "ending":
            return "ending when what runs is done; s once more ends it now", "warning"
        if self._serving.changing:
            return "starting", "label"
        return ("serving", "strong") if self._serving.on else ("not serving", "label")

    def facts(self, width: int) -> Sequence[Line]:
        """Address, key, places, pages, transcripts."""
        wish = self._serving.wish or self._serving.wish_of(self.program.settings)
        model = self.program.host.model
        name = model_name(model.path) if model else "none is loaded: clients are told so; F2 loads one"
        reach = "other machines can reach it" if wish.is_open else "this machine alone"
        side = f"{wish.parallel} request{'s' * (wish.parallel != 1)} beside your chat, which keeps its own place"
        kept = "in memory: t forgets them" if self.snapshot.transcripts else "not kept: t keeps those from now on"
        origins = ", ".join(wish.cors_origins) or "none may ask"
        change = "" if self._serving.on else "   F4 changes it"
        return [
            _fact("Model", (shown_line(name), "value")),
            _fact("Address", (shown_line(self._address(wish)), "strong"), (f"   {reach}{change}", "label")),
            _fact("Key", *self._key_pieces(wish)),
            _fact("Places", (side, "value")),
            _fact("Web pages", (shown_line(origins), "value")),
            _fact("Transcripts", (kept, "value" if self.snapshot.transcripts else "label")),
        ]

    def _address(self, wish: ServeWish) -> str:
        host = f"[{wish.host}]" if ":" in wish.host else wish.host
        return f"{self._serving.address or f'http://{host}:{wish.port}'}/v1"

    def _key_pieces(self, wish: ServeWish) -> tuple[Piece, ...]:
        if not wish.key:
            words = "the kept one is wanted, or a new one" if wish.is_open else "none is needed; g wants one"
            return ((words, "label"),)
        shown, verb = (wish.key, "hides") if self._key_shown else ("*" * 12, "shows")
        return (shown_line(shown), "value"), (f"   c copies it, v {verb} it", "label")

    def empty_words(self) -> str:
        """What to do next."""
        if self._serving.changing:
            return ""
        if not self._serving.on:
            return "s starts the server: programs then ask the model loaded here, while you go on with your chat."
        return "Nobody has asked yet. Esc goes back to the chat; the server goes on."

    def shown_commands(self) -> Sequence[Command]:
        """`start` becomes `stop`."""
        words = {"serve.switch": "stop" if self._serving.on else "start"}
        words["serve.show_key"] = "hide key" if self._key_shown else "show key"
        return [replace(one, short=words[one.id]) if one.id in words else one for one in self.commands]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes sense now."""
        serving = self._serving
        if action == "switch":
            return None if serving.changing == "starting" else True
        if action in ("copy_key", "show_key"):
            return True if serving.key else None
        if action in ("new_key", "no_key"):
            fits = action == "new_key" or (bool(serving.key) and not serving.wish_of(self.program.settings).is_open)
            return True if fits and not serving.on and not serving.changing else None
        return super().check_action(action, parameters)

    # What the person asks for

    def action_switch(self) -> None:
        """Start, or stop."""
        self.run_worker(self._stop() if self._serving.on else self._start())
        self.call_later(self.refresh_facts)

    async def _start(self) -> None:
        had_key = bool(self._serving.key)
        try:
            await self._serving.start(self.program.settings)
        except LocalLLMError as error:
            self._tell(f"It is not served: {error.line()}", "error")
            return
        told = f"serving at {self._serving.address}/v1"
        if self._serving.key and not had_key:
            which = "a new key, kept from now on" if self._serving.key_is_new else "the key of before"
            told += f", with {which}, since other machines can reach it: c copies it"
        self._tell(told, "value")

    async def _stop(self) -> None:
        try:
            await self._serving.stop()
        except LocalLLMError as error:
            self._tell(error.line(), "error")
            return
        if not self._serving.on:
            self._tell("the server has ended", "label")

    def _tell(self, text: str, role: str) -> None:
        """Here, or in the chat where the person went meanwhile."""
        if self.is_attached and self.is_current:
            self.refresh_facts()
            self.say(text, role)
        else:
            self.program.say(text, "error" if role == "error" else "info")

    def action_new_key(self) -> None:
        """The kept key, or another one."""
        try:
            self._serving.another_key()
        except LocalLLMError as error:
            self.say(error.line(), "error")
            return
        self.refresh_facts()
        made = self._serving.key_is_new
        which = "a new key, kept for the next time" if made else "the key of before; g makes another"
        self.say(f"{which}: c copies it, v shows it")

    def action_no_key(self) -> None:
        """No key."""
        self._serving.key = ""
        self.refresh_facts()
        self.say("no key is needed")

    def action_show_key(self) -> None:
        """Show it, or hide it."""
        self._key_shown = not self._key_shown
        self.refresh_facts()

    def action_copy_key(self) -> None:
        """To the clipboard of the terminal."""
        self.app.copy_to_clipboard(self._serving.key)
        self.say("copied the key")

    def action_copy_address(self) -> None:
        """To the clipboard of the terminal."""
        wish = self._serving.wish or self._serving.wish_of(self.program.settings)
        self.app.copy_to_clipboard(self._address(wish))
        self.say(f"copied {self._address(wish)}")

    def action_transcripts(self) -> None:
        """Keep prompts and answers, or forget them."""
        on = not self._serving.requests.transcripts
        self._serving.requests.keep_transcripts(on)
        self.look()
        self.say("prompts and answers are kept in memory from now on" if on else "what was kept is forgotten")

    def action_back(self) -> None:
        """Back; the server goes on."""
        self.dismiss(None)


def _fact(label: str, *pieces: Piece) -> Line:
    return ((f"{label:<{_LABEL}}", "label"), *pieces)
