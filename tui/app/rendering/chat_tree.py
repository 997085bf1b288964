"""All messages of a conversation as rows of a tree, drawn so that any length and any number of branches stays readable.

What follows a message on the way that was taken last stays in its column, however long it is; only the other versions
move to the right, above it. A conversation of a thousand turns in a row is a straight column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from tui.app.rendering.model_columns import used_words
from tui.app.rendering.model_rows import cut
from tui.app.rendering.shown import shown_line
from tui.app.status import model_name
from tui.app.widgets.glyphs import current_glyphs
from tui.app.widgets.lines import Line, Piece
from tui.core.reasoning import spoken

if TYPE_CHECKING:
    from tui.store.records import Twig

_VERSION, _USED, _MODEL = 7, 10, 26
_ROOM_FOR_USED, _ROOM_FOR_MODEL = 56, 100
_STEP = 3
_FIRST_WORDS = 300
"""Characters of a message that are looked at for its row."""


@dataclass(frozen=True, slots=True)
class TreeRow:
    """A message in its place.

    Attributes:
        twig: the message.
        depth: columns left of it.
        branches_off: whether it stands beside the way that goes on below.
        is_open: whether it is on the branch that the chat shows.
        position: which of its versions it is, from 1.
        versions: how many there are.
    """

    twig: Twig
    depth: int = 0
    branches_off: bool = False
    is_open: bool = False
    position: int = 1
    versions: int = 1


def tree_rows(twigs: Sequence[Twig], leaf: int | None) -> list[TreeRow]:
    """The rows, top down.

    Args:
        twigs: all messages, oldest first.
        leaf: the last message of the branch that is open.
    """
    children: dict[int | None, list[Twig]] = defaultdict(list)
    for twig in twigs:
        children[twig.parent].append(twig)
    parents = {twig.id: twig.parent for twig in twigs}
    chosen = {twig.id: twig.chosen for twig in twigs}
    opened = set(_way(parents, leaf))
    rows: list[TreeRow] = []
    # Not by recursion: a conversation may be thousands of messages deep.
    tasks: list[tuple[int | None, int] | TreeRow] = [(None, 0)]
    while tasks:
        task = tasks.pop()
        if isinstance(task, TreeRow):
            rows.append(task)
            continue
        parent, depth = task
        if not (versions := children.get(parent)):
            continue
        on = next((t for t in versions if t.id in opened), None)
        on = on or next((t for t in versions if parent is not None and t.id == chosen[parent]), versions[-1])
        next_tasks: list[tuple[int | None, int] | TreeRow] = []
        for number, twig in sorted(enumerate(versions, 1), key=lambda pair: pair[1] is on):
            off = twig is not on
            next_tasks += [
                TreeRow(twig, depth, off, twig.id in opened, number, len(versions)),
                (twig.id, depth + off),
            ]
        tasks += reversed(next_tasks)
    return rows


def ancestors(rows: Sequence[TreeRow], message: int) -> Iterator[int]:
    """Numbers of a message and of all before it, the nearest first."""
    return _way({row.twig.id: row.twig.parent for row in rows}, message)


def tree_line(row: TreeRow, width: int, flat: bool = False) -> Line:
    """A message in one line: where it stands, who speaks, its first words, its version, when.

    Args:
        row: the message.
        width: cells.
        flat: whether the rows around it are not those around it in the tree.
    """
    glyphs, twig = current_glyphs(), row.twig
    mine = twig.role == "user"
    head: list[Piece] = [(f"{glyphs.pointer} " if row.is_open else "  ", "mark")]
    if not flat:
        head.append((_guides(row, width), "track"))
    head.append((f"{glyphs.prompt if mine else glyphs.reply} ", "mark" if mine else "fits"))
    tail: list[Piece] = [(_version(row).rjust(_VERSION), "mark")]
    if width >= _ROOM_FOR_MODEL:
        tail.append((_cell(shown_line(model_name(twig.model)) if twig.model else "", _MODEL), "fact"))
    if width >= _ROOM_FOR_USED:
        tail.append((used_words(twig.created).rjust(_USED), "fact"))
    room = max(4, width - sum(cell_len(text) for text, _ in (*head, *tail)))
    said = twig.text if mine else spoken(twig.text)
    words = shown_line(said[:_FIRST_WORDS].strip()) or "(no text)"
    return (*head, (_left(words, room), "name" if row.is_open else "fact"), *tail)


def _way(parents: dict[int, int | None], message: int | None) -> Iterator[int]:
    while message is not None and message in parents:
        yield message
        message = parents[message]


def _guides(row: TreeRow, width: int) -> str:
    """The columns left of a message; the outermost ones are left out where there are too many."""
    glyphs = current_glyphs()
    most = max(1, width // 3 // _STEP)
    before = (glyphs.column + " " * (_STEP - 1)) * min(row.depth, most)
    return before + (f"{glyphs.tee}{glyphs.rule} " if row.branches_off else "")


def _version(row: TreeRow) -> str:
    return f"{row.position}/{row.versions}" if row.versions > 1 else ""


def _cell(text: str, cells: int) -> str:
    return "  " + _left(text, cells - 2)


def _left(text: str, cells: int) -> str:
    text = cut(text, cells)
    return text + " " * max(0, cells - cell_len(text))
