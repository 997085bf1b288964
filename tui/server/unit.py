"""The server as a service of systemd: a unit with its own user, limits and little to reach."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NAME = "localllm-tui"
USER = "localllm"
KEY_FILE = f"/etc/{NAME}.env"
UNIT_FILE = f"/etc/systemd/system/{NAME}.service"
HOME = f"/var/lib/{NAME}"
_HOMES = ("/home", "/root", "/run/user")
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit is made of.

    Attributes:
        command: the program and its arguments, paths absolute.
        needs_key: whether it can be reached from other machines, so that it does not start without a key.
        stop_seconds: how long requests under way may go on.
        low_port: whether its port is one that only root may take.
        gpu: whether it computes on a device.
        locks_memory: whether it keeps the model in memory with mlock.
    """

    command: Sequence[str]
    needs_key: bool = False
    stop_seconds: float = 10.0
    low_port: bool = False
    gpu: bool = False
    locks_memory: bool = False

    @property
    def reads_homes(self) -> bool:
        """Whether a file that it needs lies in somebody's home directory."""
        return any(word.startswith(tuple(f"{home}/" for home in _HOMES)) for word in self.command)

    def text(self) -> str:
        """The unit file."""
        lines = [
            f"# {UNIT_FILE}, made by: localllm-tui serve --systemd",
            "#",
            f"#   sudo useradd --system --home-dir {HOME} --shell /usr/sbin/nologin {USER}",
            f"#   sudo install -m 600 /dev/null {KEY_FILE}    # then write LOCALLLM_API_KEY=KEY into it",
            f"#   sudo systemctl daemon-reload && sudo systemctl enable --now {NAME}",
            "#",
            f"# systemctl reload {NAME} reads the keys of --api-key-file again; journalctl -u {NAME} shows the log.",
            "# localllm-tui doctor checks it.",
            "",
            "[Unit]",
            "Description=A local LLM for OpenAI's clients (localllm-tui)",
            "After=network-online.target",
            "Wants=network-online.target",
            "",
            "[Service]",
            "Type=exec",
            f"User={USER}",
            f"Group={USER}",
            f"ExecStart={' '.join(map(quoted, self.command))}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            f"EnvironmentFile={'' if self.needs_key else '-'}{KEY_FILE}",
            f"Environment=HOME={HOME}",
            f"StateDirectory={NAME}",
            f"WorkingDirectory={HOME}",
            "Restart=on-failure",
            "RestartSec=5",
            f"TimeoutStopSec={round(self.stop_seconds) + 10}",
            "",
            "# Limits",
            "MemoryMax=85%",
            "TasksMax=512",
            "LimitNOFILE=4096",
            "LimitCORE=0",
            *(["LimitMEMLOCK=infinity"] if self.locks_memory else []),
            "OOMPolicy=stop",
            "",
            "# What it can reach",
            "NoNewPrivileges=yes",
            "ProtectSystem=strict",
            *self._homes(),
            "PrivateTmp=yes",
            *([] if self.gpu else ["PrivateDevices=yes"]),
            "ProtectKernelTunables=yes",
            "ProtectKernelModules=yes",
            "ProtectKernelLogs=yes",
            "ProtectControlGroups=yes",
            "ProtectClock=yes",
            "ProtectHostname=yes",
            "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
            "RestrictNamespaces=yes",
            "RestrictRealtime=yes",
            "RestrictSUIDSGID=yes",
            "LockPersonality=yes",
            "SystemCallArchitectures=native",
            "SystemCallFilter=@system-service",
            f"CapabilityBoundingSet={'CAP_NET_BIND_SERVICE' if self.low_port else ''}",
            *(["AmbientCapabilities=CAP_NET_BIND_SERVICE"] if self.low_port else []),
            "UMask=0077",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
        ]
        return "\n".join(lines) + "\n"

    def _homes(self) -> list[str]:
        if not self.reads_homes:
            return ["ProtectHome=yes"]
        return [
            f"# A file above lies in a home directory: {USER} must be allowed to read it. Better: copy it to {HOME}.",
            "ProtectHome=read-only",
        ]


def quoted(word: str) -> str:
    """A word of a command line as systemd reads it."""
    escaped = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(word):
        return escaped
    escaped = escaped.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def absolute(word: str) -> str:
    """A path that does not depend on where it is said; a word that is no file here stays as it is."""
    path = Path(word).expanduser()
    return str(path.absolute()) if path.exists() else word
