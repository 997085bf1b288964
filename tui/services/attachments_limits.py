"""How much is taken at most, whatever the settings allow."""

from __future__ import annotations

MOST_PDF = 64 * 1024**2
"""Bytes of the largest PDF that is opened; its text has the limit of all texts."""

MOST_PIPED = MOST_PDF
"""Bytes that are read from standard input."""

MOST_FILES = 200
"""Files that are attached at once."""
