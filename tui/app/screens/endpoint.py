"""The form for a model that another server runs: where it is, which one, and where the key is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.app.activity import Activity
from tui.app.rendering.shown import shown_line
from tui.app.widgets.glyphs import current_glyphs
from tui.core.endpoints import Endpoint, clean_url, parse_address, place_of, remote_name
from tui.core.errors import LocalLLMError, SettingError
from tui.core.events import Answered, Event, Failed
from tui.engine.ticket import Ticket
from tui.services.remote.look import PORTS
from tui.settings.endpoints import check_endpoint, read_endpoints, save_endpoint

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.services.remote.look import FoundServer

_FIELDS = (
    ("address", "address", "http://127.0.0.1:8080/v1"),
    ("key", "key", "env:NAME or keyring:SERVICE; empty for none"),
    ("model", "model", "as the server calls it; Test lists them"),
    ("name", "name", "as you call it"),
)


class EndpointScreen(ModalScreen[Endpoint | None]):
    """Asks for an endpoint and keeps it; the result is what was kept, or None when the person left."""

    CSS_PATH = "endpoint.tcss"
    AUTO_FOCUS = "#endpoint-address"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave", priority=True),
        Binding("down", "app.focus_next", "next", show=False),
        Binding("up", "app.focus_previous", "previous", show=False),
    ]
    """
    | Key(s) | Description |
    | :- | :- |
    | escape | Stops asking a server, or leaves. |
    | tab, up, down | To the next or the previous field. |
    | enter | In address and key: asks for the models. In model and name: keeps it. |
    """

    ports: ClassVar[Sequence[int]] = PORTS
    """Where it looks on this machine."""

    def __init__(self) -> None:
        super().__init__()
        self._asking: Activity | None = None
        self._offered: list[tuple[str, str]] = []
        self._named = ""

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    @property
    def said(self) -> str:
        """What the form says now."""
        return str(self.query_one("#endpoint-message", Static).content)

    def compose(self) -> ComposeResult:
        """Fields, what came of asking, buttons and keys."""
        with Vertical(id="endpoint-box") as box:
            box.border_title = Content("Add a remote model")
            for name, label, placeholder in _FIELDS:
                with Horizontal(classes="endpoint-row"):
                    yield Static(Content(label), classes="endpoint-label")
                    field = Input(placeholder=placeholder, compact=True, id=f"endpoint-{name}")
                    field.cursor_blink = False
                    yield field
            yield Static(Content("The key itself is never kept here."), id="endpoint-message")
            yield OptionList(id="endpoint-models", compact=True, markup=False)
            with Horizontal(id="endpoint-buttons"):
                yield Button("Test", id="endpoint-test", compact=True)
                yield Button("Look on this machine", id="endpoint-look", compact=True)
                yield Button("Keep", id="endpoint-keep", compact=True)
            yield Static(Content("enter test, keep   tab next   esc leave"), id="endpoint-keys")

    def on_mount(self) -> None:
        """Nothing was found yet."""
        self.query_one(OptionList).display = False

    def field(self, name: str) -> Input:
        """One of the fields: `address`, `key`, `model`, `name`."""
        return self.query_one(f"#endpoint-{name}", Input)

    # Asking

    @on(Input.Submitted, "#endpoint-address")
    @on(Input.Submitted, "#endpoint-key")
    @on(Button.Pressed, "#endpoint-test")
    def test(self) -> None:
        """Ask the server for its models."""
        try:
            base_url, model = parse_address(self.field("address").value)
            self.field("address").value = base_url
            if model:
                self.field("model").value = model
            endpoint = check_endpoint(Endpoint("-", base_url, "", self.field("key").value))
        except LocalLLMError as error:
            self._say(error.line(), failed=True)
            return
        self._say(f"asking {place_of(base_url)}{current_glyphs().ellipsis}")

        def show(names: Sequence[str]) -> None:
            count = len(names)
            self._say(f"{place_of(base_url)} answers: {count} model{'s' * (count != 1)}, choose one")
            self._offer([(base_url, name) for name in names], with_place=False)
            if not names:
                self._say(f"{place_of(base_url)} answers and lists no model: name one", failed=True)

        self._ask(self.program.host.remote.models_of(endpoint), cast("Callable[[object], None]", show))

    @on(Button.Pressed, "#endpoint-look")
    def look(self) -> None:
        """Ask the usual ports of this machine."""
        self._say(f"looking on this machine{current_glyphs().ellipsis}")

        def show(found: Sequence[FoundServer]) -> None:
            offered = [(server.base_url, name) for server in found for name in server.models or ("",)]
            self._say(self._found_words(found), failed=not found)
            self._offer(offered, with_place=True)

        self._ask(self.program.host.remote.look_here(self.ports), cast("Callable[[object], None]", show))

    def _found_words(self, found: Sequence[FoundServer]) -> str:
        if not found:
            return f"no server answers here, at the ports {', '.join(map(str, self.ports))}"
        locked = [place_of(server.base_url) for server in found if server.wants_key]
        words = f"{len(found)} server{'s' * (len(found) != 1)} here: choose a model"
        return f"{words}; {', '.join(locked)} wants a key" if locked else words

    def _ask(self, ticket: Ticket, show: Callable[[object], None]) -> None:
        if self._asking is not None:
            self._asking.cancel()
            self._asking.abandon()

        def take(events: list[Event], _speed: float) -> None:
            last = events[-1]
            if isinstance(last, Answered):
                show(last.value)
            elif isinstance(last, Failed):
                self._say(last.error.line(), failed=True)

        def over() -> None:
            self._asking = None

        self._asking = Activity(self, ticket, take, over)

    def _offer(self, offered: list[tuple[str, str]], *, with_place: bool) -> None:
        self._offered = offered
        models = self.query_one(OptionList)
        models.clear_options()
        for base_url, name in offered:
            text = name or "(wants a key)"
            models.add_option(Option(Content(shown_line(f"{place_of(base_url)}  {text}" if with_place else text))))
        models.display = bool(offered)
        if offered:
            models.highlighted = 0
            models.focus()

    @on(OptionList.OptionSelected)
    def _choose(self, event: OptionList.OptionSelected) -> None:
        base_url, model = self._offered[event.option_index]
        self.field("address").value = base_url
        if not model:
            self.field("key").focus()
            return
        self.field("model").value = model
        name = self.field("name")
        if not name.value or name.value == self._named:
            name.value = self._named = self._free_name(base_url, model)
        name.focus()

    @staticmethod
    def _free_name(base_url: str, model: str) -> str:
        """The model's own short name, with its place where another endpoint has that name."""
        short = remote_name(f"{model} @ {base_url}") or model
        taken = {one.name.casefold() for one in read_endpoints().all if (one.base_url, one.model) != (base_url, model)}
        return f"{short} at {place_of(base_url)}" if short.casefold() in taken else short

    # Keeping

    @on(Input.Submitted, "#endpoint-model")
    @on(Input.Submitted, "#endpoint-name")
    @on(Button.Pressed, "#endpoint-keep")
    def keep(self) -> None:
        """Keep the endpoint, and end."""
        address, key, model, name = (self.field(field).value.strip() for field, _, _ in _FIELDS)
        try:
            base_url, given = parse_address(address)
            model = model or given
            if not model:
                raise SettingError("Which model is it?", hint="Enter in the address lists them")
            named = name or self._free_name(base_url, model)
            endpoint = check_endpoint(Endpoint(named, clean_url(base_url), model, key))
            save_endpoint(endpoint)
        except LocalLLMError as error:
            self._say(error.line(), failed=True)
            return
        self.dismiss(endpoint)

    def action_leave(self) -> None:
        """Stop asking first, then leave."""
        if self._asking is None:
            self.dismiss(None)
        else:
            self._asking.cancel()
            self._say("stopped")

    def on_unmount(self) -> None:
        """Nothing is asked any more."""
        if self._asking is not None:
            self._asking.cancel()

    def _say(self, text: str, *, failed: bool = False) -> None:
        message = self.query_one("#endpoint-message", Static)
        message.set_class(failed, "failed")
        message.update(Content(shown_line(text)))
