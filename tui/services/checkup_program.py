"""Checks of what the program runs on: Python, llama.cpp, processor, memory, terminal."""

from __future__ import annotations

import locale
import os
import platform
import re
import sys
from collections.abc import Iterator, Mapping

from tui.core.units import format_bytes
from tui.engine.build_info import BuildInfo, build_info
from tui.monitor.cpu import cpu_quota, free_cores, logical_cores, physical_cores, usable_cores
from tui.monitor.memory import free_swap, group_memory, memory
from tui.services.checkup import Finding

_LEAST_MEMORY = 1 << 30
_REINSTALL = "pip install --force-reinstall --no-cache-dir llama-cpp-python"
_WANTED = ("AVX2", "FMA", "F16C", "NEON", "DOTPROD")


def python() -> Iterator[Finding]:
    """The interpreter."""
    words = f"{platform.python_version()}, {platform.system()} {platform.machine()}"
    level, advice = ("ok", "") if sys.version_info >= (3, 11) else ("problem", "install Python 3.11 or newer")
    yield Finding("Python", level, words, advice)  # type: ignore[arg-type]


def llama_cpp(ask: BuildInfo | None = None) -> Iterator[Finding]:
    """llama.cpp: whether it runs here, and what it is built for."""
    info = ask or build_info()
    name = "llama.cpp"
    if info.died == "SIGILL":
        yield Finding(
            name, "problem", f"Illegal instruction: llama-cpp-python {info.bindings} was built for another processor",
            f"build it here: {_REINSTALL}; or for every x86-64 processor with CMAKE_ARGS=-DGGML_NATIVE=off before it",
        )  # fmt: skip
    elif info.died or info.why:
        found = f"llama-cpp-python {info.bindings} ended with {info.died}" if info.died else info.why
        yield Finding(name, "problem", f"it cannot be loaded: {found}", f"reinstall it: {_REINSTALL}")
    else:
        on = re.findall(r"(\w+) = 1", info.features)
        device = "can use a GPU" if info.gpu else "processor only"
        yield Finding(name, "ok", f"llama-cpp-python {info.bindings}, {device}")
        yield _instructions(on)


def _instructions(on: list[str]) -> Finding:
    words = ", ".join(on) or "none told"
    if any(feature in on for feature in _WANTED):
        return Finding("Instruction set", "ok", words)
    advice = f"a build for this processor is several times faster: {_REINSTALL}"
    return Finding("Instruction set", "warning", f"{words}: no AVX2, FMA or NEON", advice)


def processor() -> Iterator[Finding]:
    """Cores, and what a control group or other programs leave of them."""
    usable, free = usable_cores(), free_cores()
    words = f"{physical_cores()} cores ({logical_cores()} logical), {usable} usable, {free} free now"
    quota = cpu_quota()
    if quota is not None and quota < 1:
        yield Finding("Processor", "warning", f"{words}; a quota of {quota:.1f} cores", "raise the container's quota")
    elif free < usable:
        yield Finding("Processor", "ok", f"{words}: other programs compute too, and threads adapt")
    else:
        yield Finding("Processor", "ok", words)


def memory_here() -> Iterator[Finding]:
    """Memory, as far as this process may use it."""
    now = memory()
    words = f"{format_bytes(now.available)} of {format_bytes(now.total)} available"
    if group_memory():
        words += ", limited by a control group"
    if swap := free_swap():
        words += f"; {format_bytes(swap)} of swap"
    low = now.available < _LEAST_MEMORY
    yield Finding(
        "Memory", "warning" if low else "ok", words, "end other programs, or take small models" if low else ""
    )


def terminal(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """TERM, colours, and whether its text is UTF-8."""
    term = environ.get("TERM", "")
    colours = _colours(environ)
    words = f"TERM={term or '(none)'}, {colours}"
    if not sys.stdout.isatty():
        words += "; standard output is no terminal"
    if term in ("", "dumb"):
        yield Finding("Terminal", "warning", words, "the application needs one: set TERM, such as xterm-256color")
    elif colours == "16 colours":
        yield Finding("Terminal", "warning", words, "if yours has more colours: export TERM=xterm-256color")
    else:
        yield Finding("Terminal", "ok", words)
    encoding = locale.getencoding()
    if encoding.lower().replace("-", "") == "utf8":
        yield Finding("Text", "ok", encoding)
    else:
        advice = "export LANG=C.UTF-8, or another UTF-8 locale (locale -a lists them)"
        yield Finding("Text", "warning", f"{encoding}: pictures are drawn with ASCII", advice)


def _colours(environ: Mapping[str, str]) -> str:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR"):
        return "no colours (NO_COLOR)"
    if environ.get("COLORTERM", "") in ("truecolor", "24bit") or "direct" in term:
        return "16 million colours"
    return "256 colours" if "256color" in term else "16 colours"
