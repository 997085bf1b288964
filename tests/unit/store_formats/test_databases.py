"""Databases of oterm and elia, made by their own statements."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tui.store.formats.found import read_chats
from tui.store.formats.reading import FormatError

OTERM_OLD = """
CREATE TABLE "chat" ("id" INTEGER, "name" TEXT, "model" TEXT NOT NULL, "system" TEXT, "format" TEXT,
    PRIMARY KEY("id" AUTOINCREMENT));
CREATE TABLE "message" ("chat_id" INTEGER NOT NULL, "author" TEXT NOT NULL, "text" TEXT NOT NULL,
    FOREIGN KEY("chat_id") REFERENCES "chat"("id") ON DELETE CASCADE);
INSERT INTO chat VALUES (3, 'Colours', 'llama2', 'Be brief.', NULL);
INSERT INTO message VALUES (3, 'me', 'Name one.'), (3, 'ollama', 'Red.');
"""
OTERM_NEW = """
CREATE TABLE IF NOT EXISTS "chat" ("id" INTEGER, "name" TEXT, "model" TEXT NOT NULL, "system" TEXT,
    "provider" TEXT DEFAULT "ollama", "parameters" TEXT DEFAULT "{}", "tools" TEXT DEFAULT "[]",
    "thinking" BOOLEAN DEFAULT 0, PRIMARY KEY("id" AUTOINCREMENT));
CREATE TABLE IF NOT EXISTS "message" ("id" INTEGER, "chat_id" INTEGER NOT NULL, "author" TEXT NOT NULL,
    "text" TEXT NOT NULL, "images" TEXT DEFAULT "[]", PRIMARY KEY("id" AUTOINCREMENT),
    FOREIGN KEY("chat_id") REFERENCES "chat"("id") ON DELETE CASCADE);
INSERT INTO chat(id, name, model) VALUES (1, 'Cats', 'llava');
INSERT INTO message(chat_id, author, text, images) VALUES (1, 'user', 'look', '["aGk="]'),
    (1, 'assistant', 'a cat', '[]');
"""
ELIA_OLD = """
CREATE TABLE chat (id INTEGER NOT NULL PRIMARY KEY, model VARCHAR NOT NULL, title VARCHAR, started_at DATETIME);
CREATE TABLE message (id INTEGER NOT NULL PRIMARY KEY, chat_id INTEGER, role VARCHAR NOT NULL,
    content VARCHAR NOT NULL, timestamp DATETIME, status VARCHAR, end_turn BOOLEAN, weight FLOAT, meta JSON,
    recipient VARCHAR);
INSERT INTO chat VALUES (1, 'gpt-3.5-turbo', 'Colours', '2024-01-02 03:04:05');
INSERT INTO message(id, chat_id, role, content, timestamp) VALUES (1, 1, 'system', 'Be brief.', NULL),
    (2, 1, 'human', 'Name one.', '2024-01-02 03:04:06.500000'), (3, 1, 'ai', 'Red.', 'whenever');
"""
ELIA_NEW = """
CREATE TABLE chat (id INTEGER NOT NULL, model VARCHAR NOT NULL, title VARCHAR, started_at DATETIME DEFAULT
    (CURRENT_TIMESTAMP), archived BOOLEAN NOT NULL, PRIMARY KEY (id));
CREATE TABLE message (id INTEGER NOT NULL, chat_id INTEGER, role VARCHAR NOT NULL, content VARCHAR NOT NULL,
    timestamp DATETIME DEFAULT (CURRENT_TIMESTAMP), meta JSON, parent_id INTEGER, model VARCHAR, PRIMARY KEY (id),
    FOREIGN KEY(chat_id) REFERENCES chat (id), FOREIGN KEY(parent_id) REFERENCES message (id));
INSERT INTO chat VALUES (1, 'gpt-4', NULL, '2024-01-02 03:04:05.000001', 1);
INSERT INTO message(id, chat_id, role, content, model, parent_id) VALUES (1, 1, 'user', 'Name one.', 'gpt-4', NULL),
    (2, 1, 'tool', 'x', NULL, NULL), (3, 1, 'assistant', 'Red.', 'gpt-4', 2), (4, 1, 'assistant', 'Blue.', 'o1', 1);
"""


def database(path: Path, script: str) -> Path:
    """A database."""
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.commit()
    connection.close()
    return path


@pytest.mark.parametrize("script", [OTERM_OLD, ELIA_OLD])
def test_an_old_one(tmp_path: Path, script: str) -> None:
    found = read_chats(database(tmp_path / "store.db", script))
    (chat,) = found.chats
    assert [(m.role, m.text) for m in chat.branch()] == [("user", "Name one."), ("assistant", "Red.")]
    assert chat.conversation.title == "Colours"
    reply = chat.messages[1].reply
    assert reply is not None and reply.facts.system_prompt == "Be brief." and reply.facts.model.name


def test_oterm_of_today(tmp_path: Path) -> None:
    found = read_chats(database(tmp_path / "store.db", OTERM_NEW))
    assert found.source == "oterm" and found.left_out == 1
    assert [(m.role, m.text) for m in found.chats[0].branch()] == [("user", "look"), ("assistant", "a cat")]


def test_elia_of_today_with_two_replies(tmp_path: Path) -> None:
    found = read_chats(database(tmp_path / "elia.sqlite", ELIA_NEW))
    (chat,) = found.chats
    assert found.source == "elia" and found.left_out == 1 and chat.conversation.archived
    assert [(m.id, m.parent, m.text) for m in chat.messages] == [
        (1, None, "Name one."),
        (2, 1, "Red."),
        (3, 1, "Blue."),
    ]
    assert chat.conversation.title == "Name one." and chat.conversation.created == 1704164645.000001


def test_the_database_stays_as_it_is(tmp_path: Path) -> None:
    path = database(tmp_path / "store.db", OTERM_NEW)
    before, beside = path.read_bytes(), set(tmp_path.iterdir())
    read_chats(path)
    assert path.read_bytes() == before and set(tmp_path.iterdir()) == beside


VIEW = """CREATE TABLE chat (id, name, model);
CREATE VIEW message AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n)
    SELECT i AS chat_id, 'user' AS author, 'x' AS text FROM n"""


@pytest.mark.parametrize("script", ["CREATE TABLE notes (a)", VIEW])
def test_other_databases_are_refused(tmp_path: Path, script: str) -> None:
    with pytest.raises(FormatError, match="another program"):
        read_chats(database(tmp_path / "x.db", script))


@pytest.mark.parametrize("statement", ["UPDATE message SET author = 'robot'", "UPDATE message SET author = x'00ff'"])
def test_an_unknown_author_is_refused(tmp_path: Path, statement: str) -> None:
    with pytest.raises(FormatError, match="author"):
        read_chats(database(tmp_path / "x.db", f"{OTERM_NEW}{statement}"))


@pytest.mark.parametrize("keep", [16, 100, 5000])
def test_a_cut_off_database_is_refused_in_one_line(tmp_path: Path, keep: int) -> None:
    path = database(tmp_path / "x.db", OTERM_NEW)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError) as refused:
        read_chats(path)
    assert "x.db" in refused.value.line() and "\n" not in refused.value.line()
