"""Checks of the network: the Hub, the port and the key of `serve`, and the service of systemd where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tui.core.errors import HubError, LocalLLMError
from tui.services.checkup import Finding
from tui.services.kept_key import kept_key
from tui.settings.paths import serve_key_file

UNIT_FILE = Path("/etc/systemd/system/localllm-tui.service")
KEY_FILE = Path("/etc/localllm-tui.env")
_SECONDS = 10.0


def hub(offline: bool) -> Iterator[Finding]:
    """Whether the Hugging Face Hub answers.

    Args:
        offline: whether it may not be asked.
    """
    from tui.catalogue.hub.client import Hub

    asked = Hub(offline=offline)
    if asked.offline:
        yield Finding("Hugging Face Hub", "ok", "not asked: offline")
        return
    try:
        import httpx2

        answer = httpx2.get(f"{asked.endpoint}/api/models?limit=1", timeout=_SECONDS, follow_redirects=True)
        if answer.status_code >= 500:
            raise HubError(f"status {answer.status_code}")
    except (httpx2.HTTPError, LocalLLMError, OSError, ValueError) as error:
        words = f"{asked.endpoint} does not answer: {error or type(error).__name__}"
        advice = "see the network, or HTTPS_PROXY; HF_ENDPOINT names a mirror; models that are here work without"
        yield Finding("Hugging Face Hub", "warning", words, advice)
        return
    token = f", with a token ({asked.token_origin})" if asked.token_origin else ""
    yield Finding("Hugging Face Hub", "ok", f"{asked.endpoint} answers{token}")


def port(number: int) -> Iterator[Finding]:
    """Whether the server can listen.

    Args:
        number: the port.
    """
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", number))
        except OSError as error:
            words = f"{number} cannot be used: {error.strerror or error}"
            advice = f"serve with another --port; ss -ltnp 'sport = :{number}' shows who has it"
            yield Finding("Port", "warning", words, advice)
        else:
            yield Finding("Port", "ok", f"{number} is free")


def server_key() -> Iterator[Finding]:
    """The key that is kept for servers which other machines can reach; the key itself is never told."""
    name, path = "Server key", serve_key_file()
    if not kept_key():
        yield Finding(name, "ok", "none is kept yet (made when a server that others can reach starts without one)")
        return
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        advice = f"chmod 600 {path}; if somebody else may have read it: localllm-tui serve --new-api-key"
        yield Finding(name, "warning", f"others can read {path} (mode {mode:o})", advice)
    else:
        yield Finding(name, "ok", f"kept in {path}, for you alone")


def service(unit: Path = UNIT_FILE, key_file: Path = KEY_FILE) -> Iterator[Finding]:
    """The unit of systemd, where it is installed.

    Args:
        unit: its file.
        key_file: the file with the key.
    """
    name = unit.stem
    if not unit.exists():
        yield Finding("Service", "ok", "not installed (localllm-tui serve -m MODEL --systemd prints a unit)")
        return
    yield _verified(unit) or _started(name, unit)
    if key_file.exists() and key_file.stat().st_mode & 0o077:
        mode = f"{key_file.stat().st_mode & 0o777:o}"
        yield Finding("Service key", "warning", f"others can read {key_file} (mode {mode})", f"chmod 600 {key_file}")


def _verified(unit: Path) -> Finding | None:
    """What systemd itself has against the unit; None for nothing."""
    verify = shutil.which("systemd-analyze")
    if verify is None:
        return None
    done = subprocess.run([verify, "verify", str(unit)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    if not (done.returncode or complaints):
        return None
    words = complaints[0] if complaints else f"systemd-analyze verify fails with {done.returncode}"
    return Finding("Service", "problem", words, f"mend {unit}, then systemctl daemon-reload")


def _started(name: str, unit: Path) -> Finding:
    control = shutil.which("systemctl")
    if control is None or not Path("/run/systemd/system").exists():
        return Finding("Service", "warning", f"{unit} is there, and systemd does not run here", "")
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(
        [control, "is-active", name], capture_output=True, text=True, timeout=30, env=environment, check=False
    )
    state = done.stdout.strip() or "unknown"
    if state == "active":
        return Finding("Service", "ok", f"{name} is active")
    level = "problem" if state == "failed" else "warning"
    return Finding("Service", level, f"{name} is {state}", f"journalctl -u {name} says why; systemctl start {name}")  # type: ignore[arg-type]
