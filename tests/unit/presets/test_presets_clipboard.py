"""The clipboard of this machine, by whatever program reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.services.presets_clipboard import local_clipboard


def program(folder: Path, name: str, does: str) -> None:
    """Put a program into a folder."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs are found, besides the usual ones."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_the_display_tells_which_program_is_asked(folder: Path) -> None:
    program(folder, "wl-paste", 'printf "wayland %s" "$*"')
    program(folder, "xclip", 'printf "x11 %s" "$*"')
    assert local_clipboard({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}) == "wayland --no-newline"
    assert local_clipboard({"DISPLAY": ":0"}) == "x11 -selection clipboard -o"
    assert local_clipboard({}) == "", "at the far end of an SSH link there is none"


def test_what_fails_gives_nothing(folder: Path) -> None:
    program(folder, "wl-paste", "echo no; exit 1")
    assert local_clipboard({"WAYLAND_DISPLAY": "wayland-0"}) == ""
    program(folder, "wl-paste", r"printf '\377\376 text'")
    assert local_clipboard({"WAYLAND_DISPLAY": "wayland-0"}) == "\ufffd\ufffd text"
