"""A store of any earlier version is brought up to date, after a backup, and loses nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.store.versions.write import PROMPT, REPLY, VERSIONS, restore
from tui.store import migrations
from tui.store.backups import back_up, backups_dir
from tui.store.migrations import MIGRATIONS, Migration, migrate
from tui.store.store import Store


def _name(version: Path) -> str:
    return version.name.removesuffix(".db.gz")


def test_there_is_a_file_of_every_version() -> None:
    assert [_name(file) for file in VERSIONS] == [f"{n}-{step.name}" for n, step in enumerate(MIGRATIONS, 1)]


@pytest.mark.parametrize("version", VERSIONS, ids=_name)
def test_a_store_of_an_earlier_version_is_brought_up_to_date(version: Path, path: Path) -> None:
    restore(version, path)
    store = Store(path)
    assert store.problems == () and not store.in_memory
    chat = store.last_conversation()
    assert chat is not None and chat.title == "Weather"
    assert [one.text for one in store.path_to(chat.leaf)] == [PROMPT, REPLY]
    assert store.tokens(2) == (5, 6)
    assert [hit.message for hit in store.search("天気")] == [1] and [hit.message for hit in store.search("weat")] == [
        None
    ]
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert _schema(connection) == _schema(_newest())
    connection.close()


@pytest.mark.parametrize("number", range(1, len(MIGRATIONS) + 1))
def test_a_released_step_does_not_change(number: int, tmp_path: Path) -> None:
    then = sqlite3.connect(restore(VERSIONS[number - 1], tmp_path / "then.db"))
    now = sqlite3.connect(":memory:", isolation_level=None)
    migrate(now, MIGRATIONS[:number])
    assert _schema(then) == _schema(now)


@pytest.mark.parametrize("version", VERSIONS[:-1], ids=_name)
def test_a_backup_of_the_old_store_is_made_first(version: Path, path: Path) -> None:
    restore(version, path)
    Store(path).close()
    (backup,) = backups_dir(path).iterdir()
    assert backup.name.endswith(f"-before-{MIGRATIONS[int(version.name[0])].name}.db")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert stat.S_IMODE(backup.parent.stat().st_mode) == 0o700
    old, copy = sqlite3.connect(restore(version, path.with_name("old.db"))), sqlite3.connect(backup)
    assert _everything(old) == _everything(copy)
    old.close()
    copy.close()


def test_a_store_that_is_up_to_date_needs_no_backup(path: Path) -> None:
    Store(path).close()
    Store(path).close()
    assert not backups_dir(path).exists()


def test_the_last_three_backups_are_kept(path: Path) -> None:
    store = Store(path)
    made = []
    for number in range(5):
        made.append(back_up(sqlite3.connect(path), path, f"step{number}"))
        os.utime(made[-1], (number, number))
    kept = {backup.name for backup in backups_dir(path).iterdir()}
    # The one that was just made is the newest by its clock, whatever the others say.
    assert len(kept) == 3 and made[-1].name in kept
    store.close()


def test_a_step_that_fails_leaves_the_store_at_the_one_before(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(path).close()

    def broken(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE half (x)")
        connection.execute("DELETE FROM conversation")
        raise sqlite3.OperationalError("no such thing")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*MIGRATIONS, Migration("broken", broken)))
    connection = sqlite3.connect(path, isolation_level=None)
    before = _everything(connection)
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert _everything(connection) == before
    connection.close()


_MIGRATES = """
import os, signal, sys
from pathlib import Path
from tui.store import migrations, opening
from tui.store.migrations import MIGRATIONS, Migration
def dies(connection):
    connection.execute("CREATE TABLE half (x)")
    connection.execute("DELETE FROM message")
    os.kill(os.getpid(), signal.SIGKILL)
migrations.MIGRATIONS = opening.MIGRATIONS = (*MIGRATIONS, Migration("dies", dies))
from tui.store.store import Store
Store(Path(sys.argv[1]))
"""


def test_a_program_killed_in_a_migration_leaves_the_store_as_it_was(path: Path) -> None:
    restore(VERSIONS[-1], path)
    died = subprocess.run([sys.executable, "-c", _MIGRATES, str(path)], check=False)
    assert died.returncode == -signal.SIGKILL
    assert [file.name.partition("-before-")[2] for file in backups_dir(path).iterdir()] == ["dies.db"]
    store = Store(path)
    assert [one.text for one in store.path_to(2)] == [PROMPT, REPLY]
    assert store._database.read("PRAGMA integrity_check") == [("ok",)]
    store.close()


def test_two_programs_bring_a_store_up_to_date_at_once(path: Path) -> None:
    restore(VERSIONS[0], path)
    code = "import sys; from pathlib import Path; from tui.store.store import Store; s = Store(Path(sys.argv[1]))"
    code += "; print(s.problems, len(s.path_to(2)), len(s.search('sunny')))"
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [child.communicate()[0].strip() for child in children] == ["() 2 1"] * 3


def _newest() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection)
    return connection


def _schema(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name")
    return [(name, " ".join(sql.split())) for name, sql in rows]


def _everything(connection: sqlite3.Connection) -> list[object]:
    tables = [name for name, sql in _schema(connection) if sql.startswith("CREATE TABLE")]
    return [_schema(connection), *(connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables)]
