"""An answer as the blocks of Anthropic's messages, and the events that tell how they grow."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tui.server.reading import Delta

Told = list[dict[str, Any]]
"""Events."""
_KINDS = {"reasoning": "thinking", "text": "text", "name": "tool_use", "arguments": "tool_use"}
_DELTAS = {
    "thinking": ("thinking_delta", "thinking"), "text": ("text_delta", "text"),
    "tool_use": ("input_json_delta", "partial_json"),
}  # fmt: skip


class Blocks:
    """Builds the blocks of an answer from what is added to it."""

    def __init__(self) -> None:
        self.blocks: list[dict[str, Any]] = []
        """Those that there are, the last one perhaps still growing."""
        self._text = ""
        self._growing = False

    def add(self, deltas: Iterable[Delta]) -> Told:
        """Take what is added, and give the events that say so."""
        told: Told = []
        for delta in deltas:
            kind = _KINDS[delta.kind]
            if not self._growing or self.blocks[-1]["type"] != kind or delta.kind == "name":
                told += [*self.close(), self._open(kind, delta)]
            if delta.kind != "name":
                self._text += delta.text
                name, field = _DELTAS[kind]
                told.append(self._event("content_block_delta", delta={"type": name, field: delta.text}))
        return told

    def close(self) -> Told:
        """End the block that grows, and give the event that says so."""
        if not self._growing:
            return []
        self._growing = False
        block = self.blocks[-1]
        if block["type"] == "tool_use":
            block["input"] = _object(self._text)
        else:
            block[block["type"]] = self._text
        return [self._event("content_block_stop")]

    def _open(self, kind: str, delta: Delta) -> dict[str, Any]:
        self._text, self._growing = "", True
        if kind == "tool_use":
            block = {"type": kind, "id": delta.id, "name": delta.text, "input": {}}
        else:
            block = {"type": kind, kind: "", **({"signature": ""} if kind == "thinking" else {})}
        self.blocks.append(block)
        return self._event("content_block_start", content_block=dict(block))

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "index": len(self.blocks) - 1, **fields}


def _object(text: str) -> dict[str, Any]:
    """The arguments of a call; empty where they were cut off, as nothing else is an object."""
    try:
        value = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
