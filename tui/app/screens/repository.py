"""One repository of the Hub: its quantizations, which of them suits this machine, and what its README says."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer

from tui.app.asking import Asking
from tui.app.commands.command import bindings
from tui.app.commands.hub import REPOSITORY_COMMANDS
from tui.app.opening import Opened, opened, short_words
from tui.app.rendering.hub_rows import repository_facts
from tui.app.rendering.model_rows import home_path
from tui.app.rendering.offer_rows import Offer, fact_lines, missing_words, need_lines, offer_heading, offer_row
from tui.app.rendering.readme_text import readable
from tui.app.rendering.shown import shown_line
from tui.app.widgets.download_strip import DownloadStrip
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.key_line import KeyLine
from tui.app.widgets.lines import LinesPane, spread
from tui.app.widgets.message import MessagePane
from tui.app.widgets.readme import Readme
from tui.app.widgets.rows import Rows
from tui.catalogue.fit import Fit, quick_fit
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.values import Repository, Variant
from tui.core.errors import HubError, LocalLLMError
from tui.core.text import one_line
from tui.core.units import format_bytes
from tui.monitor.memory import available_memory

if TYPE_CHECKING:
    from tui.app.app import LocalLLMApp
    from tui.services.describe import Description

PLAN_DELAY = 0.3
"""Seconds that a row must stay marked before its header is asked for."""


class RepositoryScreen(Screen[None]):
    """Asks for a repository, then for its README and for the header of the marked quantization.

    Args:
        repo_id: `owner/name`.
        quant: the quantization to mark; empty for the recommended one.
    """

    CSS_PATH = "repository.tcss"
    AUTO_FOCUS = "#repository-rows"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(REPOSITORY_COMMANDS)]
    commands = REPOSITORY_COMMANDS

    def __init__(self, repo_id: str, quant: str = "") -> None:
        super().__init__()
        self._repo_id, self._quant = repo_id, quant
        self._opened: Opened | None = None
        self._available = available_memory()
        self._insisted = self._coming = ""
        self._of_row = False
        self._asking = Asking(self, "hub-repository")
        self._asking_readme = Asking(self, "hub-readme")
        self._asking_plan = Asking(self, "hub-plan")
        self._plans: dict[str, Description | LocalLLMError] = {}
        self._delay: Timer | None = None

    @property
    def program(self) -> LocalLLMApp:
        """The application this screen belongs to."""
        return cast("LocalLLMApp", self.app)

    def compose(self) -> ComposeResult:
        """Title and facts; quantizations with what the marked one needs; README; keys."""
        yield LinesPane(id="repository-title")
        yield MessagePane(id="repository-facts")
        with Horizontal(id="repository-columns"):
            with Vertical(id="repository-left"):
                yield LinesPane(id="repository-heading")
                yield Rows[Offer](lambda offer, width: offer_row(offer, width, self._available), id="repository-rows")
                yield MessagePane(id="repository-reason")
                yield LinesPane(id="repository-need")
            yield Readme(id="repository-readme")
        yield MessagePane(id="repository-message")
        yield LinesPane(id="repository-folder")
        yield DownloadStrip()
        yield KeyLine(id="repository-keys")

    def on_mount(self) -> None:
        """Ask."""
        self._show_keys()
        self.watch(self.app, "settings", self._show_folder)
        self.watch(self.app, "downloads", self._look_again)
        self._ask()

    def on_unmount(self) -> None:
        """Nothing is asked any more."""
        for asking in (self._asking, self._asking_readme, self._asking_plan):
            asking.drop()

    def on_resize(self) -> None:
        """Fit the lines to another width; once the columns have theirs."""
        self.call_after_refresh(self._show_frame)

    @property
    def marked(self) -> Offer | None:
        """The quantization one is on."""
        found: Offer | None = self.query_one("#repository-rows", Rows).marked
        return found

    # Asking

    def _ask(self) -> None:
        hub, repo_id, quant = self.program.store.hub, self._repo_id, self._quant
        folder, available = self.program.store.folder, self._available
        self._say("asking the Hub" + current_glyphs().ellipsis)

        def question(cancel: Cancel) -> Opened:
            return opened(hub.repository(repo_id, cancel=cancel), quant, folder, available)

        self._asking.ask(question, self._show, self._fail)

    def _show(self, found: Opened) -> None:
        self._opened = found
        self._plans.clear()
        self._say(found.problem or self._gate_words(found.repository), "warning")
        reason = self.query_one("#repository-reason", MessagePane)
        reason.say(found.reason, "label")
        self.query_one("#repository-rows", Rows).show(found.offers, at=found.wanted)
        if not found.offers:
            from tui.services.hub_models import no_gguf

            self._say(no_gguf(found.repository).line(), "warning")
        self._show_frame()
        hub, repository = self.program.store.hub, found.repository

        def question(cancel: Cancel) -> str:
            return readable(hub.readme(repository.repo_id, repository.commit, cancel))

        readme = self.query_one(Readme)
        self._asking_readme.ask(
            question,
            lambda text: readme.show(text or "This repository has no README."),
            lambda error: readme.show(f"The README is not shown: {short_words(error)}"),
        )

    def _gate_words(self, repository: Repository) -> str:
        if not repository.gated:
            return ""
        page = f"huggingface.co/{repository.repo_id}"
        if self.program.store.hub.token_origin:
            return f"Gated: your account has to have accepted the terms at {page}."
        return f"Gated: accept the terms at {page} in a browser, then ctrl+k takes your access token."

    def _fail(self, error: LocalLLMError) -> None:
        kind = error.kind if isinstance(error, HubError) else ""
        keys = "ctrl+k takes a token, ctrl+r tries again." if kind in ("gated", "token", "denied", "missing") else ""
        keys = keys or ("" if kind == "offline" else "ctrl+r tries again.")
        self._say(f"{error.line().rstrip('.')}. {keys}".strip(), "error")

    @on(Rows.Marked)
    def _plan(self) -> None:
        """Ask for the header of the marked one, unless it is known or the mark moves on."""
        self._show_keys()
        if self._of_row and self._opened is not None:  # what was said of another row
            self._say(self._gate_words(self._opened.repository), "warning")
        if self._delay is not None:
            self._delay.stop()
            self._delay = None
        self._asking_plan.drop()
        self._show_need()
        offer = self.marked
        if offer is not None and offer.variant.label not in self._plans and not offer.variant.missing:
            self._delay = self.set_timer(PLAN_DELAY, self._ask_plan)

    def _ask_plan(self) -> None:
        offer, found = self.marked, self._opened
        if offer is None or found is None:
            return
        hub, load, variant = self.program.store.hub, self.program.settings.load, offer.variant
        available = self._available

        def question(cancel: Cancel) -> Description:
            from tui.services.remote_plan import describe_remote

            return describe_remote(hub, found.repository, variant, load, available=available, cancel=cancel)

        def keep(answer: Description | LocalLLMError) -> None:
            self._plans[variant.label] = answer
            self._show_need()

        self._asking_plan.ask(question, keep, keep)

    # What is shown

    def _say(self, text: str, role: str = "label", *, of_row: bool = False) -> None:
        """One line above the keys; what is said of a row goes when the mark moves on."""
        self._of_row = of_row
        self.query_one("#repository-message", MessagePane).say(text, role)

    def _show_frame(self) -> None:
        marks = []
        if self._opened is not None:
            repository = self._opened.repository
            marks = [word for word, holds in (("gated", repository.gated), ("private", repository.private)) if holds]
            facts = repository_facts(repository, datetime.now(UTC))
            self.query_one("#repository-facts", MessagePane).say(facts)
        title = spread(((shown_line(self._repo_id), "bar"),), ((" ".join(marks), "warning"),), self.size.width - 2)
        self.query_one("#repository-title", LinesPane).set_lines([title])
        rows = self.query_one("#repository-rows", Rows)
        width = rows.scrollable_content_region.width
        self.query_one("#repository-heading", LinesPane).set_lines([offer_heading(width)] if width else [])
        # Few quantizations leave their room to the README and the plan.
        most = len(rows.items) if self.has_class("-wide") else max(self.size.height // 3 - 2, 3)
        rows.styles.max_height = max(min(len(rows.items), most), 1)
        rows.styles.min_height = max(min(len(rows.items), self.size.height * 2 // 5), 1)
        self._show_need()
        self._show_folder()

    def _show_need(self) -> None:
        pane, offer = self.query_one("#repository-need", LinesPane), self.marked
        if offer is None:
            pane.set_lines([])
            return
        width = max(pane.size.width, 20)
        if offer.variant.missing:
            words = f"{missing_words(offer.variant)} in the repository: it cannot be loaded"
            pane.set_lines([((line, "error"),) for line in textwrap.wrap(words, width)])
            return
        plan = self._plans.get(offer.variant.label)
        if plan is None:
            pane.set_lines([(("reading the header" + current_glyphs().ellipsis, "label"),)])
        elif isinstance(plan, LocalLLMError):
            pane.set_lines([((line, "warning"),) for line in textwrap.wrap(shown_line(short_words(plan)), width)])
        elif plan.memory is None:
            pane.set_lines([((shown_line(plan.problem or plan.explanation.summary), "warning"),)])
        else:
            lines = need_lines(plan.memory, plan.speed, width)
            if self.has_class("-wide") and (section := plan.explanation.section("Quantization")) is not None:
                lines += [(), *fact_lines(section.facts, width)]
            pane.set_lines(lines)

    def _show_folder(self) -> None:
        folder = self.program.store.folder
        where = home_path(folder) if folder else "the Hugging Face cache"
        line = (("goes to ", "label"), (where, "value"), ("   F4, Download folder changes that", "label"))
        self.query_one("#repository-folder", LinesPane).set_lines([line if self._opened else ()])

    def _show_keys(self) -> None:
        """What Enter does depends on what is marked."""
        enter = "load" if self.marked is not None and self.marked.here is not None else "download"
        shown = [replace(c, short=enter) if c.id == "repository.download" else c for c in REPOSITORY_COMMANDS]
        self.query_one(KeyLine).show([(command, True) for command in shown])

    def hear_of_download(self, text: str, kind: str) -> None:
        """What happens to a download is said in this screen's own place, where a notice would cover other lines."""
        offer = self.marked
        own = offer is not None and offer.here is not None and text.startswith(self._named(offer.variant))
        role = {"error": "error", "warning": "warning"}.get(kind, "value")
        self._say(_here_words(offer.variant.label) if own and offer else text, role)

    @property
    def _offers(self) -> tuple[Offer, ...]:
        return self._opened.offers if self._opened else ()

    def _named(self, variant: Variant) -> str:
        return one_line(f"{self._repo_id.rpartition('/')[2]} {variant.label} ")

    def _look_again(self) -> None:
        """What has been downloaded meanwhile is here."""
        found = self._opened
        arrived = {
            (download.request.commit, download.request.label): download.path
            for download in self.program.downloads
            if download.state == "finished"
        }
        if found is None or not arrived:
            return
        offers = tuple(
            Offer(o.variant, o.bits, o.here or arrived.get((found.repository.commit, o.variant.label)), o.recommended)
            for o in found.offers
        )
        if offers != found.offers:
            self._opened = Opened(found.repository, offers, found.reason, found.wanted, found.problem)
            self.query_one("#repository-rows", Rows).show(offers)
            if any(offer.here is not None and offer.variant.label == self._coming for offer in offers):
                self._say(_here_words(self._coming), "value")
                self._coming = ""

    # What the person asks for

    @on(Rows.Chosen)
    def action_download(self) -> None:
        """Download the marked one, or load it when it is here."""
        offer, found = self.marked, self._opened
        if offer is None or found is None:
            return
        if offer.here is not None:
            self.program.load_model(offer.here)
            self.program.to_chat()
            return
        if offer.variant.missing:
            self._say(
                f"{offer.variant.label}: {missing_words(offer.variant)}. Choose another one.", "warning", of_row=True
            )
            return
        if self._asks_first(offer, found):
            return
        from tui.services.hub_models import request_of

        request = request_of(found.repository, offer.variant, self.program.store.folder)
        label, size = offer.variant.label, format_bytes(offer.variant.size)

        def began() -> None:
            here = any(o.here is not None and o.variant.label == label for o in self._offers)
            coming = f"{label}, {size}, is being downloaded; ctrl+t shows how far it is."
            self._coming = "" if here else label
            self._say(_here_words(label) if here else coming, "value")

        self.program.transfers.start(request, then=began, failed=self._fail_download)

    def _asks_first(self, offer: Offer, found: Opened) -> bool:
        """Whether a token comes before the download, or a second Enter for what cannot run here."""
        if found.repository.gated and not self.program.store.hub.token_origin:
            self.action_token()
            return True
        label, bytes_of = offer.variant.label, offer.variant.size
        if self._insisted == label or quick_fit(bytes_of, self._available) is not Fit.NO:
            return False
        self._insisted, size, room = label, format_bytes(bytes_of), format_bytes(self._available)
        self._say(
            f"{label}, {size}, is too big for the {room} of memory here; Enter again downloads it.",
            "warning",
            of_row=True,
        )
        return True

    def _fail_download(self, error: LocalLLMError) -> None:
        self._say(error.line(), "error")

    def action_readme(self) -> None:
        """To the README, and back."""
        rows, readme = self.query_one("#repository-rows", Rows), self.query_one(Readme)
        self.set_focus(rows if readme.has_focus else readme)  # at once: the next key may be here already

    def action_page(self, direction: int) -> None:
        """Scroll the README."""
        readme = self.query_one(Readme)
        (readme.scroll_page_down if direction > 0 else readme.scroll_page_up)(animate=False)

    def action_retry(self) -> None:
        """Ask once more."""
        self._ask()

    def action_token(self) -> None:
        """Sign in."""
        from tui.app.screens.token import TokenScreen

        def signed_in(name: str | None) -> None:
            if name:
                self._ask()

        why = f"{self._repo_id} asks for one." if self._opened is None or self._opened.repository.gated else ""
        self.app.push_screen(TokenScreen(self.program.store.hub, why), signed_in)

    def action_back(self) -> None:
        """Stop what is asked; else go back."""
        if self._asking.drop():
            self._say("stopped; ctrl+r asks again, Esc goes back")
        else:
            self.dismiss(None)


def _here_words(label: str) -> str:
    return f"{label} is here: Enter loads it."
