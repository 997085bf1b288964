"""`doctor`: looks at everything the program needs, and says what to do where something is amiss."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial

from tui.core.text import printable
from tui.run.guard import guarded
from tui.run.one_shot import DONE, FAILED
from tui.run.output import Output, wants_color
from tui.services import checkup_files, checkup_network, checkup_program
from tui.services.checkup import Check, Finding, findings
from tui.services.hub_models import download_folder
from tui.settings.settings import Settings
from tui.store.shelf import store_file

_NAME = 18
_MARKS = {"ok": ("ok", "\x1b[32m"), "warning": ("warning", "\x1b[33m"), "problem": ("PROBLEM", "\x1b[1;31m")}


def doctor(settings: Settings, problems: tuple[str, ...], *, port: int, as_json: bool) -> int:
    """Check, and print one line for each finding.

    Args:
        settings: the settings that hold.
        problems: lines about settings that were left out.
        port: the port that `serve` would take.
        as_json: whether to print an object instead.

    Returns:
        0, or 1 where there is a problem; warnings are none.
    """

    def work(_: object) -> int:
        output = Output()
        color = not as_json and wants_color(settings.app.color, terminal=output.is_terminal)
        found = []
        for finding in _all(settings, problems, port):
            found.append(finding)
            if not as_json:
                _print(output, finding, color)
        bad = sum(finding.level == "problem" for finding in found)
        warnings = sum(finding.level == "warning" for finding in found)
        if as_json:
            told = {"ok": not bad, "findings": [asdict(one) for one in found]}
            output.write(json.dumps(told, ensure_ascii=False, indent=2) + "\n")
        else:
            output.write(_sum(bad, warnings) + "\n")
        return FAILED if bad else DONE

    return guarded(work, color=settings.app.color)


def _all(settings: Settings, problems: tuple[str, ...], port: int) -> Iterator[Finding]:
    for problem in problems:
        yield Finding("Settings", "warning", problem)
    checks: list[tuple[str, Check]] = [
        ("Python", checkup_program.python),
        ("llama.cpp", checkup_program.llama_cpp),
        ("Processor", checkup_program.processor),
        ("Memory", checkup_program.memory_here),
        ("Terminal", checkup_program.terminal),
        ("Folders", checkup_files.folders),
        ("Chats", partial(checkup_files.store, store_file())),
        ("Disk", partial(checkup_files.disks, download_folder(settings))),
        ("Models", partial(checkup_files.models, settings.app.folders())),
        ("Hugging Face Hub", partial(checkup_network.hub, settings.app.offline)),
        ("Port", partial(checkup_network.port, port)),
        ("Server key", checkup_network.server_key),
        ("Service", checkup_network.service),
    ]
    yield from findings(checks)


def _print(output: Output, finding: Finding, color: bool) -> None:
    word, code = _MARKS[finding.level]
    output.write(f"{word:<8}", code if color else "")
    lines = [f" {finding.name:<{_NAME}} {printable(finding.found)}"]
    if finding.advice:
        lines += textwrap.wrap(
            printable(finding.advice), 100, initial_indent=" " * 11 + "-> ", subsequent_indent=" " * 14,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
    output.write("\n".join(lines) + "\n")


def _sum(bad: int, warnings: int) -> str:
    if not bad and not warnings:
        return "All is well."
    words = [
        f"{count} {word}{'s' * (count != 1)}" for count, word in ((bad, "problem"), (warnings, "warning")) if count
    ]
    return " and ".join(words) + ("." if bad else ": it works, with less.")
