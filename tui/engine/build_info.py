"""What llama.cpp here is: asked in a process of its own, which dies where the build is for another processor."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_ASK = "import sys; sys.path.append(sys.argv[1]); from tui.engine.build_info import main; main()"
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """A build of llama.cpp.

    Attributes:
        bindings: version of llama-cpp-python; empty where it is not installed.
        features: what it is built for, as llama.cpp tells it.
        gpu: whether it can compute on a device.
        died: how the process ended that asked, such as `SIGILL`; empty where it answered.
        why: what went wrong otherwise; empty for nothing.
    """

    bindings: str = ""
    features: str = ""
    gpu: bool = False
    died: str = ""
    why: str = ""


def build_info() -> BuildInfo:
    """Ask; takes a fraction of a second."""
    try:
        bindings = version("llama-cpp-python")
    except PackageNotFoundError:
        return BuildInfo(why="it is not installed")
    command = [sys.executable, "-P", "-c", _ASK, str(_ROOT)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return BuildInfo(bindings, why=type(error).__name__)
    if done.returncode < 0:
        import signal

        return BuildInfo(bindings, died=signal.Signals(-done.returncode).name)
    try:
        return BuildInfo(bindings, **json.loads(done.stdout.splitlines()[-1]))
    except (ValueError, IndexError, TypeError):
        lines = done.stderr.strip().splitlines()
        return BuildInfo(bindings, why=lines[-1] if lines else f"exit status {done.returncode}")


def main() -> None:
    """In the process of its own: print what there is."""
    from tui.engine.bindings import only_bindings

    only_bindings()
    import llama_cpp.llama_cpp as lib

    info = BuildInfo(features=lib.llama_print_system_info().decode(), gpu=bool(lib.llama_supports_gpu_offload()))
    told = {name: value for name, value in asdict(info).items() if name in ("features", "gpu")}
    print(json.dumps(told))
