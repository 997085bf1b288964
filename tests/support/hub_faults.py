"""What can go wrong at the local Hub, and what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Fault:
    """Something that goes wrong with matching requests.

    Attributes:
        path: regular expression, searched in the decoded path and query.
        method: "GET", "HEAD", or "*".
        times: so many requests are hit; None for all.
        delay: seconds before the answer; the hub's end cuts it short.
        status: answered instead.
        headers: added to the answer.
        body: sent instead, with status 200 unless `status` says otherwise.
        cut_after: the connection is closed after so many bytes of the body.
        reset: by a TCP reset.
        stall_after: nothing follows after so many bytes, and the connection stays open.
        bps: bytes a second of the body.
        corrupt_at: the byte at this offset of the file is flipped.
        no_range: Range is ignored: the whole file is sent.
    """

    path: str = "."
    method: str = "GET"
    times: int | None = None
    delay: float = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut_after: int | None = None
    reset: bool = False
    stall_after: int | None = None
    bps: int | None = None
    corrupt_at: int | None = None
    no_range: bool = False


@dataclass
class Asked:
    """One request and what came of it.

    Attributes:
        method: "GET" or "HEAD".
        path: with the query, as it was sent.
        host: which origin was asked.
        token: whether a token came with it.
        range: the Range header; empty without one.
        status: of the answer; 0 before it.
        sent: bytes of the body.
    """

    method: str
    path: str
    host: str
    token: bool
    range: str = ""
    status: int = 0
    sent: int = 0
