"""The store for commands: they end at once, so what a store in memory would hope for is not said."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

from tui.core.errors import StoreError
from tui.run.output import warn
from tui.store.store import Store


@contextmanager
def opened_store(refusal: str = "") -> Iterator[Store]:
    """The person's conversations; a line on standard error says what is amiss with their file.

    Args:
        refusal: what did not come about where the file cannot be written; empty for who only reads.

    Raises:
        StoreError: they cannot be read, or not be written by who has to.
    """
    with closing(Store()) as store:
        for note in store.notes:
            warn(note)
        if store.trouble:
            if refusal:
                raise StoreError(refusal, why=f"{store.path} cannot be written: {store.trouble}")
            # What cannot be read at all is no empty list.
            if not store.count() and _holds_something(store):
                raise StoreError("The chats cannot be read", why=f"{store.path}: {store.trouble}")
            warn(f"{store.path} cannot be written: {store.trouble}")
        yield store


def _holds_something(store: Store) -> bool:
    try:
        return os.stat(store.path).st_size > 0
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:  # nobody knows
        return True
