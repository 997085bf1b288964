"""The HTTP client that huggingface_hub gets from us: it has timeouts, it can be cancelled, and it does not retry.

huggingface_hub's own client waits without a limit, and a failing hub costs 23 seconds of hidden retries. It retries on
HTTP errors of its library and on status codes only, so a `HubError` raised here goes straight through it.

Importing this module costs some 150 ms: only worker threads do.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import httpcore2
import httpx2
import huggingface_hub
from huggingface_hub import constants

from tui.catalogue.hub import errors
from tui.catalogue.hub.cancel import Cancel

SLICE = 0.1
"""Seconds between two looks at the switch."""
CONNECT_TIMEOUT = 10.0
"""Seconds for the name look-up, the connection, and TLS, each."""
READ_TIMEOUT = 20.0
"""Seconds without a single byte."""
ANSWER_TIMEOUT = 60.0
"""Seconds for a whole answer of the Hub that is not a model file."""
MAX_ANSWER = 1 << 25
"""Bytes of such an answer: 10,000 files with their hashes take some 5 MB."""
_MAX_ERROR_BODY = 1 << 16

_Result = TypeVar("_Result")


@dataclass(slots=True)
class Call:
    """One call to the Hub, and what belongs to it in this thread.

    Attributes:
        endpoint: address of the Hub; a token is sent there and nowhere else.
        repo_id: what it is about, for the sentence of an error; empty for no repository.
        has_token: whether a token goes with it.
        cancel: ends it.
        limit: bytes that all answers together may have; None without a limit.
        deadline: of `time.monotonic`; None without one.
        next_pages: of each answer, the address of the page after it; empty at the end of a list.
    """

    endpoint: str
    repo_id: str = ""
    has_token: bool = False
    cancel: Cancel = field(default_factory=Cancel)
    limit: int | None = None
    deadline: float | None = None
    next_pages: list[str] = field(default_factory=list)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Everything that this thread asks the network for inside belongs to this call."""
        before = _CURRENT.set(self)
        try:
            self.cancel.check()
            yield
        finally:
            _CURRENT.reset(before)


_CURRENT: ContextVar[Call | None] = ContextVar("hub_call", default=None)


def _current() -> Call:
    return _CURRENT.get() or Call(constants.ENDPOINT)


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


_LOCK = threading.Lock()


@cache
def _install() -> None:
    # Its handler writes warnings to stderr, which is the terminal that the application draws on.
    logging.getLogger("huggingface_hub").handlers[:] = [logging.NullHandler()]
    # No look at the environment for a description of the caller, which may cost a request of its own.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    huggingface_hub.set_client_factory(new_client)


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
    call = _current()
    call.cancel.check()
    if request.url.origin != httpx2.URL(call.endpoint).origin:
        request.headers.pop("Authorization", None)
    # HfApi asks for no timeout at all in some calls.
    limits = request.extensions.setdefault("timeout", {})
    waits = ("connect", CONNECT_TIMEOUT), ("read", READ_TIMEOUT), ("write", READ_TIMEOUT), ("pool", READ_TIMEOUT)
    for name, seconds in waits:
        limits[name] = limits.get(name) or seconds


def _after(response: httpx2.Response) -> None:
    call = _current()
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
            redirected=response.request.url.origin != httpx2.URL(call.endpoint).origin,
        )
    if not response.has_redirect_location:
        call.next_pages.append(response.links.get("next", {}).get("url") or "")


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
        inner._pool._network_backend = _Backend()

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
        call = _current()
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
        raise errors.malformed(_current().endpoint, error) from error
    try:
        yield answer
    finally:
        answer.close()


@contextmanager
def _telling(request: httpx2.Request) -> Iterator[None]:
    try:
        yield
    except httpx2.TransportError as error:
        raise errors.from_network(error, host=_host(request), endpoint=_current().endpoint) from error


class _Backend(httpcore2.NetworkBackend):
    """Opens connections; gives up waiting when the call is cancelled."""

    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        options = list(socket_options or ())
        return _Stream(
            _apart(lambda: self._inner.connect_tcp(host, port, timeout, local_address, options), timeout),
        )

    def sleep(self, seconds: float) -> None:
        call = _current()
        call.cancel.wait(seconds)
        call.cancel.check()


class _Stream(httpcore2.NetworkStream):
    """A connection whose reads look at the switch."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        call = _current()
        ends = _end(call, timeout or READ_TIMEOUT)
        while True:
            call.cancel.check()
            try:
                return self._inner.read(max_bytes, timeout=max(min(SLICE, ends - time.monotonic()), 0.001))
            except httpcore2.ReadTimeout:
                if time.monotonic() >= ends:
                    raise

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # Requests are a few hundred bytes, which the kernel takes at once.
        self._inner.write(buffer, timeout)

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(_apart(lambda: self._inner.start_tls(ssl_context, server_hostname, timeout), timeout))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _end(call: Call, seconds: float) -> float:
    end = time.monotonic() + seconds
    return end if call.deadline is None else min(end, call.deadline)


def _apart(work: Callable[[], httpcore2.NetworkStream], timeout: float | None) -> httpcore2.NetworkStream:
    """Do `work` in a thread that can be left behind: nothing wakes a name look-up or a handshake.

    A thread that was left behind ends by the timeout of its own step, and closes what it opened.
    """
    call = _current()
    ends = _end(call, timeout or CONNECT_TIMEOUT)
    done: queue.SimpleQueue[httpcore2.NetworkStream | BaseException] = queue.SimpleQueue()
    lock, left = threading.Lock(), False

    def run() -> None:
        outcome: httpcore2.NetworkStream | BaseException
        try:
            outcome = work()
        except BaseException as error:
            outcome = error
        with lock:
            done.put(outcome)
            if left and not isinstance(outcome, BaseException):
                outcome.close()

    threading.Thread(target=run, name="hub-connect", daemon=True).start()
    while True:
        try:
            outcome = done.get(timeout=SLICE)
            break
        except queue.Empty:
            with lock:
                late = call.cancel.is_set() or time.monotonic() >= ends
                left = late and done.empty()
            if left:
                call.cancel.check()
                raise httpcore2.ConnectTimeout("timed out") from None
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome
