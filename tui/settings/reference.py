"""The tables of settings for the README, made from the declarations: `python -m tui.settings.reference`."""

from __future__ import annotations

from tui.core.options import Option
from tui.settings.resolve import environment_name
from tui.settings.settings import SECTIONS, Section

_HEADINGS = ("Flag", "Key", "Environment", "Default", "Values", "What it does")


def reference() -> str:
    """Every section as a Markdown heading and a table, ending with a line break."""
    return "\n".join(section_table(section) for section in SECTIONS)


def section_table(section: Section) -> str:
    """One section as a Markdown heading and a table."""
    rows = [_HEADINGS, tuple("---" for _ in _HEADINGS), *(_row(spec) for spec in section.options())]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return f"### {section.title} `[{section.key}]`\n\n" + "\n".join(lines) + "\n"


def command_line_flags(spec: Option) -> tuple[str, ...]:
    """The spellings of a setting on the command line; a yes-or-no setting has a `--no-` form of each long one."""
    if spec.kind != "bool":
        return spec.flags
    return spec.flags + tuple("--no-" + flag[2:] for flag in spec.flags if flag.startswith("--"))


def _row(spec: Option) -> tuple[str, ...]:
    flags = ", ".join(f"`{flag}`" for flag in command_line_flags(spec)) or "–"
    default = f"`{spec.format(spec.default)}`" if spec.default not in ("", ()) else "–"
    values = spec.range_text() + (f" ({spec.unit})" if spec.unit else "")
    help_text = spec.help.replace("|", "\\|")
    return flags, f"`{spec.name}`", f"`{environment_name(spec.name)}`", default, values, help_text


if __name__ == "__main__":
    print(reference(), end="")
