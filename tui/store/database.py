"""One SQLite connection for all threads, on disk as long as that is possible and in memory when it is not.

A write that the disk does not take is done again in memory, in a copy of what was on disk, and remembered. As soon as
the disk takes it after all, everything remembered is written there in one transaction.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tui.core.errors import StoreError
from tui.store.backups import restore
from tui.store.copies import connect, copy_of
from tui.store.opening import Trouble, open_store
from tui.store.reasons import is_damage, leaves_disk, reason, reason_at

T = TypeVar("T")
Row = tuple[Any, ...]

_RETRY_SECONDS = 5.0
_SYNC_SECONDS = 1.0
_NO_FILE = (0, 0)


class Change:
    """What a write may do while its transaction is open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.done: list[tuple[str, Sequence[Any]]] = []
        """Every statement that changed something, with its values."""

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query, with the changes so far."""
        return self._connection.execute(sql, values).fetchall()

    def run(self, sql: str, *values: Any) -> int:
        """Change something; how many rows were changed. It must mean the same if it is run again later on."""
        self.done.append((sql, values))
        return self._connection.execute(sql, values).rowcount


class Database:
    """A store that is open. Any thread may call; calls are short.

    Args:
        path: the file; it is made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._synced = 0.0
        self._pending: list[tuple[str, Sequence[Any]]] = []
        self._retry_at = 0.0
        self._connection, self._trouble, self._notes = open_store(path)
        self._identity = _identity(path)

    @property
    def in_memory(self) -> bool:
        """Whether what is written now is not on disk."""
        return self._trouble is not None

    @property
    def problems(self) -> tuple[str, ...]:
        """What the person should know, one line each."""
        with self._lock:
            return (*self._notes, *((self._trouble.line,) if self._trouble else ()))

    @property
    def notes(self) -> tuple[str, ...]:
        """Of these, what happened to the file when it was opened."""
        with self._lock:
            return self._notes

    @property
    def trouble(self) -> str:
        """Why what is written now is not on disk, in a few words; empty where it is."""
        with self._lock:
            return self._trouble.why if self._trouble else ""

    @property
    def unsaved(self) -> int:
        """Changes that are only in memory."""
        return len(self._pending)

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Rows of a query.

        Raises:
            StoreError: they cannot be read.
        """
        return self.view(lambda connection: connection.execute(sql, values).fetchall())

    def view(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """What `look` returns: several queries of one moment.

        Raises:
            StoreError: they cannot be read.
        """
        with self._lock:
            try:
                return look(self._connection)
            except sqlite3.DatabaseError as error:
                if not is_damage(error) or self.in_memory:
                    raise StoreError("The chats could not be read", why=reason(error)) from error
                self._begin_anew()
                return look(self._connection)

    def change(self, work: Callable[[Change], T], *, durable: bool = True) -> T:
        """Do `work` in one transaction, which is committed on return.

        Args:
            work: changes something through what it is given; it may be called a second time after a first one came
                to nothing.
            durable: whether it must outlast a power cut too, and not only this process. What is not durable becomes
                so within a second of the next call.
        """
        with self._lock:
            if self.in_memory and time.monotonic() >= self._retry_at:
                self.save_again()
            try:
                self._follow()
                return self._transaction(work, durable)
            except sqlite3.DatabaseError as error:
                if self.in_memory or not (leaves_disk(error) or is_damage(error)):
                    raise
                if is_damage(error):
                    self._begin_anew()
                else:
                    self._leave_disk(error)
                return self._transaction(work, durable)

    def save_again(self) -> bool:
        """Try to bring to disk what is only in memory; whether nothing is left there."""
        with self._lock:
            if self._trouble is None:
                return True
            self._retry_at = time.monotonic() + _RETRY_SECONDS
            if not self._trouble.passing:
                return False
            connection, trouble, notes = open_store(self.path, patience=0.2)
            if trouble is None and self._replay(connection):
                self._connection.close()
                self._connection, self._trouble, self._pending = connection, None, []
                self._notes = (*self._notes, *notes)
                self._identity = _identity(self.path)
                return True
            connection.close()
            return False

    def check(self) -> bool:
        """Read the whole file; a damaged one is set aside. Others may read and write meanwhile."""
        try:
            with contextlib.closing(connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                sound = bool(connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
        except sqlite3.DatabaseError as error:
            sound = not is_damage(error)
        with self._lock:
            if not sound and not self.in_memory:
                self._begin_anew()
        return sound

    def close(self) -> None:
        """No more calls after this one."""
        with self._lock:
            if self._pending:
                self.save_again()
            self._connection.close()

    def _transaction(self, work: Callable[[Change], T], durable: bool) -> T:
        if not self.in_memory:
            self._set_durable(durable)
        change = Change(self._connection)
        with transaction(self._connection):
            result = work(change)
        if self.in_memory:
            self._pending += change.done
        return result

    def _set_durable(self, durable: bool) -> None:
        now = time.monotonic()
        durable = durable or now - self._synced >= _SYNC_SECONDS
        if durable:
            self._synced = now
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")

    def _leave_disk(self, error: sqlite3.Error) -> None:
        disk = self._connection
        self._connection = copy_of(disk, self.path)
        with contextlib.suppress(sqlite3.Error):
            disk.close()
        self._trouble = Trouble.of(self.path, reason_at(self.path, error))
        self._retry_at = time.monotonic() + _RETRY_SECONDS

    def _follow(self) -> None:
        """See to it that what is written goes to the file that has the store's name now."""
        now = _identity(self.path)
        if self.in_memory or now == self._identity:
            return
        if now == _NO_FILE:
            restore(self._connection, self.path)
        self._connection.close()
        self._connection, self._trouble, notes = open_store(self.path)
        self._notes = (*self._notes, *notes)
        self._identity = _identity(self.path)

    def _begin_anew(self) -> None:
        """Set the damaged file aside, and go on with what can be read of it."""
        # Another program may have done that already, and the file there is a new one.
        same = _identity(self.path) == self._identity
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._connection, self._trouble, notes = open_store(self.path, damaged=same)
        self._identity = _identity(self.path)
        self._notes = (*self._notes, *notes)

    def _replay(self, connection: sqlite3.Connection) -> bool:
        try:
            with transaction(connection):
                for sql, values in self._pending:
                    connection.execute(sql, values)
        except sqlite3.Error:
            return False
        return True


def _identity(path: Path) -> tuple[int, int]:
    """Which file it is, whatever its name."""
    try:
        status = path.stat()
    except OSError:
        return _NO_FILE
    return status.st_dev, status.st_ino


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything or nothing of what is done inside; no other program writes meanwhile."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled it back already.
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise
