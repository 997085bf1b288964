"""Any part of any file replaced by anything: a conversation or one line, and never another error."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.store_formats.chats import chats
from tests.unit.store_formats.test_foreign import CHATGPT, CONV, WEB_UI
from tui.store.formats.chat import Chat
from tui.store.formats.found import Found, read_chats
from tui.store.formats.native import write_json
from tui.store.formats.reading import FormatError

OPENAI = {
    "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}]}, {"role": "assistant", "content": "b"}]
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5)
    | st.sampled_from([1e308, -1, 10**400, "\ud800", "m1", "a1", "user", "tool", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to every value inside a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(way for key, part in inner for way in places(part, (*here, key)))]


def replaced(value: Any, way: tuple[Any, ...], by: Any) -> Any:
    """A copy of a value with one part of it replaced."""
    if not way:
        return by
    copied = copy.deepcopy(value)
    part = copied
    for key in way[:-1]:
        part = part[key]
    part[way[-1]] = by
    return copied


def read(folder: Path, text: str) -> Found | None:
    """What the file holds; None where it was refused in one line."""
    path = folder / "file"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    try:
        found = read_chats(path)
    except FormatError as error:
        assert "\n" not in error.line() and len(error.line()) < 1000
        return None
    for chat in found.chats:
        json.loads("".join(write_json([chat])))
        assert all(message.text.encode() is not None for message in chat.messages)
    return found


@pytest.mark.parametrize("document", [[CHATGPT], {"conv": CONV, "messages": WEB_UI}, OPENAI], ids=["gpt", "page", "ai"])
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_part_replaced(tmp_path: Path, document: Any, data: st.DataObject) -> None:
    changed = document
    for _ in range(data.draw(st.integers(1, 3))):
        changed = replaced(changed, data.draw(st.sampled_from(places(changed))), data.draw(JSON))
    read(tmp_path, json.dumps(changed))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(chat=chats(), data=st.data())
def test_a_part_of_our_own_file_replaced(tmp_path: Path, chat: Chat, data: st.DataObject) -> None:
    document = json.loads("".join(write_json([chat])))
    way = data.draw(st.sampled_from(places(document)))
    read(tmp_path, json.dumps(replaced(document, way, data.draw(JSON))))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=JSON, lines=st.booleans())
def test_anything(tmp_path: Path, value: Any, lines: bool) -> None:
    read(tmp_path, json.dumps(value) + ("\n" + json.dumps(value) if lines else ""))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_bytes_changed(tmp_path: Path, data: st.DataObject) -> None:
    text = bytearray(json.dumps([CHATGPT]).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "file").write_bytes(text)
    try:
        read_chats(tmp_path / "file")
    except FormatError as error:
        assert "\n" not in error.line()
