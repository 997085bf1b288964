"""The prompts that were sent, kept in a private file of JSON lines, newest last."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

LIMIT = 1000
"""Prompts that are kept."""


class PromptHistory:
    """Walks through earlier prompts and remembers new ones.

    Trouble with the file never stops a prompt: the history then lasts as long as the program.

    Args:
        path: the file; made, readable by its owner only, with the first prompt.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._prompts: list[str] | None = None
        self._at = 0
        self._draft = ""

    def add(self, prompt: str) -> None:
        """Remember a prompt that was sent, and go back to the end."""
        prompts = self._loaded()
        if prompt.strip() and (not prompts or prompts[-1] != prompt):
            prompts.append(prompt)
            self._write(prompt)
        self._at = len(prompts)
        self._draft = ""

    def older(self, current: str) -> str | None:
        """The prompt before the one shown; None at the beginning.

        Args:
            current: what is in the editor; kept as the draft when the walk starts.
        """
        prompts = self._loaded()
        if self._at == len(prompts):
            self._draft = current
        if self._at == 0:
            return None
        self._at -= 1
        return prompts[self._at]

    def newer(self) -> str | None:
        """The prompt after the one shown, at last the draft; None when it is shown already."""
        prompts = self._loaded()
        if self._at >= len(prompts):
            return None
        self._at += 1
        return prompts[self._at] if self._at < len(prompts) else self._draft

    def _loaded(self) -> list[str]:
        if self._prompts is None:
            self._prompts = self._read()[-LIMIT:]
            self._at = len(self._prompts)
        return self._prompts

    def _read(self) -> list[str]:
        try:
            lines = self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return [prompt for line in lines if (prompt := _prompt_of(line))]

    def _write(self, prompt: str) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            line = json.dumps({"prompt": prompt}, ensure_ascii=True) + "\n"
            # One write with O_APPEND: two programs at once do not mix their lines.
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.encode())
            finally:
                os.close(descriptor)
            self._trim()
        except OSError:
            return

    def _trim(self) -> None:
        """Cut a file that grew to twice the limit back to the limit."""
        prompts = self._loaded()
        if len(prompts) < 2 * LIMIT:
            return
        del prompts[:-LIMIT]
        descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=".prompts-")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(self._path)


def _prompt_of(line: str) -> str:
    try:
        record = json.loads(line)
    except ValueError:
        return ""
    prompt = record.get("prompt") if isinstance(record, dict) else None
    return prompt if isinstance(prompt, str) else ""
