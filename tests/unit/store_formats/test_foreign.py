"""What other programs write, in their own shapes."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tui.store.formats.chat import Chat
from tui.store.formats.found import Found, read_chats
from tui.store.formats.reading import FormatError


def read(tmp_path: Path, content: object, name: str = "file.json") -> Found:
    """What a file with this content holds."""
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return read_chats(path)


def lines(*values: object) -> str:
    """JSON Lines."""
    return "\n".join(json.dumps(value) for value in values)


def said(chat: Chat) -> list[tuple[str, str]]:
    """The open branch."""
    return [(message.role, message.text) for message in chat.branch()]


def node(parent: str | None, *children: str, role: str = "user", text: str = "", **more: Any) -> dict[str, Any]:
    """A node of ChatGPT's tree."""
    message = {
        "author": {"role": role},
        "create_time": 1700000000.5,
        "content": {"content_type": "text", "parts": [text]},
        "recipient": "all",
        **more,
    }
    return {"parent": parent, "children": list(children), "message": message if text or more else None}


CHATGPT = {
    "title": "Capitals",
    "create_time": 1700000000.0,
    "current_node": "a2",
    "default_model_slug": "gpt-4o",
    "mapping": {
        "a2": node("u1", role="assistant", text="Paris!", metadata={"model_slug": "gpt-5"}),
        "root": node(None, "sys"),
        "sys": node("root", "u1", role="system", text="Be brief."),
        "u1": node("sys", "a1", "a2", text="France?"),
        "a1": node("u1", "t1", role="assistant", text="Paris."),
        "t1": node("a1", "a3", role="tool", text="searching"),
        "a3": node("t1", role="assistant", text="It is Paris."),
    },
}


def test_chatgpt_keeps_branches_models_and_the_open_branch(tmp_path: Path) -> None:
    found = read(tmp_path, [CHATGPT])
    (chat,) = found.chats
    assert found.source == "ChatGPT" and found.left_out == 1
    assert said(chat) == [("user", "France?"), ("assistant", "Paris!")]
    assert chat.conversation.title == "Capitals" and chat.conversation.titled_by == "person"
    assert json.loads(chat.conversation.settings) == {"system_prompt": "Be brief."}
    by_text = {message.text: message for message in chat.messages}
    assert by_text["Paris."].parent == by_text["Paris!"].parent == by_text["France?"].id
    assert by_text["It is Paris."].parent == by_text["Paris."].id
    assert by_text["Paris."].id < by_text["Paris!"].id, "siblings come as their parent names them"
    reply = by_text["Paris!"].reply
    assert reply is not None and reply.facts.model.name == "gpt-5" and reply.facts.system_prompt == "Be brief."
    assert by_text["France?"].created == 1700000000.5


def test_chatgpt_leaves_out_pictures_and_keeps_words(tmp_path: Path) -> None:
    picture = {"content_type": "image_asset_pointer", "asset_pointer": "file-service://x"}
    content = {"content_type": "multimodal_text", "parts": [picture, "What is this?"]}
    entry = {"title": "", "mapping": {"u": node(None, content=content)}}
    found = read(tmp_path, entry)
    assert said(found.chats[0]) == [("user", "What is this?")]
    assert found.left_out == 1 and found.chats[0].conversation.title == "What is this?"


def message(number: int, parent: str | None, role: str, content: str, **more: object) -> dict[str, object]:
    """A message of llama-server's page."""
    return {
        "id": f"m{number}", "convId": "c", "type": "text", "timestamp": 1700000000000 + number, "role": role,
        "content": content, "parent": parent, "children": [], **more,
    }  # fmt: skip


WEB_UI = [
    {**message(0, None, "system", ""), "type": "root"},
    message(1, "m0", "user", "hi", extra=[{"type": "TEXT", "name": "a.txt", "content": "seven"}, {"type": "IMAGE"}]),
    message(2, "m1", "assistant", "hello", model="Qwen3", reasoningContent="a greeting"),
    message(3, "m1", "assistant", "hey"),
]
CONV = {"id": "c", "name": "Greeting", "lastModified": 1700000009000, "currNode": "m2"}


@pytest.mark.parametrize("shape", ["one", "array", "lines"])
def test_the_page_of_llama_server_old_and_new(tmp_path: Path, shape: str) -> None:
    exported: object = {"conv": CONV, "messages": WEB_UI}
    if shape == "array":
        exported = [exported]
    if shape == "lines":
        header = {"type": "session", "harness": "llama.app", **CONV}
        exported = lines(header, *({"type": "message", "message": entry} for entry in WEB_UI), {"type": "later"})
    found = read(tmp_path, exported)
    (chat,) = found.chats
    assert found.source == "llama-server" and found.left_out == 1
    assert [role for role, _ in said(chat)] == ["user", "assistant"]
    assert said(chat)[0][1] == "hi\n\n--- File: a.txt ---\nseven"
    assert said(chat)[1][1] == "<think>\na greeting\n</think>\n\nhello"
    assert len(chat.messages) == 3 and chat.messages[2].text == "hey"
    assert chat.messages[0].created == pytest.approx(1700000000.001)


def test_only_the_open_branch_without_a_root_and_messages_without_names(tmp_path: Path) -> None:
    simple = [{"role": "user", "content": "a"}, {"role": "assistant", "content": [{"type": "text", "text": "b"}]}]
    records = [{"type": "message", "message": entry} for entry in simple]
    found = read(tmp_path, lines({"type": "session", "harness": "x", "id": "1"}, *records))
    assert said(found.chats[0]) == [("user", "a"), ("assistant", "b")]
    partial = {"conv": CONV, "messages": WEB_UI[1:3]}
    assert len(said(read(tmp_path, partial).chats[0])) == 2


def test_openai_one_conversation_a_line(tmp_path: Path) -> None:
    first = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {}}]},
            {"role": "assistant", "content": None, "tool_calls": [{}]},
            {"role": "tool", "content": "42"},
            {"role": "assistant", "content": "a cat\u2028"},
        ]
    }
    second = [{"role": "user", "content": "東京"}]
    found = read(tmp_path, "\n" + lines(first, second) + "\n\n")
    assert found.source == "OpenAI JSONL" and found.left_out == 3
    assert said(found.chats[0]) == [("user", "look"), ("assistant", "a cat\u2028")]
    assert said(found.chats[1]) == [("user", "東京")]


def test_half_a_surrogate_pair_becomes_a_replacement_character(tmp_path: Path) -> None:
    found = read(tmp_path, '{"messages": [{"role": "user", "content": "a\\ud800b"}]}')
    assert said(found.chats[0]) == [("user", "a\ufffdb")]


def test_archives_as_the_programs_write_them(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations.json", json.dumps([CHATGPT]))
        archive.writestr("user.json", "{}")
    assert len(read_chats(path).chats) == 1
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a.jsonl", "b.jsonl"):
            record = {"type": "message", "message": WEB_UI[1]}
            archive.writestr(name, lines({"type": "session", "harness": "llama.app", **CONV}, record))
    assert len(read_chats(path).chats) == 2


def test_conversations_without_a_message_are_counted_only(tmp_path: Path) -> None:
    found = read(tmp_path, [{"title": "nothing", "mapping": {"root": node(None)}}])
    assert found.chats == () and found.empty == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "empty"),
        ("hello", "no JSON"),
        ("{", "no JSON"),
        ("[]", "known here"),
        ("null", "known here"),
        ("{}\n{}", "known here"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' * 100_000, "nested too deeply"),
        ("1" * 100_000, "no JSON"),
        ('{"messages": NaN}', "NaN"),
        (lines({"messages": [{"role": "user", "content": "a"}]}) + "\n{bad", "line 2 is no JSON"),
        (lines({"messages": [{"role": "user", "content": "a"}]}, 5), "line 2 is a number"),
        (lines({"messages": [{"role": "wizard", "content": "a"}]}), "role wizard"),
        (lines({"messages": [{"role": "user", "content": 5}]}), "is a number, not an array"),
        ({"mapping": {"a": []}}, "not an object"),
        ({"mapping": {"a": {"parent": "b", "message": None}, "b": {"parent": "a", "message": None}}}, "in a circle"),
        ({"conv": {}, "messages": {}}, "not an array"),
        ({"conv": {}, "messages": [WEB_UI[1], WEB_UI[1]]}, "same name"),
        (lines({"type": "session"}, [], ""), "line 2 is an array"),
        ({"format": "localllm-tui chats", "version": 1}, "conversations is null"),
    ],
)
def test_what_is_no_conversation_is_refused_in_one_line(tmp_path: Path, content: object, why: str) -> None:
    with pytest.raises(FormatError, match=why) as refused:
        read(tmp_path, content)
    line = refused.value.line()
    assert "file.json" in line and "\n" not in line and len(line) < 500


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        read_chats(tmp_path / "missing")
    with pytest.raises(FormatError, match="is a directory"):
        read_chats(tmp_path)
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FormatError, match="not UTF-8"):
        read_chats(tmp_path / "bytes")
    with pytest.raises(FormatError, match="not possible"):
        read_chats(Path("a\x00b"))


def test_a_file_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.store.formats.reading.MAX_FILE", 10)
    monkeypatch.setattr("tui.store.formats.zip_file.MAX_FILE", 10)
    with pytest.raises(FormatError, match="too large"):
        read(tmp_path, "x" * 11)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", " " * 100_000)
    with pytest.raises(FormatError, match="too large"):
        read_chats(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme", "")
    with pytest.raises(FormatError, match="no conversation"):
        read_chats(path)


def test_a_long_conversation_is_read_without_recursion(tmp_path: Path) -> None:
    mapping = {str(n): node(str(n - 1) if n else None, text=f"m{n}") for n in reversed(range(20_000))}
    (chat,) = read(tmp_path, {"mapping": mapping}).chats
    assert len(chat.branch()) == 20_000
