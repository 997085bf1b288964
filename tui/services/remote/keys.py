"""The key of an endpoint, from the environment or the keyring."""

from __future__ import annotations

import os

from tui.core.errors import RemoteError

NO_KEY = "no-key"
"""What is sent where no key is wanted: the client wants one."""
_USER = "localllm-tui"


def read_key(source: str) -> str:
    """The key that a source names. May wait for the person to unlock the keyring: for worker threads.

    Args:
        source: `env:NAME`, `keyring:SERVICE` or `keyring:SERVICE/USER`; empty for no key.

    Raises:
        RemoteError: it is not there.
    """
    place, _, name = source.partition(":")
    name = name.strip()
    if not source:
        return NO_KEY
    key = _from_environment(name) if place == "env" else _from_keyring(name)
    if not key.isascii() or not key.isprintable():
        raise RemoteError(f"The key in {source} cannot be sent", why="it has characters that no key has")
    return key


def _from_environment(name: str) -> str:
    if key := os.environ.get(name, "").strip():
        return key
    raise RemoteError(f"The key is not there: {name} is not set", hint=f"export {name}=… before the start")


def _from_keyring(name: str) -> str:
    try:
        import keyring
    except ImportError as error:
        raise RemoteError(
            "The keyring cannot be read", why="keyring is not installed", hint="pip install 'localllm-tui[keyring]'"
        ) from error
    service, _, user = name.partition("/")
    try:
        key = keyring.get_password(service, user or _USER)
    except Exception as error:  # its backends have errors of their own
        raise RemoteError("The keyring cannot be read", why=str(error) or type(error).__name__) from error
    if not key:
        raise RemoteError(
            f"The keyring has no key for {service}", hint=f"keyring set {service} {user or _USER} puts one there"
        )
    return str(key).strip()
