"""Settings of the program itself, as opposed to those of a load or a generation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.core.options import option
from tui.settings import paths


@dataclass(frozen=True, slots=True)
class AppParams:
    """What the program opens with and how it looks."""

    model: str = option(
        "", "Model", "GGUF file to load, or a name that only one of the models found has.", "-m", "--model",
    )  # fmt: skip
    model_dirs: tuple[str, ...] = option(
        ("~/models",), "Model folders", "Folders searched for GGUF files, with everything below them.", "--models-dir",
    )  # fmt: skip
    hf_repo: str = option(
        "", "Hub model", "Model to fetch from the Hugging Face Hub and load: OWNER/REPO, or OWNER/REPO:QUANT.",
        "-hf", "--hf-repo",
    )  # fmt: skip
    offline: bool = option(
        False, "Offline", "Never ask the Hugging Face Hub; what was downloaded before is still found.", "--offline",
    )  # fmt: skip
    download_dir: str = option(
        "", "Download folder",
        "Where downloaded models go; empty for the Hugging Face cache, which other programs share.", "--download-dir",
    )  # fmt: skip
    theme: str = option(
        "dark", "Theme", "Colours for a dark or a light terminal.", choices=("dark", "light"),
    )  # fmt: skip
    show_models: bool = option(True, "Model pane", "Show the models beside the chat where the terminal is wide enough.")
    show_gauges: bool = option(True, "Gauge pane", "Show processor and memory where the terminal is wide enough.")
    attach_limit: int = option(
        1024, "Attachment limit", "Largest text that can be attached, and most text of several at once.",
        "--attach-limit",
        minimum=1, maximum=1_048_576, step=256, unit="KiB",
    )  # fmt: skip
    show_thinking: bool = option(
        True, "Live thinking", "Show the last lines of what a model thinks while it thinks; off shows one line.",
    )  # fmt: skip
    model_titles: bool = option(
        False, "Titles by the model",
        "Let the model title a chat while nothing else runs; a title that you gave stays.",
    )  # fmt: skip
    reasoning_format: str = option(
        "auto", "Reasoning format", "Whether run --chat prints what the model thinks: deepseek leaves it out.",
        "--reasoning-format", choices=("auto", "none", "deepseek", "deepseek-legacy"),
    )  # fmt: skip
    color: str = option(
        "auto", "Colour", "Tell prompt and completion apart by colour; auto only on a terminal and without NO_COLOR.",
        "-co", "--color", choices=("auto", "on", "off"),
    )  # fmt: skip
    serve_host: str = option(
        "127.0.0.1", "Serve at",
        "Address that Serve in the application listens at: 0.0.0.0 lets other machines in, with a key.",
    )  # fmt: skip
    serve_port: int = option(
        8080, "Serve port", "Port that Serve in the application listens at.", minimum=1, maximum=65535,
    )  # fmt: skip
    serve_parallel: int = option(
        4, "Serve side by side", "Requests that Serve in the application answers side by side, beside your own chat.",
        minimum=1, maximum=64,
    )  # fmt: skip
    serve_cors: tuple[str, ...] = option(
        (), "Serve web pages",
        "Origins whose pages may ask the server in the application, such as http://localhost:3000; * for all.",
    )  # fmt: skip

    def folders(self) -> tuple[Path, ...]:
        """The folders to search, `~` expanded, in order and each once; the program's own folder is the last one."""
        named = [_expanded(folder) for folder in self.model_dirs]
        return tuple(dict.fromkeys([*named, paths.default_models_dir()]))


def _expanded(folder: str) -> Path:
    try:
        return Path(folder).expanduser()
    except RuntimeError:  # `~nobody`
        return Path(folder)
