"""The clipboard of this machine, where a program that reads it is there; over SSH there is none."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping

_MOST_BYTES = 1_000_000
_SECONDS = 2.0


def local_clipboard(environ: Mapping[str, str]) -> str:
    """What was copied last on this machine; empty where that cannot be known. Waits two seconds at most.

    A terminal at the far end of an SSH link takes what is copied (OSC 52) but does not say what it has: there only
    what was copied in the program itself is known.

    Args:
        environ: tells which display there is.
    """
    for command in _commands(environ):
        if shutil.which(command[0]):
            return _output(command)
    return ""


def _commands(environ: Mapping[str, str]) -> list[list[str]]:
    commands: list[list[str]] = []
    if environ.get("WAYLAND_DISPLAY"):
        commands.append(["wl-paste", "--no-newline"])
    if environ.get("DISPLAY"):
        commands += [["xclip", "-selection", "clipboard", "-o"], ["xsel", "--clipboard", "--output"]]
    return [["pbpaste"], *commands] if sys.platform == "darwin" else commands


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout[:_MOST_BYTES].decode("utf-8", "replace") if done.returncode == 0 else ""
