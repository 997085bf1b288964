"""`worker`: the command line of a machine that helps another one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tui.cli_arguments import PROGRAM, make_parser, prepare
from tui.settings.arguments import ArgumentParser

_DESCRIPTION = (
    "Let another machine lay layers of its models on this one, by llama.cpp's RPC. It has no authentication: listen on "
    "loopback and use an SSH tunnel, or only in a network that you trust."
)


def worker(arguments: Sequence[str]) -> int:
    """Work for another machine until a signal comes.

    Args:
        arguments: what follows `worker`.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: it cannot begin.
    """
    parser = make_parser(f"{PROGRAM} worker", "", _DESCRIPTION)
    parser.add_argument(
        "-H", "--host", metavar="ADDRESS", help="address to listen at (default 127.0.0.1: this machine alone)"
    )
    parser.add_argument("-p", "--port", metavar="N", help="port to listen at (default 50052; 0 takes a free one)")
    parser.add_argument("--mem", metavar="MB", help="most memory for each device (default: all there is)")
    parser.add_argument("-t", "--threads", metavar="N", help="processor threads (default: one for each core)")
    parser.add_argument(
        "-c", "--cache", action="store_true", help="keep large tensors on disk, so that the next load sends them not"
    )
    parsed = parser.parse(arguments)
    prepare(parsed)
    from tui.run.worker import WorkerOptions, work
    from tui.settings.paths import cache_dir

    usual = WorkerOptions()
    return work(
        WorkerOptions(
            host=getattr(parsed, "host", usual.host),
            port=_number(parser, parsed, "port", usual.port, 0, 65535),
            mem=_number(parser, parsed, "mem", usual.mem, 1, 1 << 30),
            threads=_number(parser, parsed, "threads", usual.threads, 1, 512),
            cache_dir=cache_dir() / "rpc" if "cache" in parsed else None,
        )
    )


def _number(parser: ArgumentParser, parsed: argparse.Namespace, name: str, usual: int, least: int, most: int) -> int:
    text = getattr(parsed, name, None)
    if text is None:
        return usual
    if not text.strip().isdecimal() or not least <= int(text) <= most:
        parser.error(f"--{name} cannot be {text}: it takes a whole number from {least} to {most}")
    return int(text)
