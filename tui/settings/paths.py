"""Where files lie: the one place that knows the XDG base directories.

On Linux these are `~/.config`, `~/.local/share`, `~/.local/state` and `~/.cache`, each with `localllm-tui` below
it, or what XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME and XDG_CACHE_HOME say. Nothing is created here
except by `private_dir`.
"""

from __future__ import annotations

from pathlib import Path

import platformdirs

APP_NAME = "localllm-tui"


def config_dir() -> Path:
    """Directory of what the person configures."""
    return Path(platformdirs.user_config_dir(APP_NAME, appauthor=False))


def data_dir() -> Path:
    """Directory of what the person would not want to lose."""
    return Path(platformdirs.user_data_dir(APP_NAME, appauthor=False))


def state_dir() -> Path:
    """Directory of logs and histories."""
    return Path(platformdirs.user_state_dir(APP_NAME, appauthor=False))


def cache_dir() -> Path:
    """Directory of what can be made again."""
    return Path(platformdirs.user_cache_dir(APP_NAME, appauthor=False))


def settings_file() -> Path:
    """The TOML file with the person's settings."""
    return config_dir() / "settings.toml"


def presets_dir() -> Path:
    """The folder of presets, a TOML file for each."""
    return config_dir() / "presets"


def log_file() -> Path:
    """The log of the program and of llama.cpp."""
    return state_dir() / "localllm.log"


def prompt_history_file() -> Path:
    """The prompts that were sent, for up and down."""
    return state_dir() / "prompt_history.jsonl"


def serve_key_file() -> Path:
    """The key of the person's servers, where other machines can reach them."""
    return state_dir() / "serve.key"


def kv_cache_dir() -> Path:
    """Computed conversations, for resuming at once."""
    return cache_dir() / "kv"


def default_models_dir() -> Path:
    """The program's own folder of models; always looked into."""
    return data_dir() / "models"


def private_dir(path: Path) -> Path:
    """Makes `path` and its parents, readable by the owner only where they are new, and returns it.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
