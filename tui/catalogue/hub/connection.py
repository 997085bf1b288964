"""The HTTP client that huggingface_hub gets from us: it has timeouts, it can be cancelled, and it does not retry.

huggingface_hub's own client waits without a limit, and a failing hub costs 23 seconds of hidden retries. It retries on
HTTP errors of its library and on status codes only, so a `HubError` raised here goes straight through it.

Importing this module costs some 150 ms: only worker threads do.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import httpx2
import huggingface_hub
from huggingface_hub import HfApi, constants
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # public, but not listed

from tui.catalogue.hub import errors
from tui.catalogue.hub.call import current_call
from tui.catalogue.hub.sockets import Backend

CONNECT_TIMEOUT = 15.0
"""Seconds for name look-up and connection together, and the same for TLS."""
READ_TIMEOUT = 20.0
"""Seconds without a single byte."""
ANSWER_TIMEOUT = 60.0
"""Seconds for a whole answer of the Hub that is not a model file."""
MAX_ANSWER = 1 << 25
"""Bytes of such an answer: 10,000 files with their hashes take some 5 MB."""
_MAX_ERROR_BODY = 1 << 16
_LOCK = threading.Lock()


def session() -> httpx2.Client:
    """huggingface_hub's client, which is ours from the first call on; shared by all threads.

    Raises:
        HubError: the proxy that the environment names cannot be used.
    """
    with _LOCK:
        _install()
    try:
        return huggingface_hub.get_session()
    except (ImportError, ValueError) as error:  # SOCKS needs a package of its own; any text may be in the environment
        raise errors.no_proxy(error) from error


@cache
def _install() -> None:
    # Its handler writes warnings to stderr, which is the terminal that the application draws on.
    logging.getLogger("huggingface_hub").handlers[:] = [logging.NullHandler()]
    # No look at the environment for a description of the caller, which may cost a request of its own.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    huggingface_hub.set_client_factory(new_client)


def headers_of(api: HfApi) -> dict[str, str]:
    """Of a request that HfApi has no method for: its token, and who we are."""
    return build_hf_headers(token=api.token, library_name=api.library_name, library_version=api.library_version)


def patience(stall: float | None = None) -> httpx2.Timeout:
    """How long a call waits; for its answer `stall` seconds without a byte, or the usual time."""
    return httpx2.Timeout(stall or READ_TIMEOUT, connect=CONNECT_TIMEOUT)


def new_client() -> httpx2.Client:
    """A client with timeouts whose every wait can be cancelled; proxies and certificates as in the environment."""
    client = httpx2.Client(
        event_hooks={"request": [_before], "response": [_after]},
        follow_redirects=True,
        # What an answer takes in memory is what came over the network: nothing is unpacked.
        headers={"Accept-Encoding": "identity"},
        timeout=patience(),
    )
    client._transport = _Transport(client._transport)
    client._mounts = {pattern: inner and _Transport(inner) for pattern, inner in client._mounts.items()}
    return client


def _before(request: httpx2.Request) -> None:
    """Of every request, and of every hop of a redirect."""
    call = current_call()
    call.cancel.check()
    if _is_elsewhere(request.url, call.endpoint):
        request.headers.pop("Authorization", None)
    # HfApi asks for no timeout at all in some calls.
    limits = request.extensions.setdefault("timeout", {})
    waits = ("connect", CONNECT_TIMEOUT), ("read", READ_TIMEOUT), ("write", READ_TIMEOUT), ("pool", READ_TIMEOUT)
    for name, seconds in waits:
        limits[name] = limits.get(name) or seconds


def _after(response: httpx2.Response) -> None:
    call = current_call()
    if response.status_code >= 400:
        body = _start_of(response)
        raise errors.from_answer(
            response.status_code,
            response.headers,
            body,
            host=_host(response.request),
            endpoint=call.endpoint,
            repo_id=call.repo_id,
            has_token=call.has_token,
            redirected=_is_elsewhere(response.request.url, call.endpoint),
        )
    if not response.has_redirect_location:
        call.next_pages.append(response.links.get("next", {}).get("url") or "")


def _is_elsewhere(url: httpx2.URL, endpoint: str) -> bool:
    """Whether an address is not the Hub's; unknown outside of a call."""
    return bool(endpoint) and url.origin != httpx2.URL(endpoint).origin


def _start_of(response: httpx2.Response) -> bytes:
    body = b""
    for chunk in response.iter_raw():
        body += chunk
        if len(body) >= _MAX_ERROR_BODY:
            break
    return body[:_MAX_ERROR_BODY]


def _host(request: httpx2.Request) -> str:
    return request.url.netloc.decode("ascii", "replace")


class _Transport(httpx2.BaseTransport):
    """Turns what goes wrong in the network into errors for people, which nothing above retries."""

    def __init__(self, inner: httpx2.BaseTransport) -> None:
        self._inner = inner
        assert isinstance(inner, httpx2.HTTPTransport)
        inner._pool._network_backend = Backend()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _telling(request):
            response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx2.SyncByteStream)
        response.stream = _Body(response.stream, request)
        return response

    def close(self) -> None:
        self._inner.close()


class _Body(httpx2.SyncByteStream):
    """An answer's bytes, no more than the call may have."""

    def __init__(self, inner: httpx2.SyncByteStream, request: httpx2.Request) -> None:
        self._inner = inner
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        call = current_call()
        with _telling(self._request):
            for chunk in self._inner:
                if call.limit is not None:
                    call.limit -= len(chunk)
                    if call.limit < 0:
                        raise errors.too_long(_host(self._request))
                yield chunk

    def close(self) -> None:
        self._inner.close()


@contextmanager
def understanding(endpoint: str) -> Iterator[None]:
    """For the reading of answers: huggingface_hub takes their form for granted.

    Raises:
        HubError: an answer is not what the Hub writes.
    """
    try:
        yield
    except httpx2.HTTPError as error:
        raise errors.malformed(endpoint, error) from error
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        page = isinstance(error, ValueError) and "Expecting value" in str(error)
        raise errors.malformed(endpoint, error, page) from error


@contextmanager
def stream(url: str, headers: dict[str, str], stall: float | None = None) -> Iterator[httpx2.Response]:
    """A file's answer, its bytes still to come.

    Args:
        url: address of the file.
        headers: of the request.
        stall: as in `patience`.

    Raises:
        HubError: the file is refused, or the way to it makes no sense.
    """
    asked = session().stream("GET", url, headers=headers, timeout=patience(stall))
    try:
        answer = asked.__enter__()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise errors.malformed(current_call().endpoint, error) from error
    try:
        yield answer
    finally:
        answer.close()


@contextmanager
def _telling(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except httpx2.TransportError as error:
        raise errors.from_network(error, host=_host(request), endpoint=current_call().endpoint) from error
