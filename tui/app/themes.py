"""Two themes, and the same two for terminals with few colours. One accent colour each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from textual.theme import BUILTIN_THEMES, Theme

DARK = Theme(
    name="localllm-dark",
    primary="#7aa2c9",
    secondary="#5f87af",
    accent="#d7af5f",
    warning="#d7af5f",
    error="#d75f5f",
    success="#87af87",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={"border": "#3a3a3a", "border-blurred": "#303030", "footer-key-foreground": "#d7af5f"},
)
LIGHT = Theme(
    name="localllm-light",
    primary="#005f87",
    secondary="#005f5f",
    accent="#875f00",
    warning="#875f00",
    error="#af0000",
    success="#005f00",
    foreground="#262626",
    background="#eeeeee",
    surface="#e4e4e4",
    panel="#dadada",
    dark=False,
    variables={"border": "#bcbcbc", "border-blurred": "#d0d0d0", "footer-key-foreground": "#875f00"},
)


def _plain(name: str, builtin: str, accent: str, primary: str, border: str) -> Theme:
    """The terminal's own colours, with as few of them as the other themes have."""
    base = BUILTIN_THEMES[builtin]
    variables = {**base.variables, "border": border, "border-blurred": border, "footer-key-foreground": accent}
    return replace(base, name=name, primary=primary, accent=accent, variables=variables)


PLAIN_DARK = _plain("localllm-plain-dark", "ansi-dark", "ansi_yellow", "ansi_cyan", "ansi_bright_black")
PLAIN_LIGHT = _plain("localllm-plain-light", "ansi-light", "ansi_magenta", "ansi_blue", "ansi_white")
THEMES = (DARK, LIGHT, PLAIN_DARK, PLAIN_LIGHT)


def theme_for(wanted: str, environ: Mapping[str, str]) -> str:
    """The theme to use.

    A terminal with 8 or 16 colours would turn our greys into one another, so there the terminal's own
    colours are used.

    Args:
        wanted: `dark` or `light`, from the settings.
        environ: the environment, for TERM and COLORTERM.
    """
    term = environ.get("TERM", "")
    rich_colours = "256color" in term or "direct" in term or environ.get("COLORTERM", "") in ("truecolor", "24bit")
    if not rich_colours and not environ.get("TEXTUAL_COLOR_SYSTEM"):
        return f"localllm-plain-{wanted}"
    return f"localllm-{wanted}"


def is_plain(theme: str) -> bool:
    """Whether a theme uses the terminal's own colours."""
    return theme in (PLAIN_DARK.name, PLAIN_LIGHT.name)
