"""Names from the Hub that must never become paths."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tui.catalogue.hub.checked import base_name, check_path, check_request
from tui.catalogue.hub.values import RemoteFile, Request
from tui.core.errors import HubError

FILE = RemoteFile("Q4/model.gguf", 10, "a" * 64, "a" * 64)
REQUEST = Request("owner/name", "0" * 40, "Q4", (FILE,))

HOSTILE = (
    "",
    "/etc/passwd",
    "../up.gguf",
    "a/../../up.gguf",
    "a/./b.gguf",
    "a//b.gguf",
    "a/",
    "..",
    "C:\\Windows\\a.gguf",
    "C:a.gguf",
    "\\\\server\\share\\a.gguf",
    "a\\..\\b.gguf",
    "a\n.gguf",
    "a\x1b[2J.gguf",
    "a\x00.gguf",
    "a\x9b31m.gguf",
    "fugg.\u202egpj",
    "a\u200b.gguf",
    "a\udc80.gguf",
    "con",
    "NUL.gguf",
    "x/COM1.txt",
    "a.gguf.",
    "a.gguf ",
    "x" * 300,
    "x/" * 600 + "y",
)


@pytest.mark.parametrize("path", HOSTILE, ids=ascii)
def test_hostile_paths_are_refused_in_one_printable_line(path: str) -> None:
    for request in (
        replace(REQUEST, files=(replace(FILE, path=path),)),
        replace(REQUEST, files=(replace(FILE, path=path),), folder=Path("/tmp")),
        replace(REQUEST, revision=path),
    ):
        with pytest.raises(HubError) as caught:
            check_request(request)
        assert caught.value.kind == "refused"
        assert caught.value.line().isprintable()
        assert len(caught.value.line()) < 200


@pytest.mark.parametrize(
    "path", ["model.gguf", "UD-Q4_K_XL/モデル-00001-of-00002.gguf", "a b (1)+.gguf", ".hidden/m.gguf"]
)
def test_ordinary_paths_are_taken(path: str) -> None:
    check_path(path)
    check_request(replace(REQUEST, files=(replace(FILE, path=path),), revision="refs/pr/1"))


@pytest.mark.parametrize("path", [".bashrc", "x/.profile", "-rf.gguf", "~root"])
def test_hidden_names_and_those_that_look_like_options_do_not_go_into_a_folder(path: str) -> None:
    with pytest.raises(HubError):
        base_name(path)


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, repo_id="../owner/name"),
        replace(REQUEST, repo_id="owner"),
        replace(REQUEST, repo_id="owner/.."),
        replace(REQUEST, commit="main"),
        replace(REQUEST, commit="../" * 13 + "a"),
        replace(REQUEST, files=()),
        replace(REQUEST, files=(replace(FILE, oid="../../x"),)),
        replace(REQUEST, files=(replace(FILE, oid=""),)),
        replace(REQUEST, files=(replace(FILE, sha256="zz"),)),
        replace(REQUEST, files=(replace(FILE, size=-1),)),
        replace(REQUEST, folder=Path("/tmp"), files=(FILE, replace(FILE, path="Q8/MODEL.gguf"))),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(request_: Request) -> None:
    with pytest.raises(HubError) as caught:
        check_request(request_)
    assert caught.value.kind == "refused"
