"""What a chat template is given of the reasoning in earlier replies."""

from __future__ import annotations

import re
from typing import Any

from tui.core.markers import markers_of
from tui.core.messages import Message
from tui.core.reasoning import split

_FIELDS = ("reasoning_content", "thinking")
"""gpt-oss reads `thinking`, most others `reasoning_content`."""
_READS = re.compile(r"reasoning_content|\.thinking\b|\[['\"]thinking['\"]\]")


class PastReasoning:
    """Hands earlier replies to a template in the shape that it was written for.

    Most templates leave earlier reasoning out by themselves: those that read it from a field of its own get it there,
    and those that cut it off get the whole text. Others would repeat it to the model, which most makers do not want, so
    they get the answer alone; so do all where another model thought, with markers of its own.

    Args:
        source: the template's text.
    """

    def __init__(self, source: str) -> None:
        self._markers = markers = markers_of(source)
        self._reads = _READS.search(source) is not None and not (markers and markers.kept)
        takes_all = markers is not None and (markers.kept or _cuts(source, markers.end))
        self._own = markers.starts if markers and takes_all and not self._reads else ()

    def as_wanted(self, message: Message) -> dict[str, Any]:
        """A message as the template is given it."""
        plain = {"role": message.role, "content": message.content}
        if message.reasoning:
            return self._with(plain, message.reasoning)
        if message.role != "assistant" or message.content.lstrip().startswith(self._own):
            return plain
        parts = split(message.content, self._markers)
        names = _FIELDS if self._reads and parts.reasoning else ()
        return {**plain, "content": parts.answer, **dict.fromkeys(names, parts.reasoning)}

    def _with(self, plain: dict[str, str], reasoning: str) -> dict[str, Any]:
        """A reply whose reasoning came apart from it."""
        if self._reads:
            return {**plain, **dict.fromkeys(_FIELDS, reasoning)}
        if self._own and self._markers is not None:
            return {**plain, "content": f"{self._own[0]}\n{reasoning}{self._markers.ending}{plain['content']}"}
        return plain


def _cuts(source: str, end: str) -> bool:
    """Whether a template looks for the end of reasoning in what it is given."""
    quoted = rf"['\"]{re.escape(end)}['\"]"
    return re.search(rf"split\(\s*{quoted}|{quoted}\s+(?:not\s+)?in\b", source) is not None
