"""Which models a browser shows, and in which order: filter, sort, favourites. Draws nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from tui.catalogue.entry import ModelEntry
from tui.catalogue.fit import Fit, quick_fit

if TYPE_CHECKING:
    from tui.catalogue.explanation import Sibling


class Sort(Enum):
    """What the rows are ordered by, in the words of the screen."""

    NAME = "name"
    SIZE = "size"
    USED = "last used"
    FIT = "fit"
    PARAMETERS = "params"

    @property
    def after(self) -> Sort:
        """The next one, and after the last the first."""
        kinds = list(Sort)
        return kinds[(kinds.index(self) + 1) % len(kinds)]

    @property
    def words(self) -> str:
        """What comes first."""
        return _FIRST[self]


_FIRST = {
    Sort.NAME: "by name",
    Sort.SIZE: "by size, largest first",
    Sort.USED: "by last use, latest first",
    Sort.FIT: "by fit, roomiest first",
    Sort.PARAMETERS: "by parameters, most first",
}
_REVERSED = {
    Sort.NAME: "by name, from Z",
    Sort.SIZE: "by size, smallest first",
    Sort.USED: "by last use, oldest first",
    Sort.FIT: "by fit, too big first",
    Sort.PARAMETERS: "by parameters, fewest first",
}
_FIT_RANK = {Fit.FITS: 0, Fit.TIGHT: 1, Fit.NO: 2}


@dataclass(frozen=True, slots=True)
class View:
    """What a person asked to see.

    Attributes:
        query: words; a row shows when it has all of them, in any order.
        sort: what the rows are ordered by.
        reverse: the other way round.
        favourites_first: favourites stand above the others.
    """

    query: str = ""
    sort: Sort = Sort.NAME
    reverse: bool = False
    favourites_first: bool = True

    @property
    def words(self) -> str:
        """The order, in words."""
        return (_REVERSED if self.reverse else _FIRST)[self.sort]

    def sorted_by_next(self) -> View:
        """By the next kind, in its usual direction."""
        return replace(self, sort=self.sort.after, reverse=False)


class Remembers(Protocol):
    """What is remembered of models, such as by `tui.services.library.Library`."""

    def is_favourite(self, entry: ModelEntry) -> bool:
        """Whether the person marked it."""

    def last_used(self, entry: ModelEntry) -> float | None:
        """When it was loaded last, in seconds since 1970; None for never."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a row says of a model besides its entry.

    Attributes:
        favourite: the person marked it.
        used: when it was loaded last, in seconds since 1970; None for never.
    """

    favourite: bool = False
    used: float | None = None


UNKNOWN = Known()


@dataclass(slots=True)
class Shelf:
    """The models and what is known of them, ready to be filtered at each key.

    Attributes:
        entries: all models, in the order they were found.
        known: by the path of the file.
        available: bytes of memory that a load may take.
    """

    entries: Sequence[ModelEntry] = ()
    known: Mapping[str, Known] = field(default_factory=dict)
    available: int = 0
    _texts: dict[str, str] = field(default_factory=dict)
    _named: dict[str, list[ModelEntry]] = field(default_factory=dict)
    _order: tuple[object, list[tuple[str, ModelEntry]]] | None = None
    _filtered: tuple[tuple[object, tuple[str, ...]], list[tuple[str, ModelEntry]]] | None = None

    def take(self, entries: Sequence[ModelEntry], memory: Remembers | None, available: int) -> None:
        """Other models, or other knowledge of them."""
        before = {str(entry.path): entry for entry in self.entries}
        texts, self._texts = self._texts, {}
        self._named = {}
        for entry in entries:
            path = str(entry.path)
            self._texts[path] = texts[path] if before.get(path) == entry else searchable(entry)
            self._named.setdefault(entry.name.casefold(), []).append(entry)
        self.entries, self.available, self._order, self._filtered = entries, available, None, None
        if memory is not None:
            self.known = {
                str(entry.path): Known(memory.is_favourite(entry), memory.last_used(entry)) for entry in entries
            }

    def of(self, entry: ModelEntry) -> Known:
        """What is known of a model."""
        return self.known.get(str(entry.path), UNKNOWN)

    def siblings(self, entry: ModelEntry) -> tuple[Sibling, ...]:
        """The same model in other quantizations, here on this machine."""
        from tui.catalogue.explanation import Sibling

        return tuple(
            Sibling(other.quantization, other.file_size, other.path.name)
            for other in self._named.get(entry.name.casefold(), ())
            if other.kind == "model" and other.quantization and other != entry
        )

    def rows(self, view: View) -> list[ModelEntry]:
        """The models to show, in order."""
        rows = self._ordered(view)
        words = view.query.casefold().split()
        if not words:
            return [entry for _, entry in rows]
        order = self._order
        assert order is not None
        # One more letter finds a part of what was found before it.
        if self._filtered is not None:
            (old_order, old_words), old_rows = self._filtered
            if old_order is order[0] and all(any(old in word for word in words) for old in old_words):
                rows = old_rows
        for word in words:
            rows = [row for row in rows if word in row[0]]
        self._filtered = (order[0], tuple(words)), rows
        return [entry for _, entry in rows]

    def _ordered(self, view: View) -> list[tuple[str, ModelEntry]]:
        """All models in order, with what the filter looks into; kept, since the order stays while the person types."""
        key = (view.sort, view.reverse, view.favourites_first)
        if self._order is None or self._order[0] != key:
            rows = sorted(self.entries, key=lambda entry: entry.name.casefold())
            rows.sort(key=lambda entry: self._rank(entry, view.sort), reverse=view.reverse)
            # What cannot be sorted by the kind, and what is no model, stays below whichever way round.
            rows.sort(key=lambda entry: self._group(entry, view))
            self._order = key, [(self._texts[str(entry.path)], entry) for entry in rows]
        return self._order[1]

    def _rank(self, entry: ModelEntry, sort: Sort) -> Any:
        if sort is Sort.SIZE:
            return -entry.file_size
        if sort is Sort.USED:
            return -(self.of(entry).used or 0)
        if sort is Sort.PARAMETERS:
            return -(entry.parameters or 0)
        if sort is Sort.FIT:
            return _FIT_RANK[quick_fit(entry.file_size, self.available)], entry.file_size
        return entry.name.casefold(), entry.file_size

    def _group(self, entry: ModelEntry, view: View) -> int:
        if view.favourites_first and self.of(entry).favourite:
            return 0
        if entry.kind != "model":
            return 3
        lacks = (
            (view.sort is Sort.USED and self.of(entry).used is None)
            or (view.sort is Sort.PARAMETERS and not entry.parameters)
            or (view.sort is Sort.FIT and bool(entry.problem))
        )
        return 2 if lacks else 1


SOURCES = {
    "folder": "folder",
    "huggingface": "Hugging Face",
    "package": "package",
    "ollama": "Ollama",
    "lm-studio": "LM Studio",
    "llama.cpp": "llama.cpp",
    "endpoint": "remote",
}
"""Where a model was found, in words."""


def searchable(entry: ModelEntry) -> str:
    """What the filter looks into: name, quantization, family, kind, source, file."""
    texts = (
        entry.name, entry.quantization, entry.architecture, entry.kind, SOURCES.get(entry.source, entry.source),
        entry.origin, str(entry.path), *entry.also_at, "broken" if entry.problem and entry.kind == "model" else "",
    )  # fmt: skip
    return " ".join(texts).casefold()
