"""The keys that clients have to show."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from tui.core.addresses import is_loopback
from tui.core.errors import SettingError
from tui.server.options import ServeOptions


class Keys:
    """Compares keys in constant time; only their hashes are kept.

    Args:
        options: where the keys come from.

    Raises:
        SettingError: the key file cannot be read, or holds none; or others than this machine would be served without.
    """

    def __init__(self, options: ServeOptions) -> None:
        self._options = options
        self._hashes: tuple[bytes, ...] = ()
        self.reload()
        if not self._hashes and not options.no_api_key and not is_loopback(options.host):
            raise SettingError(
                f"{options.host} can be reached from other machines, and there is no key",
                hint="give --api-key or --api-key-file, or say --no-api-key",
            )

    @property
    def wanted(self) -> bool:
        """Whether a client needs a key."""
        return bool(self._hashes)

    def reload(self) -> None:
        """Read the key file again.

        Raises:
            SettingError: it cannot be read, or holds no key; the keys stay as they were.
        """
        keys = list(self._options.api_keys)
        if self._options.api_key_file:
            keys += _read(Path(self._options.api_key_file))
        self._hashes = tuple(_hash(key) for key in keys if key)

    def accept(self, key: str) -> bool:
        """Whether a key is one of them. Takes as long whichever it is."""
        given, found = _hash(key), False
        for known in self._hashes:
            found |= hmac.compare_digest(given, known)
        return found


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _read(path: Path) -> list[str]:
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text"
        raise SettingError(f"the key file {path} cannot be read", why=why) from None
    keys = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not keys:
        raise SettingError(f"the key file {path} holds no key", hint="write one key a line")
    return keys
