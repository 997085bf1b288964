"""`localllm-tui chats` as a script uses it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import localllm, on_terminal
from tui.core.events import StopReason
from tui.store.records import ModelIdentity, ReplyFacts
from tui.store.store import Store, store_file


def written() -> tuple[int, int]:
    """Two conversations in the person's store, one with two branches; their numbers."""
    store = Store()
    weather = store.create()
    said = store.add_prompt(weather.id, None, "東京の天気は?")
    for text in ("晴れ", "雨 \x1b[31m"):
        reply = store.begin_reply(said.id, ReplyFacts(ModelIdentity("SmolLM2"), system_prompt="短く。"))
        store.finish_reply(reply.id, text, (1, 2), StopReason.END)
    colours = store.create("Colours")
    store.add_prompt(colours.id, None, "Name three colours.")
    store.archive(colours.id)
    store.close()
    return weather.id, colours.id


def parsed(*arguments: str) -> Any:
    """What a command with --json prints, and nothing else on either side."""
    done = localllm("chats", *arguments, "--json")
    assert done.returncode == 0 and done.stderr == b"", done.stderr
    return json.loads(done.stdout)


def test_the_list(isolated_home: Path) -> None:
    empty = localllm("chats", "list")
    assert (empty.returncode, empty.stdout, empty.stderr) == (0, b"", b"no conversations\n")
    assert parsed("list") == []
    weather, colours = written()
    (record,) = parsed("list")
    assert record["id"] == str(weather) and record["title"] == "東京の天気は?" and record["messages"] == 3
    assert record["model"] == "SmolLM2" and not record["pinned"]
    assert [entry["id"] for entry in parsed("list", "--archived")] == [str(colours)]
    assert len(parsed("list", "--all")) == 2 and len(parsed("list", "--all", "--limit", "1")) == 1
    table = localllm("chats", "list", "--all").stdout.decode().splitlines()
    assert table[0].split() == ["ID", "LAST", "USED", "MESSAGES", "TITLE", "MODEL", "MARKS"]
    assert len(table) == 3 and table[1].endswith("archived")


def test_searching() -> None:
    weather, colours = written()
    (hit,) = parsed("search", "天気")[:1]
    assert hit["id"] == str(weather)
    assert parsed("search", "three", "col")[0] == {
        **parsed("search", "three")[0], "id": str(colours), "role": "user", "text": "Name three colours.",
        "found": ["three", "col"],
    }  # fmt: skip
    nothing = localllm("chats", "search", "zebra")
    assert (nothing.returncode, nothing.stdout) == (0, b"") and b"nothing found for zebra" in nothing.stderr
    assert b"three colours" in localllm("chats", "search", "three").stdout


def test_exports_go_to_standard_output_alone() -> None:
    weather, _ = written()
    done = localllm("chats", "export", str(weather))
    assert done.returncode == 0 and done.stderr == b""
    text = done.stdout.decode()
    assert text.startswith("# 東京の天気は?\n") and "## SmolLM2\n\n雨 \x1b[31m\n" in text and "晴れ" not in text
    lines = localllm("chats", "export", "--all", "--format", "jsonl").stdout.decode().splitlines()
    assert [json.loads(line)["messages"][-1]["role"] for line in lines] == ["assistant", "user"]
    assert "SmolLM2:\n雨" in localllm("chats", "export", str(weather), "--format", "txt").stdout.decode()


def test_a_terminal_gets_no_escape_sequence() -> None:
    weather, _ = written()
    status, seen, _ = on_terminal("chats", "export", str(weather))
    assert status == 0 and b"^[[31m" in seen and b"\x1b[31m" not in seen


def test_everything_out_and_in_again(tmp_path: Path, isolated_home: Path) -> None:
    written()
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    done = localllm("chats", "export", "--all", "-o", str(first))
    assert (done.returncode, done.stdout) == (0, b"") and b"exported 2 conversations" in done.stderr
    assert first.stat().st_mode & 0o777 == 0o600
    for file in store_file().parent.glob("chats.db*"):
        file.unlink()
    done = localllm("chats", "import", str(first))
    assert done.returncode == 0, done.stderr
    assert b"2 conversations from localllm-tui" in done.stderr and len(done.stdout.split()) == 2
    localllm("chats", "export", "--all", "-o", str(second))
    assert first.read_bytes() == second.read_bytes()


def test_other_programs_files_are_taken_in_together_or_not_at_all(tmp_path: Path) -> None:
    good, bad, database = tmp_path / "good.jsonl", tmp_path / "bad.json", tmp_path / "store.db"
    good.write_text(json.dumps({"messages": [{"role": "user", "content": "hello"}]}) + "\n")
    bad.write_text('{"mapping": {"a": 5}}')
    connection = sqlite3.connect(database)
    connection.executescript(
        "CREATE TABLE chat (id, name, model); CREATE TABLE message (chat_id, author, text);"
        "INSERT INTO chat VALUES (1, 'Colours', 'llama'); INSERT INTO message VALUES (1, 'me', 'Red?')"
    )
    connection.close()
    done = localllm("chats", "import", str(good), str(bad))
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr.decode() == f"error: {bad}: a node of conversation 1 is a number, not an object\n"
    assert parsed("list") == []
    done = localllm("chats", "import", "--json", str(good), str(database))
    assert done.returncode == 0
    assert {entry["title"] for entry in json.loads(done.stdout)} == {"hello", "Colours"}
    assert b"1 conversation from oterm" in done.stderr


def test_a_file_that_has_grown_is_imported_again(tmp_path: Path) -> None:
    def entry(title: str) -> dict[str, object]:
        message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [title]}}
        return {"title": title, "create_time": 1.7e9, "mapping": {"a": {"parent": None, "message": message}}}

    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([entry("first")]))
    assert localllm("chats", "import", str(path)).stderr.endswith(b": 1 conversation from ChatGPT\n")
    path.write_text(json.dumps([entry("first"), entry("second")]))
    assert localllm("chats", "import", str(path)).stderr.endswith(b"1 conversation from ChatGPT; 1 was here already\n")
    assert {record["title"] for record in parsed("list")} == {"first", "second"}


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        ([], 2, "there is no action. The actions are list, search, export, import, replay; see localllm-tui chats"),
        (["search"], 2, "there are no words: give what to look for. See localllm-tui chats search --help"),
        (["export"], 2, "give one of ID and --all. See localllm-tui chats export --help"),
        (["export", "1", "--all"], 2, "give one of ID and --all. See localllm-tui chats export --help"),
        (["export", "x"], 2, "x is no conversation's number. See localllm-tui chats export --help"),
        (["export", "--all", "--format", "pdf"], 2, "--format cannot be pdf: it is one of md, json, jsonl, txt. See"),
        (["export", "5"], 1, "There is no such conversation in the store"),
        (["export", "--all", "-o", "/nowhere/x.md"], 1, "/nowhere/x.md cannot be written: no such file or directory"),
        (["import"], 2, "there is no file: give one. See localllm-tui chats import --help"),
        (["import", "/nowhere/x"], 1, "/nowhere/x cannot be read: no such file or directory"),
        (["list", "--limit", "0"], 2, "--limit cannot be 0: it takes whole numbers from 1. See"),
    ],
)
def test_one_line_and_the_status(arguments: list[str], status: int, line: str) -> None:
    done = localllm("chats", *arguments)
    assert done.returncode == status and done.stdout == b""
    assert done.stderr.decode().startswith(f"error: {line}") and done.stderr.count(b"\n") == 1


def test_a_store_that_cannot_be_opened_is_no_empty_list(tmp_path: Path) -> None:
    store_file().parent.mkdir(parents=True)
    store_file().mkdir()
    for action in (["list"], ["import", str(tmp_path / "x")], ["export", "--all"]):
        done = localllm("chats", *action)
        assert done.returncode == 1 and done.stdout == b"" and str(store_file()).encode() in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_help_names_every_action() -> None:
    done = localllm("chats", "--help")
    assert done.returncode == 0
    for action in ("list", "search", "export", "import"):
        assert f"chats {action}".encode() in done.stdout
        assert localllm("chats", action, "--help").returncode == 0


def test_a_file_that_cannot_be_written_is_said_as_a_command_says_it(tmp_path: Path) -> None:
    written()
    with contextlib.closing(sqlite3.connect(store_file(), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        listed = localllm("chats", "list", "--json")
        export = tmp_path / "x.json"
        export.write_text("[]")
        refused = localllm("chats", "import", str(export))
        other.execute("ROLLBACK")
    line = f"{store_file()} cannot be written: another program keeps it locked\n"
    assert (listed.returncode, listed.stderr.decode()) == (0, f"warning: {line}")
    assert len(json.loads(listed.stdout)) == 1
    assert (refused.returncode, refused.stderr.decode()) == (1, f"error: Nothing was imported: {line}")


def test_no_file_and_none_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = localllm("chats", "list", "--json", XDG_DATA_HOME=str(tmp_path / "file"))
    assert done.returncode == 0 and json.loads(done.stdout) == []
    assert (
        done.stderr.startswith(b"warning: ") and b"cannot be written: " in done.stderr and b"memory" not in done.stderr
    )
