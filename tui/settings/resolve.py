"""What holds in the end: defaults < settings file < environment < command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from tui.core.errors import SettingError
from tui.core.options import Scalar
from tui.settings import file, paths
from tui.settings.settings import COMMAND_LINE, ENVIRONMENT, SETTINGS_FILE, Settings, option_named, option_names

ENVIRONMENT_PREFIX = "LOCALLLM_"
_NOTHING: Mapping[str, Scalar] = MappingProxyType({})


def environment_name(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()


def resolve(
    command_line: Mapping[str, Scalar] = _NOTHING,
    environ: Mapping[str, str] | None = None,
    path: Path | None = None,
) -> tuple[Settings, list[str]]:
    """The settings that hold, and one line for each value that was left out because it is not allowed.

    Args:
        command_line: values given there, by name.
        environ: the environment; the process's own when None.
        path: the settings file; the person's own when None.

    Raises:
        SettingError: a value of `command_line` is not allowed.
    """
    content = file.read(paths.settings_file() if path is None else path)
    from_environment, problems = read_environment(os.environ if environ is None else environ)
    settings = Settings().overlaid(content.values, SETTINGS_FILE)
    settings = settings.overlaid(from_environment, ENVIRONMENT)
    return settings.overlaid(command_line, COMMAND_LINE), [*content.problems, *problems]


def read_environment(environ: Mapping[str, str]) -> tuple[dict[str, Scalar], list[str]]:
    """The settings that `LOCALLLM_*` variables set, and one line for each that is not understood."""
    values: dict[str, Scalar] = {}
    problems: list[str] = []
    known = {environment_name(name): name for name in option_names()}
    for variable in sorted(name for name in environ if name.startswith(ENVIRONMENT_PREFIX)):
        if variable not in known:
            # Other programs may use the prefix too: only what looks like a slip of the finger is worth a line.
            near = get_close_matches(variable, known, n=1, cutoff=0.85)
            problems += [f"environment: {variable} is not a setting. Did you mean {name}?" for name in near]
            continue
        try:
            values[known[variable]] = option_named(known[variable]).parse(environ[variable])
        except SettingError as error:
            problems.append(f"environment: {variable}: {error.line()}")
    return values, problems
