"""Models that another server runs: how they are named, addressed and told from files."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from tui.core.errors import SettingError
from tui.core.text import one_line

_ADDRESS = re.compile(r"(https?):/+([^/#][^#]*)(?:#(.*))?", re.DOTALL)
_STORED = re.compile(r"(.*) @ (https?://\S+)", re.DOTALL)
_SCHEMES = ("http", "https")
_PORTS = 65_535


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model of an OpenAI-compatible server.

    Attributes:
        name: what the person calls it.
        base_url: such as `http://127.0.0.1:8080/v1`; never with a name or a password in it.
        model: as the server calls it; empty where the server has only one.
        key: where the key is: `env:NAME` or `keyring:SERVICE`; empty for none. Never the key itself.
    """

    name: str
    base_url: str
    model: str
    key: str = ""

    @property
    def path(self) -> Path:
        """What stands for it where other models have a file."""
        return endpoint_path(self.base_url, self.model)


def endpoint_path(base_url: str, model: str) -> Path:
    """What stands for a remote model where others have a file; `address_of` takes it apart again.

    It is no path of a file: nothing is ever opened by it.
    """
    return Path(f"{base_url}#{quote(model, safe=':@+,= ')}" if model else base_url)


def address_of(path: str | Path) -> tuple[str, str] | None:
    """Base URL and model of what `endpoint_path` made; None for the path of a file."""
    found = _ADDRESS.fullmatch(str(path))
    return (f"{found[1]}://{found[2]}", unquote(found[3] or "")) if found else None


def place_text(path: str | Path) -> str:
    """A model's place as it may be typed after `-m`: the file, or the address with the model's name."""
    address = address_of(path)
    return str(path) if address is None else "#".join(part for part in address if part)


def is_address(text: str) -> bool:
    """Whether what was typed is an address and no file or name."""
    return text.strip().lower().startswith(("http://", "https://"))


def parse_address(text: str) -> tuple[str, str]:
    """Base URL and model of `http://host:port/v1#model`; the model may be missing.

    Raises:
        SettingError: it is no address of a server.
    """
    base, _, model = text.strip().partition("#")
    return clean_url(base), unquote(model).strip()


def clean_url(text: str) -> str:
    """An address as it is kept: without a slash at its end, and with `/v1` where it names no path.

    Raises:
        SettingError: it is no address, or it carries a password.
    """
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname or re.search(r"\s", text.strip()):
        raise SettingError("That is no address of a server", hint="write it as http://127.0.0.1:8080/v1")
    if parts.username is not None or parts.password is not None:
        raise SettingError(
            "An address must not carry a name or a password", hint="say where the key is: env:NAME or keyring:SERVICE"
        )
    if parts.query or parts.fragment:
        raise SettingError("An address must not have ? or #", hint="write it as http://127.0.0.1:8080/v1")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
    return f"{parts.scheme.lower()}://{host}{f':{port}' if port is not None else ''}{path}"


def place_of(base_url: str) -> str:
    """Host and port of a base URL, for people."""
    return one_line(urlsplit(base_url).netloc)


def is_loopback(base_url: str) -> bool:
    """Whether the server is on this machine."""
    host = urlsplit(base_url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def stored_name(base_url: str, model: str) -> str:
    """How a conversation remembers who replied."""
    return f"{model or 'the model'} @ {base_url}"


def remote_name(text: str | Path) -> str | None:
    """The model's short name where a path or a stored name is that of a remote model; None for all others."""
    if (address := address_of(text)) is not None:
        base_url, model = address
        name = model or place_of(base_url)
    elif stored := _STORED.fullmatch(str(text)):
        name = stored[1]
    else:
        return None
    return name.rstrip("/").rpartition("/")[2].removesuffix(".gguf") or name
