"""READMEs of the Hub as a terminal can show them: links as their words and their address, pictures as their names.

A README is untrusted. Nothing here makes anything clickable, and every address is shown as it is, so that words cannot
pass for another one.
"""

from __future__ import annotations

import re
from html import unescape

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)", re.MULTILINE)
_CODE = re.compile(r"(`+)(?:.|\n)*?\1")
_WORDS = r"((?:[^\[\]\n]|\\.|\[[^\[\]\n]*\])*)"
_ADDRESS = r"\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
_PICTURE = re.compile(rf"!\[{_WORDS}\]{_ADDRESS}")
_LINK = re.compile(rf"(?<![!\\])\[{_WORDS}\]{_ADDRESS}")
_REFERRED = re.compile(r"(?<![!\\])\[([^\[\]\n]+)\]\[([^\[\]\n]*)\]")
_DEFINITION = re.compile(r"^ {0,3}\[([^\[\]\n]+)\]:[ \t]*<?(\S+?)>?(?:[ \t]+[\"'(][^\n]*)?[ \t]*$", re.MULTILINE)
_BARE = re.compile(r"<((?:https?|mailto):[^\s<>]+)>")
_ANCHOR = re.compile(
    r"<a\b[^<>]*?\bhref\s*=\s*[\"']?([^\s\"'<>]*)[\"']?[^<>]*>((?:.|\n){0,600}?)</a\s*>", re.IGNORECASE
)
_IMAGE = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|center|code|details|div|em|figure|font|h[1-6]|hr|i|kbd|li|ol|p|picture|pre|small|source"
    r"|span|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul|video)\b[^<>]*>",
    re.IGNORECASE,
)
_OUTSIDE = ("http://", "https://", "mailto:")
_MANY_LINES = re.compile(r"\n{3,}")


def readable(source: str) -> str:
    """Markdown without what a terminal cannot show; code stays as it is.

    Args:
        source: a README as it was published.
    """
    addresses = {found[1].casefold(): found[2] for found in _DEFINITION.finditer(source)}
    shown = [text if is_code else _plain(text, addresses) for text, is_code in _parts(source)]
    return _MANY_LINES.sub("\n\n", "".join(shown)).strip()


def _parts(source: str) -> list[tuple[str, bool]]:
    """Running text and code, in turn."""
    parts: list[tuple[str, bool]] = []
    at = 0
    while (fence := _FENCE.search(source, at)) is not None:
        parts += _with_spans(source[at : fence.start()])
        end = re.compile(rf"^ {{0,3}}{re.escape(fence[1])}[`~]*[ \t]*$", re.MULTILINE).search(source, fence.end())
        stop = end.end() if end else len(source)
        parts.append((source[fence.start() : stop], True))
        at = stop
    return [*parts, *_with_spans(source[at:])]


def _with_spans(text: str) -> list[tuple[str, bool]]:
    parts: list[tuple[str, bool]] = []
    at = 0
    for code in _CODE.finditer(text):
        parts += [(text[at : code.start()], False), (code[0], True)]
        at = code.end()
    return [*parts, (text[at:], False)]


def _plain(text: str, addresses: dict[str, str]) -> str:
    text = _DEFINITION.sub("", _without_comments(text))
    text = _IMAGE.sub(lambda found: _picture(unescape(_alt(found[1]))), text)
    text = _PICTURE.sub(lambda found: _picture(found[1]), text)
    text = _ANCHOR.sub(lambda found: _link(_TAG.sub("", found[2]), unescape(found[1])), text)
    text = _LINK.sub(lambda found: _link(found[1], found[2]), text)
    text = _REFERRED.sub(lambda found: _referred(found, addresses), text)
    text = _BARE.sub(lambda found: found[1], text)
    text = _BREAK.sub("\n", text)
    return _TAG.sub("", text)


def _without_comments(text: str) -> str:
    kept, at = [], 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start)) >= 0:
        kept.append(text[at:start])
        at = end + 3
    return "".join([*kept, text[at:]])


def _alt(attributes: str) -> str:
    found = _ALT.search(attributes)
    return (found[1] or found[2] or "") if found else ""


def _picture(name: str) -> str:
    name = " ".join(name.split())
    return f"(picture: {name})" if name else ""


def _link(words: str, address: str) -> str:
    """The words and the address; places in the repository or in the page lead nowhere here and are left out."""
    words = " ".join(words.split())
    if not address.lower().startswith(_OUTSIDE):
        return words
    shown = address.removeprefix("mailto:")
    return shown if not words or words in (address, shown) else f"{words} ({shown})"


def _referred(found: re.Match[str], addresses: dict[str, str]) -> str:
    address = addresses.get((found[2] or found[1]).casefold())
    return found[0] if address is None else _link(found[1], address)
