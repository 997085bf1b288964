"""The key of this person's servers: made once, and kept from start to start in a file that nobody else can read.

The file has one key in a line, as `--api-key-file` takes it, so that a server which has it reads it again on SIGHUP.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from tui.core.errors import SettingError
from tui.services.served import new_key
from tui.settings.paths import private_dir, serve_key_file

_LARGEST = 4096


def kept_key() -> str:
    """The key that is kept; empty where there is none yet.

    Raises:
        SettingError: the file cannot be read, or holds no key.
    """
    path = serve_key_file()
    try:
        with path.open("rb") as file:
            text = file.read(_LARGEST).decode("ascii")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, getattr(error, "strerror", None) or "it is no text") from None
    key = text.strip()
    if not key or len(key.split()) != 1:
        raise _unusable(path, "it does not hold one key")
    return key


def key_for_servers() -> tuple[str, bool]:
    """The kept key, and whether it was made just now because there was none.

    Raises:
        SettingError: it can neither be read nor made.
    """
    if key := kept_key():
        return key, False
    made = new_key()
    if not _write(made, in_place=False):
        return kept_key(), False  # another server made one meanwhile
    return made, True


def renew_key() -> str:
    """Another key in place of the kept one. Servers that have the old one go on with it until they read the file again.

    Raises:
        SettingError: it cannot be kept.
    """
    made = new_key()
    _write(made, in_place=True)
    return made


def _write(key: str, *, in_place: bool) -> bool:
    """Put a key into the file, whole or not at all; False where there is one already and it is to stay.

    Raises:
        SettingError: it cannot be written.
    """
    path = serve_key_file()
    temporary = ""
    try:
        handle, temporary = tempfile.mkstemp(prefix=".key-", dir=private_dir(path.parent))  # made with mode 0600
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{key}\n")
            file.flush()
            os.fsync(file.fileno())
        if in_place:
            os.replace(temporary, path)
        else:
            os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        hint = "give a key: --api-key-file FILE, or LOCALLLM_API_KEY"
        why = error.strerror or type(error).__name__
        raise SettingError(f"a new key cannot be kept in {path}", why=why, hint=hint) from None
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
    return True


def _unusable(path: Path, why: str) -> SettingError:
    hint = "delete it, or localllm-tui serve --new-api-key makes another"
    return SettingError(f"the kept key in {path} cannot be used", why=why, hint=hint)
