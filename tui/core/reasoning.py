"""A reply taken apart: what the model thought, what it answered, and the markers between the two.

Nothing is lost or changed: the spans of a text, one after the other, are the text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from tui.core.markers import KNOWN, Markers, markers_for

SpanKind = Literal["reasoning", "answer", "marker"]
"""`marker` is also the white space around markers, which belongs to neither side."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a reply.

    Attributes:
        kind: what it is.
        text: what it says.
    """

    kind: SpanKind
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """A whole reply in two parts.

    Attributes:
        reasoning: what the model thought, several thoughts with an empty line between them; empty for none.
        answer: what it answered; of a reply without reasoning all of it, unchanged.
    """

    reasoning: str
    answer: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a loaded model's chat template knows of reasoning.

    Attributes:
        markers: between which the model thinks; None where the template has none.
        switch: whether the template has a variable that turns reasoning on and off.
        default_on: whether it is on when nothing is said.
        effort: whether the template asks how much effort the model shall take.
    """

    markers: Markers | None = None
    switch: bool = False
    default_on: bool = True
    effort: bool = False


NO_REASONING = Reasoning()
"""Of a template that knows nothing of it."""

_PLAIN = tuple(known for known in KNOWN if not known.words)


class Splitter:
    """Takes a reply apart while it grows, in whatever pieces it comes.

    A reasoning begins at the very beginning of a reply, or where another has just ended; markers further inside an
    answer are a part of it. What may still become a marker is held back until more text decides.

    Args:
        known: the markers to look for.
    """

    def __init__(self, known: Sequence[Markers] = _PLAIN) -> None:
        self._known = tuple(known)
        self._markers: Markers | None = None
        self._held = ""
        self._begun = False
        self._state: Callable[[list[Span]], bool] = self._before

    @property
    def inside(self) -> bool:
        """Whether the text ends inside a reasoning, as far as is known."""
        return self._state == self._thinking

    @property
    def between(self) -> bool:
        """Whether an answer, or another reasoning, may begin now: at the beginning, and right after a reasoning."""
        return self._state == self._before

    @property
    def markers(self) -> Markers | None:
        """The markers that were met; None until then."""
        return self._markers

    def feed(self, text: str) -> list[Span]:
        """Take more of the reply.

        Returns:
            What became certain, in order; may be empty.
        """
        self._held += text
        spans: list[Span] = []
        while self._held and self._state(spans):
            pass
        return spans

    def finish(self) -> list[Span]:
        """What was held back, now that nothing follows."""
        spans: list[Span] = []
        if self._state == self._thinking:
            thought = len(self._held.rstrip())
            self._give(spans, "reasoning", thought)
            self._give(spans, "marker", len(self._held))
        elif self._state == self._before and self._markers is not None:
            self._give(spans, "marker", len(self._held) - len(self._held.lstrip()))
        self._give(spans, "answer", len(self._held))
        return spans

    # Each state takes what is certain from what is held, and says whether another state may take more.

    def _before(self, spans: list[Span]) -> bool:
        """At the beginning, and after a reasoning: white space, then a marker, or the answer."""
        blank = len(self._held) - len(self._held.lstrip())
        rest = self._held[blank:]
        marker, markers, begins = self._marker_at(rest)
        if marker is not None:
            self._markers = markers
            self._give(spans, "marker", blank + len(marker))
            self._state = self._thinking if begins else self._answering
            self._begun = False
            return True
        if not rest or self._may_be_marker(rest):
            return False
        if self._markers is not None:
            self._give(spans, "marker", blank)
        self._state = self._answering
        return True

    def _thinking(self, spans: list[Span]) -> bool:
        assert self._markers is not None
        if not self._begun:
            self._give(spans, "marker", len(self._held) - len(self._held.lstrip()))
            self._begun = bool(self._held)
        end = self._markers.end
        at = self._held.find(end)
        if at < 0:
            certain = len(self._held) - _overlap(self._held, (end,))
            self._give(spans, "reasoning", len(self._held[:certain].rstrip()))
            return False
        thought = len(self._held[:at].rstrip())
        self._give(spans, "reasoning", thought)
        self._give(spans, "marker", at - thought + len(end))
        self._state = self._before
        return True

    def _answering(self, spans: list[Span]) -> bool:
        closers = self._markers.closers if self._markers is not None else ()
        found = min(((at, closer) for closer in closers if (at := self._held.find(closer)) >= 0), default=None)
        if found is None:
            self._give(spans, "answer", len(self._held) - _overlap(self._held, closers))
            return False
        self._give(spans, "answer", found[0])
        self._give(spans, "marker", len(found[1]))
        assert self._markers is not None
        if self._markers.framed:
            self._state = self._before
        return True

    def _candidates(self) -> list[tuple[str, Markers, bool]]:
        """Markers that may come here, with whether each begins a reasoning."""
        if self._markers is not None:
            starts = [(start, self._markers, True) for start in self._markers.starts]
            return starts + [(opener, self._markers, False) for opener in self._markers.openers]
        starts = [(start, known, True) for known in self._known for start in known.starts]
        return starts + [(opener, known, False) for known in self._known if known.framed for opener in known.openers]

    def _marker_at(self, text: str) -> tuple[str | None, Markers | None, bool]:
        for marker, markers, begins in self._candidates():
            if text.startswith(marker):
                return marker, markers, begins
        return None, None, False

    def _may_be_marker(self, text: str) -> bool:
        return any(marker.startswith(text) for marker, _, _ in self._candidates())

    def _give(self, spans: list[Span], kind: SpanKind, count: int) -> None:
        if count > 0:
            spans.append(Span(kind, self._held[:count]))
            self._held = self._held[count:]


class Gathered:
    """The spans of a reply joined to its two parts."""

    def __init__(self) -> None:
        self._gap = False
        self.thought = False
        """Whether there is a reasoning."""

    def sort(self, spans: Sequence[Span]) -> Parts:
        """What spans that follow each other add to the reasoning and to the answer."""
        reasoning: list[str] = []
        answer: list[str] = []
        for span in spans:
            if span.kind == "reasoning":
                reasoning += ["\n\n", span.text] if self._gap else [span.text]
                self.thought, self._gap = True, False
            else:
                self._gap = self.thought
                answer += [span.text] if span.kind == "answer" else []
        return Parts("".join(reasoning), "".join(answer))


def split(text: str, template: Markers | None = None) -> Parts:
    """Take a whole reply apart.

    Args:
        text: as the model wrote it; where the prompt had begun the reasoning, with that beginning.
        template: the markers of the template that it was made with, where they are known.
    """
    splitter = Splitter(markers_for(text, template))
    return Gathered().sort([*splitter.feed(text), *splitter.finish()])


def spoken(text: str) -> str:
    """What a person is to read of a reply first: its answer, or what was thought where there is none yet."""
    parts = split(text)
    return parts.answer or parts.reasoning


def opening(prompt: str, markers: Markers | None) -> str:
    """The end of a rendered prompt with which the reasoning has begun already, such as `<think>` and a line break.

    Args:
        prompt: with the beginning of the model's answer at its end.
        markers: of its template.

    Returns:
        From the marker on; empty when the model begins its reasoning itself, or does not think.
    """
    if markers is None:
        return ""
    for start in markers.starts:
        at = prompt.rfind(start)
        if at >= 0 and not prompt[at + len(start) :].strip():
            return prompt[at:]
    return ""


def joined(prompt: str, begun: str, markers: Markers | None) -> str:
    """A rendered prompt and what the model's answer has already, with which it goes on.

    What the prompt itself has begun the answer with gives way to the beginning that there is: a reply that was begun
    with reasoning may go on where none is wanted now, and the other way round.
    """
    if not begun or markers is None:
        return prompt + begun
    opened = opening(prompt, markers) or _skipped(prompt, markers)
    starts_so = begun.lstrip().startswith((*markers.starts, *markers.openers))
    if opened and starts_so:
        return prompt[: len(prompt) - len(opened)] + begun
    return prompt + (markers.ending.lstrip("\n") if opening(prompt, markers) else "") + begun


def _skipped(prompt: str, markers: Markers) -> str:
    """The end of a prompt that tells the model not to think: a reasoning without a word."""
    if not prompt.rstrip().endswith(markers.end):
        return ""
    before = prompt[: prompt.rindex(markers.end)].rstrip()
    start = next((start for start in markers.starts if before.endswith(start)), "")
    return prompt[len(before) - len(start) :] if start else prompt[prompt.rindex(markers.end) :]


def _overlap(text: str, markers: Sequence[str]) -> int:
    """Characters at the end of a text that may be the beginning of one of the markers."""
    longest = min(max((len(marker) for marker in markers), default=1) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if any(m.startswith(text[-size:]) for m in markers)), 0)
