"""Text as words that can be searched for, in any language.

SQLite's own tokenizers find no word in languages written without spaces, and its trigrams none of two characters. So
the text is cut here: what is written with spaces into words, the rest into overlapping pairs of characters and one
last single one (`東京都` is `東京 京都 都`). A word of two characters is then one pair, a longer one a phrase of
pairs, and a single character the beginning of a pair.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# Han, kana, bopomofo, hangul, and the scripts of Thai, Lao, Tibetan, Myanmar and Khmer.
_UNSPACED = (
    "\u0e00-\u0fff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3035\u303b"
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u3130-\u318f\u31a0-\u31bf\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"([{_UNSPACED}]+)|[^\\W_{_UNSPACED}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
_JOINERS = re.compile("[\u200d\ufe0f]")
_MARKS = re.compile("[\u0300-\u036f]")


def folded(text: str) -> str:
    """`text` without the differences that a search overlooks: case, accents, and width of letters."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold()))


def segmented(text: str) -> str:
    """The words of `text`, folded and with a space between, for the index."""
    text = folded(text)
    if text.isascii():
        return " ".join(_ASCII_WORD.findall(text))
    words: list[str] = []
    for run in _RUN.finditer(text):
        words += _pairs(run[0], whole=True) if run[1] else (run[0],)
    return " ".join(words)


ATTACHED = """SELECT a.name, t.text FROM attachment a JOIN shared_text t ON t.id = a.text
    WHERE a.message = ? ORDER BY a.number"""
"""Query of what was sent with a message, as `searchable` takes it."""


def searchable(text: str, attached: Iterable[tuple[str, str]]) -> str:
    """All that a message is found by: its text, and names and texts of what was sent with it."""
    return "\n".join((text, *(part for pair in attached for part in pair)))


def terms(words: str) -> list[str]:
    """What is looked for in a folded text when a person types `words`: whole runs, each once."""
    return list(dict.fromkeys(run[0] for run in _RUN.finditer(folded(words))))


def signs(typed: str) -> list[str]:
    """What is looked for in a text as it is when what a person types has no word in it: each sign or row of signs."""
    return list(dict.fromkeys(_JOINERS.sub("", typed).split()))


def query(words: str) -> str:
    """FTS5's expression for all of `words`, the last one perhaps not typed to its end; empty when there is no word."""
    runs = list(_RUN.finditer(folded(words)))
    parts = [_phrase(run[0], bool(run[1])) for run in runs]
    # A word is typed to its end when something that is no word follows it.
    if runs and not runs[-1][1] and runs[-1].end() == len(folded(words)):
        parts[-1] += "*"
    return " AND ".join(dict.fromkeys(parts))


def _phrase(run: str, unspaced: bool) -> str:
    if not unspaced:
        return f'"{run}"'
    return f'"{" ".join(_pairs(run, whole=False))}"' if len(run) > 1 else f'"{run}"*'


def _pairs(run: str, *, whole: bool) -> list[str]:
    pairs = [run[i : i + 2] for i in range(len(run) - 1)]
    return [*pairs, run[-1]] if whole else pairs
