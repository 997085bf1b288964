"""The characters that pictures are made of, and which of them this terminal can show."""

from __future__ import annotations

import locale
import os
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of drawing characters, each one cell wide.

    Attributes:
        fills: a cell filled from the left, from nothing to all of it.
        rises: a cell filled from below, from nothing to all of it.
        track: an empty cell of a meter.
        pointer: marks the row one is on, or the model that is loaded.
        previous: the value can go down, or left.
        next: the value can go up, or right.
        both: a line that holds prompt and completion.
        prompt: stands before what one types.
        newline: stands for a line break inside one line.
        ellipsis: stands for what was cut off.
        dot: stands between two facts.
        reply: stands before who replies.
        stopped: marks why a reply ended early.
        failed: marks an error.
        bullets: of lists, by depth.
        edge: left of a block of code.
        rule: a horizontal line.
        column: between two columns, and left of a quotation.
        cross: where a rule and a column meet.
        below: there is more below, or the order goes down.
        above: the order goes up.
        favourite: marks a model that the person likes.
        older: there are older versions of a message.
        newer: there are newer ones.
        tee: where something leaves a column to the right.
        bar: stands in the margin of what the person marked.
        drafted: a cell of the context that what one types will fill.
        about: stands before an expected time.
    """

    fills: str
    rises: str
    track: str
    pointer: str
    previous: str
    next: str
    both: str
    prompt: str
    newline: str
    ellipsis: str
    dot: str
    reply: str
    stopped: str
    failed: str
    bullets: str
    edge: str
    rule: str
    column: str
    cross: str
    below: str
    above: str
    favourite: str
    older: str
    newer: str
    tee: str
    bar: str
    drafted: str
    about: str


UNICODE = Glyphs(
    " ▏▎▍▌▋▊▉█", " ▁▂▃▄▅▆▇█", "·", "▸", "◂", "▸", "»", "❯", "↵", "…", "·",
    "●", "■", "✗", "•◦▪", "▏", "─", "│", "┼", "▾", "▴", "★", "‹", "›", "├", "▌", "▒", "≈",
)  # fmt: skip
ASCII = Glyphs(
    ".-#", " .-#", ".", ">", "<", ">", "+", ">", "/", "~", "-",
    "*", "#", "x", "*-+", "|", "-", "|", "+", "v", "^", "+", "<", ">", "+", "|", "+", "~",
)  # fmt: skip


def glyphs_for(encoding: str, term: str = "") -> Glyphs:
    """The set for a locale's encoding and a TERM; Linux's own console has no eighths of a block."""
    utf8 = encoding.lower().replace("-", "").replace("_", "") == "utf8"
    return UNICODE if utf8 and term != "linux" else ASCII


@cache
def current_glyphs() -> Glyphs:
    """The set for the terminal this program runs in."""
    return glyphs_for(locale.getencoding(), os.environ.get("TERM", ""))


def newer_below(glyphs: Glyphs) -> str:
    """Said while a text grows below what one reads."""
    return f"{glyphs.below} newer below (End)"
