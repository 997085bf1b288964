"""`doctor`: the command line of the checks."""

from __future__ import annotations

from collections.abc import Sequence

from tui.cli_arguments import PROGRAM, make_parser, prepare
from tui.settings.arguments import add_settings

_PORT = 8080


def doctor(arguments: Sequence[str]) -> int:
    """Check what the program needs.

    Args:
        arguments: what follows `doctor`.

    Returns:
        The exit status: 1 where something does not work.
    """
    parser = make_parser(
        f"{PROGRAM} doctor", "", "Check Python, llama.cpp, memory, terminal, files, network, port and service."
    )
    parser.add_argument("--json", action="store_true", help="as a JSON object")
    parser.add_argument("--port", metavar="N", help=f"port that the server would listen at (default {_PORT})")
    add_settings(parser, only=["offline", "model_dirs", "download_dir", "color"])
    parsed = parser.parse(arguments)
    text = str(getattr(parsed, "port", _PORT))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        parser.error(f"--port cannot be {text}: it takes a whole number from 1 to 65535")
    prepared = prepare(parsed)
    from tui.run.doctor import doctor as check

    return check(prepared.settings, prepared.problems, port=int(text), as_json="json" in parsed)
