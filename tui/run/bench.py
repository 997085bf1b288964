"""`bench`: how fast a model is on this machine, as a table or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tui.core.errors import LocalLLMError
from tui.core.events import ModelInfo
from tui.core.parameters import LoadParams
from tui.core.text import one_line
from tui.core.units import format_bytes, format_parameters, format_seconds, speed_band
from tui.run.interrupt import Interrupted, Interruption
from tui.run.one_shot import BROKEN_PIPE, DONE, FAILED
from tui.run.output import Output, OutputClosedError, Progress, complain
from tui.run.table import table
from tui.services.bench import Bench
from tui.services.bench_results import keep
from tui.services.measurements import BenchPlan, Costs, Result, Speed
from tui.services.model_host import ModelHost

_HEADINGS = ("TEST", "DEPTH", "THREADS", "TOK/S", "±", "FEELS")


def bench(path: Path, load: LoadParams, plan: BenchPlan, *, as_json: bool) -> int:
    """Measure a model and print what came of it.

    Args:
        path: the model.
        load: how to load it.
        plan: what to measure.
        as_json: one JSON object instead of the tables.

    Returns:
        The exit status.
    """
    host, progress = ModelHost(), Progress()
    results: list[Result] = []
    try:
        with Interruption() as interruption:
            measured = Bench(host, path, load, plan)
            interruption.watch(measured.stop)
            try:
                results.extend(measured.run(progress.show))
            finally:
                progress.clear()
            keep(path, results)
            Output().write(as_record(results) if as_json else as_tables(results))
    except Interrupted as interrupted:
        return interrupted.status
    except OutputClosedError:
        return BROKEN_PIPE
    except LocalLLMError as error:
        if interruption.status:
            return interruption.status
        complain(error.line())
        return FAILED
    finally:
        host.close()
    return DONE


def as_tables(results: Iterable[Result]) -> str:
    """The results for a person: the model, the speeds, and what lies around them."""
    text = ""
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for result in results:
        match result:
            case ModelInfo():
                text += _model_line(result)
            case Speed():
                rows.append(_speed_row(result))
            case Costs():
                text = f"{text}\n{table(rows)}\n{_cost_lines(result)}"
                rows = [_HEADINGS]
    return text if len(rows) == 1 else f"{text}\n{table(rows)}"


def as_record(results: Iterable[Result]) -> str:
    """The results for a script; speeds in tok/s, times in seconds, sizes in bytes."""
    record: dict[str, Any] = {"speeds": []}
    for result in results:
        match result:
            case ModelInfo():
                record["model"] = asdict(result)
            case Speed():
                record["speeds"].append(asdict(result))
            case Costs():
                record["costs"] = asdict(result)
    return json.dumps(record, indent=2) + "\n"


def _model_line(model: ModelInfo) -> str:
    parts = (
        one_line(model.name),
        one_line(model.description),
        format_bytes(model.size),
        f"{format_parameters(model.parameters)} parameters",
        f"llama.cpp {model.build}",
    )
    return " · ".join(parts) + "\n"


def _speed_row(speed: Speed) -> tuple[str, ...]:
    feels = speed_band(speed.mean) if speed.test == "tg" else ""
    numbers = (str(speed.depth), str(speed.threads), f"{speed.mean:.2f}", f"{speed.deviation:.2f}")
    return (f"{speed.test}{speed.tokens}", *numbers, feels)


def _cost_lines(costs: Costs) -> str:
    state = costs.state
    lines = (
        f"sampler chain {costs.sampler_seconds * 1e6:.0f} µs a token",
        f"outside llama.cpp's evaluation {costs.overhead:.1%} of the decode time",
        f"a computed conversation of {state.tokens:,} tokens is {format_bytes(state.size)}: saved in "
        f"{format_seconds(state.save_seconds)}, back in {format_seconds(state.load_seconds)}",
    )
    return "".join(f"{line} ({costs.threads} threads)\n" if at == 0 else f"{line}\n" for at, line in enumerate(lines))
