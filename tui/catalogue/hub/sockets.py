"""Connections whose every wait can be cancelled: name look-up, connect, TLS, and each read."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore2

from tui.catalogue.hub.call import Call, current_call

SLICE = 0.1
"""Seconds between two looks at the switch."""
ADDRESS_TIMEOUT = 5.0
"""Seconds for each address of a machine, so that a dead IPv6 way leaves time for the IPv4 one."""
_DEFAULT_TIMEOUT = 20.0
"""Seconds, where no timeout is given."""


class Backend(httpcore2.NetworkBackend):
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
        each = min(timeout or ADDRESS_TIMEOUT, ADDRESS_TIMEOUT)
        return _Stream(
            _apart(lambda: self._inner.connect_tcp(host, port, each, local_address, options), timeout),
        )

    def sleep(self, seconds: float) -> None:
        call = current_call()
        call.cancel.wait(seconds)
        call.cancel.check()


class _Stream(httpcore2.NetworkStream):
    """A connection whose reads look at the switch."""

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        call = current_call()
        ends = _end(call, timeout or _DEFAULT_TIMEOUT)
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
    call = current_call()
    ends = _end(call, timeout or _DEFAULT_TIMEOUT)
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
