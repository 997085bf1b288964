"""The Hugging Face Hub as this program uses it. Every method blocks: call them in worker threads only.

huggingface_hub is imported inside the calls, because that takes longer than the first picture may.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from tui.catalogue.gguf_header import Header
from tui.catalogue.hub import errors, header, repository, search
from tui.catalogue.hub.call import Call
from tui.catalogue.hub.cancel import Cancel
from tui.catalogue.hub.names import check_path, check_repo_id, is_address
from tui.catalogue.hub.token import TRUE, check_form, current
from tui.catalogue.hub.values import Query, Repository, SearchPage, Variant
from tui.core.errors import HubError
from tui.core.text import well_formed
from tui.settings.paths import APP_NAME

if TYPE_CHECKING:
    import httpx2
    from huggingface_hub import HfApi


MAX_README = 1 << 18
"""Bytes of a README that are read; the longest real ones reach some 100 kB."""
WITHIN = 60.0
"""Seconds for a README, and for each part of a header."""


class Hub:
    """A Hub, or a mirror of it.

    Any method may raise:
        HubError: one sentence on what went wrong, with the next step; `kind` tells them apart.
        CancelledError: `cancel` was set.

    Args:
        endpoint: its address; None for HF_ENDPOINT, else huggingface.co.
        token: to read gated and private repositories with; None for the usual places, looked at again in every call;
            empty for none.
        offline: never use the network. HF_HUB_OFFLINE does the same.
    """

    def __init__(self, endpoint: str | None = None, *, token: str | None = None, offline: bool = False) -> None:
        self.endpoint = (endpoint or os.environ.get("HF_ENDPOINT") or errors.PUBLIC).rstrip("/")
        self._token = token
        self._offline = offline

    @property
    def offline(self) -> bool:
        """Whether the network is switched off."""
        return self._offline or any(
            os.environ.get(name, "").upper() in TRUE for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
        )

    @property
    def token_origin(self) -> str:
        """Where the token comes from, to show; empty without one."""
        if self._token is not None:
            return "given" if self._token else ""
        found = current()
        return found.origin if found else ""

    def search(self, query: Query, more: str = "", cancel: Cancel | None = None) -> SearchPage:
        """One page of repositories with GGUF files.

        Args:
            query: what to look for.
            more: `SearchPage.more` of the page before; empty for the first page.
            cancel: ends the call.
        """
        with self._asking(cancel) as (call, api):
            return search.page(call, api, query, more)

    def repository(self, repo_id: str, revision: str = "main", cancel: Cancel | None = None) -> Repository:
        """One repository with its models."""
        check_repo_id(repo_id)
        with self._asking(cancel, repo_id) as (_, api):
            return repository.read(api, repo_id, revision)

    def readme(self, repo_id: str, commit: str, cancel: Cancel | None = None) -> str:
        """The README's text, untrusted, without its front matter; empty when there is none."""
        try:
            with self.open(repo_id, commit, "README.md", stop=MAX_README, cancel=cancel, within=WITHIN) as answer:
                return repository.readme_text(_up_to(answer, MAX_README))
        except HubError as error:
            if error.status in (404, 416):  # there is none, or it has no bytes
                return ""
            raise

    def header(self, repository: Repository, variant: Variant, cancel: Cancel | None = None) -> Header:
        """What a model says of itself, from less than 1 MB of its first file."""
        return header.read(partial(self.open, within=WITHIN), repository, variant, cancel or Cancel())

    def whoami(self, cancel: Cancel | None = None) -> str:
        """The name of the account that the token belongs to."""
        with self._asking(cancel) as (call, api):
            if not call.has_token:
                raise errors.no_token()
            return str(api.whoami()["name"])

    def file_url(self, repo_id: str, commit: str, path: str) -> str:
        """Where a file's bytes are; the Hub usually answers with a redirect to its storage."""
        return f"{self.endpoint}/{repo_id}/resolve/{quote(commit, safe='')}/{quote(path)}"

    @contextmanager
    def open(
        self,
        repo_id: str,
        commit: str,
        path: str,
        *,
        start: int = 0,
        stop: int | None = None,
        cancel: Cancel | None = None,
        stall: float | None = None,
        within: float | None = None,
    ) -> Iterator[httpx2.Response]:
        """A file's bytes from `start` up to before `stop`, as they come: see `Response.iter_raw`.

        What goes wrong while they are read is raised as HubError or CancelledError there. A server may ignore the
        range: its answer then has status 200 and begins at byte 0. A token goes to the Hub only, not to its storage.

        Args:
            stall: seconds without a byte after which the connection counts as broken; None for the usual.
            within: seconds for all of it; None without a limit.

        Raises:
            HubError: as all methods. A start at or after the end of the file has status 416.
        """
        check_repo_id(repo_id)
        check_path(path)
        with self._call(cancel, repo_id) as (call, api):
            from tui.catalogue.hub.connection import headers_of, stream

            call.deadline = None if within is None else time.monotonic() + within
            headers = headers_of(api)
            if start or stop is not None:
                headers["Range"] = f"bytes={start}-{'' if stop is None else stop - 1}"
            with stream(self.file_url(repo_id, commit, path), headers, stall) as answer:
                yield answer

    @contextmanager
    def _call(self, cancel: Cancel | None, repo_id: str = "") -> Iterator[tuple[Call, HfApi]]:
        """Everything asked for inside is one call: it is cancelled as one, and its errors name the repository."""
        if self.offline:
            raise errors.switched_off()
        if not is_address(self.endpoint):
            raise errors.no_address(self.endpoint)
        from huggingface_hub import HfApi

        from tui.catalogue.hub import connection

        token = self._text_of_token()
        call = Call(self.endpoint, repo_id, bool(token), cancel or Cancel())
        connection.session()
        with call.active():
            yield call, HfApi(endpoint=self.endpoint, token=token or False, library_name=APP_NAME)

    @contextmanager
    def _asking(self, cancel: Cancel | None, repo_id: str = "") -> Iterator[tuple[Call, HfApi]]:
        """A call for answers that are small, and that have to be understood."""
        with self._call(cancel, repo_id) as (call, api):
            from tui.catalogue.hub import connection

            call.limit, call.deadline = connection.MAX_ANSWER, time.monotonic() + connection.ANSWER_TIMEOUT
            with connection.understanding(self.endpoint):
                yield call, api

    def _text_of_token(self) -> str:
        text = self._token
        if text is None:
            found = current()
            text = found.text if found else ""
        return check_form(text) if text else ""


def _up_to(answer: httpx2.Response, limit: int) -> str:
    data = bytearray()
    for chunk in answer.iter_raw():
        data += chunk
        if len(data) >= limit:
            break
    return well_formed(bytes(data[:limit]).decode("utf-8", "replace"))
