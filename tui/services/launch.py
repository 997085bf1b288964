"""What the command line hands to the full-screen application."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tui.services.served import MakeServed
from tui.settings.logs import RingHandler
from tui.settings.paths import log_file
from tui.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Launch:
    """How the application starts.

    Attributes:
        settings: the settings that hold.
        problems: lines about settings that were left out because they are not allowed.
        model: path of the model to load at once; empty: start without one.
        hub_model: `owner/repo[:quant]` to download and then load; empty for none.
        prompt: text to complete at once in the completion view, escapes already processed; None: open the chat.
        preset: name of the preset to begin a new chat with; empty: go on with the last chat.
        log: the last lines of the log, for the log view.
        log_path: the log file.
        make_server: makes a server of the loaded model; None where there is none.
        serve_key: the key that clients of such a server have to show; empty to begin without one.
        stdin: what came through standard input, to be attached; None when that is the terminal.
    """

    settings: Settings
    problems: tuple[str, ...] = ()
    model: str = ""
    prompt: str | None = None
    log: RingHandler = field(default_factory=RingHandler)
    log_path: Path = field(default_factory=log_file)
    hub_model: str = ""
    preset: str = ""
    stdin: bytes | None = None
    make_server: MakeServed | None = field(default=None, compare=False)
    serve_key: str = field(default="", repr=False)
