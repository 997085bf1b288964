"""Writes a store as the newest version of the program leaves it: `python -m tests.unit.store.versions.write`.

Run once with each new migration; the files of earlier versions stay as they are.
"""

from __future__ import annotations

import gzip
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tui.store.migrations import MIGRATIONS, migrate
from tui.store.words import segmented

FOLDER = Path(__file__).parent

VERSIONS = sorted(FOLDER.glob("*.db.gz"))
"""The files of all versions, oldest first."""

PROMPT, REPLY = "明日の東京の天気は?", "It will be sunny."


def main() -> None:
    """Write the file of the newest version."""
    write(len(MIGRATIONS))


def write(version: int) -> None:
    """Write the file of a store that took that many steps."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "chats.db"
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA page_size = 1024")
        migrate(connection, MIGRATIONS[:version])
        for sql, values in _content(version):
            connection.execute(sql, values)
        connection.close()
        target = FOLDER / f"{version}-{MIGRATIONS[version - 1].name}.db.gz"
        target.write_bytes(gzip.compress(file.read_bytes(), mtime=0))


def restore(version: Path, path: Path) -> Path:
    """Put the file of a version at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(version.read_bytes()))
    return path


def _content(version: int) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield "INSERT INTO conversation (id, title, titled_by, created, used) VALUES (1, 'Weather', 'person', 1.0, 2.0)", ()
    message = "INSERT INTO message (id, conversation, parent, role, created, state, text) VALUES (?, 1, ?, ?, ?, ?, ?)"
    yield message, (1, None, "user", 1.0, "done", PROMPT)
    yield message, (2, 1, "assistant", 2.0, "done", REPLY)
    yield "UPDATE conversation SET leaf = 2, length = 2, model = 'SmolLM2'", ()
    yield "INSERT INTO model VALUES (1, 'SmolLM2', 98, 'ab')", ()
    yield "INSERT INTO shared_text VALUES (1, x'01', '{}')", ()
    yield "INSERT INTO shared_text VALUES (2, x'02', '')", ()
    yield (
        "INSERT INTO reply (message, model, template_hash, params, system_prompt, seed, build, tokens)"
        + (" VALUES (2, 1, 'cd', 1, 2, 7, 'b1', x'0500000006000000')"),
        (),
    )
    if version >= 2:
        words = "INSERT INTO {} (rowid, words) VALUES (?, ?)"
        yield words.format("title_words"), (1, segmented("Weather"))
        yield words.format("message_words"), (1, segmented(PROMPT))
        yield words.format("message_words"), (2, segmented(REPLY))


if __name__ == "__main__":
    main()
