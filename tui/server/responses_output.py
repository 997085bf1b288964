"""An answer as the items of `/v1/responses`, and the events that tell how they grow."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from tui.server.reading import Delta

Told = list[dict[str, Any]]
"""Events, without their numbers."""
_KINDS = {"reasoning": "reasoning", "text": "message", "name": "function_call", "arguments": "function_call"}
_PREFIXES = {"reasoning": "rs", "message": "msg", "function_call": "fc"}
_STREAMS = {"reasoning": "reasoning_text", "message": "output_text"}


class Output:
    """Builds the items of an answer from what is added to it."""

    def __init__(self) -> None:
        self.items: list[dict[str, Any]] = []
        """Those that there are, the last one perhaps still growing."""
        self._text = ""
        self._call = -1
        self._growing = False

    def add(self, deltas: Iterable[Delta]) -> Told:
        """Take what is added, and give the events that say so."""
        told: Told = []
        for delta in deltas:
            kind = _KINDS[delta.kind]
            if not self._continues(kind, delta):
                told += self.close()
                told += self._open(kind, delta)
            if delta.kind != "name":
                self._text += delta.text
                told.append(self._grown(kind, delta.text))
        return told

    def close(self, status: str = "completed") -> Told:
        """End the item that grows, and give the events that say so."""
        if not self._growing:
            return []
        self._growing = False
        item, kind = self.items[-1], self.items[-1]["type"]
        item["status"] = status
        place = self._place()
        done = {"type": "response.output_item.done", "output_index": len(self.items) - 1, "item": item}
        if kind == "function_call":
            item["arguments"] = self._text
            return [
                {"type": "response.function_call_arguments.done", **place, "name": item["name"],
                 "arguments": self._text}, done,
            ]  # fmt: skip
        part = _part(kind, self._text)
        item["content"] = [part]
        extra: dict[str, Any] = {"logprobs": []} if kind == "message" else {}
        return [
            {"type": f"response.{_STREAMS[kind]}.done", **place, "content_index": 0, "text": self._text, **extra},
            {"type": "response.content_part.done", **place, "content_index": 0, "part": part},
            done,
        ]

    def _continues(self, kind: str, delta: Delta) -> bool:
        return self._growing and self.items[-1]["type"] == kind and (kind != "function_call" or delta.kind != "name")

    def _open(self, kind: str, delta: Delta) -> Told:
        self._text, self._growing = "", True
        item: dict[str, Any] = {"id": f"{_PREFIXES[kind]}_{uuid.uuid4().hex}", "type": kind, "status": "in_progress"}
        if kind == "function_call":
            item |= {"call_id": delta.id, "name": delta.text, "arguments": ""}
        elif kind == "reasoning":
            item |= {"summary": [], "content": []}
        else:
            item |= {"role": "assistant", "content": []}
        self.items.append(item)
        added = {"type": "response.output_item.added", "output_index": len(self.items) - 1, "item": dict(item)}
        if kind == "function_call":
            return [added]
        part = {"type": "response.content_part.added", **self._place(), "content_index": 0, "part": _part(kind, "")}
        return [added, part]

    def _grown(self, kind: str, text: str) -> dict[str, Any]:
        if kind == "function_call":
            return {"type": "response.function_call_arguments.delta", **self._place(), "delta": text}
        extra: dict[str, Any] = {"logprobs": []} if kind == "message" else {}
        name = f"response.{_STREAMS[kind]}.delta"
        return {"type": name, **self._place(), "content_index": 0, "delta": text, **extra}

    def _place(self) -> dict[str, Any]:
        return {"item_id": self.items[-1]["id"], "output_index": len(self.items) - 1}


def _part(kind: str, text: str) -> dict[str, Any]:
    if kind == "reasoning":
        return {"type": "reasoning_text", "text": text}
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
