"""What a chat template is given of the reasoning in earlier replies."""

from __future__ import annotations

import re

from tui.core.markers import markers_of
from tui.core.messages import Message
from tui.core.reasoning import split

_READS = re.compile(r"reasoning_content|\.thinking\b|\[['\"]thinking['\"]\]")


class PastReasoning:
    """Hands earlier replies to a template in the shape that it was written for.

    Most templates leave earlier reasoning out by themselves: those that read it from a field of its own get it there,
    and those that cut it off get the whole text. Others would repeat it to the model, which most makers do not want, so
    they get the answer alone.

    Args:
        source: the template's text.
    """

    def __init__(self, source: str) -> None:
        self._markers = markers_of(source)
        self._reads = _READS.search(source) is not None
        self._kept = self._markers is not None and self._markers.kept
        self._takes_all = self._markers is None or _cuts(source, self._markers.end)

    def as_wanted(self, message: Message) -> dict[str, str]:
        """A message as the template is given it."""
        plain = {"role": message.role, "content": message.content}
        if message.role != "assistant" or self._kept or (self._takes_all and not self._reads):
            return plain
        parts = split(message.content, self._markers)
        if not parts.reasoning:
            return {**plain, "content": parts.answer}
        # gpt-oss reads `thinking`, most others `reasoning_content`.
        read = {"reasoning_content": parts.reasoning, "thinking": parts.reasoning} if self._reads else {}
        return {**plain, "content": parts.answer, **read}


def _cuts(source: str, end: str) -> bool:
    """Whether a template looks for the end of reasoning in what it is given."""
    quoted = rf"['\"]{re.escape(end)}['\"]"
    return re.search(rf"split\(\s*{quoted}|{quoted}\s+(?:not\s+)?in\b", source) is not None
