"""Runs the benchmarks and prints a table: `python -m tests.benchmarks [--only NAME] [--json] [--quick]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.benchmarks import browse, chats, crowd_on_screen, footprint, headless, on_screen, reuse, scan, serving, store
from tests.benchmarks.measure import Measurement, Setup, Sizes
from tests.support.models import gemma3_path, smollm2_path

Benchmark = Callable[[Setup], Iterator[Measurement]]

BENCHMARKS: dict[str, Benchmark] = {
    "decode": headless.decode,
    "prefill": headless.prefill,
    "busy": headless.busy,
    "turn": headless.further_turn,
    "stop": headless.stop,
    "app": on_screen.app_decode,
    "traffic": on_screen.traffic,
    "frame": on_screen.first_frame,
    "idle": on_screen.idle,
    "echo": on_screen.echo,
    "quit": on_screen.leave,
    "memory": on_screen.memory,
    "footprint": footprint.footprint,
    "reopen": reuse.reopen,
    "speculation": reuse.speculation,
    "beside": reuse.beside_idle,
    "browse": browse.browse,
    "scan": scan.scan_models,
    "store": store.conversations,
    "chats": chats.chats_on_screen,
    "serving": serving.several_clients,
    "crowd": crowd_on_screen.echo_in_a_crowd,
}
"""All benchmarks by name."""

_QUICK = Sizes(rounds=3, decode=64, reply=100, prompt=1000, samples=10, idle_seconds=5.0)
_WIDTHS = (58, 20, 8, 7)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for.

    Returns:
        0 when every goal is reached, else 1.
    """
    parsed = _parser().parse_args(arguments)
    missed = False
    with tempfile.TemporaryDirectory() as scratch:
        sizes = _QUICK if parsed.quick else Sizes()
        setup = Setup(smollm2_path(), {"Gemma 3": gemma3_path()}, Path(scratch), sizes)
        if not parsed.json:
            print(_line(("what", "value", "goal", "", "detail")))
        for name in parsed.only or BENCHMARKS:
            for measurement in BENCHMARKS[name](setup):
                missed |= measurement.met is False
                print(json.dumps(measurement.record()) if parsed.json else _line(measurement.row()), flush=True)
    return int(missed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    summaries = "; ".join(f"{name}: {(run.__doc__ or '').strip()}" for name, run in BENCHMARKS.items())
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), metavar="NAME", help=summaries)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds: for a look, not for a number")
    return parser


def _line(cells: Sequence[str]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, _WIDTHS, strict=False)]
    return "  ".join([*padded, *cells[len(_WIDTHS) :]]).rstrip()


if __name__ == "__main__":
    sys.exit(main())
