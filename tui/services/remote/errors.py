"""What went wrong with an endpoint, as one line that says what to do."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from tui.core.endpoints import place_of
from tui.core.errors import LocalLLMError, RemoteError
from tui.core.text import one_line

_LONGEST = 200
_UNVERIFIED = re.compile(r"verify failed: (.+?)(?: \(_ssl|$)")
_BROKEN = ("httpx", "httpcore", "anyio")
"""Packages whose errors mean a broken connection."""


def explain(error: BaseException, base_url: str, model: str, key: str = "") -> LocalLLMError:
    """The error for people.

    Args:
        error: what the client raised.
        base_url: of the endpoint.
        model: that was asked for.
        key: where the key is, as `Endpoint.key`.
    """
    if isinstance(error, LocalLLMError):
        return error
    place = place_of(base_url)
    if (status := getattr(error, "status_code", None)) is not None:
        return _status(error, int(status), place, model, key)
    if is_timeout(error):
        return RemoteError(f"{place} did not answer in time", hint="try again, or F2 chooses another model")
    if is_broken(error):
        return _connection(error, place)
    if body := said(error):
        return RemoteError(f"{place} failed", why=body)
    return RemoteError(f"{place} gave an answer that is none", why=f"{type(error).__name__}: {error}"[:_LONGEST])


def dropped(base_url: str) -> RemoteError:
    """The reply ended in the middle."""
    return RemoteError(
        f"The connection to {place_of(base_url)} broke in the middle of the reply", hint="what came is kept"
    )


def is_timeout(error: BaseException) -> bool:
    """Whether nothing came for too long."""
    return isinstance(error, TimeoutError) or any("Timeout" in type(one).__name__ for one in _chain(error))


def is_broken(error: BaseException) -> bool:
    """Whether the connection could not be made, or was lost."""
    return (
        type(error).__name__ == "APIConnectionError"
        or isinstance(error, OSError)
        or type(error).__module__.startswith(_BROKEN)
    )


def said(error: BaseException) -> str:
    """What the server said of it, as one line."""
    body: Any = getattr(error, "body", None)
    if isinstance(body, dict):
        inner = body.get("error", body)
        body = inner.get("message", "") if isinstance(inner, dict) else inner
    text = body if isinstance(body, str) and not body.lstrip().startswith("<") else ""
    text = one_line(text).strip().rstrip(".")
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def wait_asked(error: BaseException) -> float | None:
    """Seconds that the server asks to wait (Retry-After); None where it does not say."""
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    try:
        return max(0.0, float(headers["retry-after"])) if headers is not None else None
    except (KeyError, ValueError):
        return None


def _status(error: BaseException, status: int, place: str, model: str, key: str) -> RemoteError:
    why = said(error)
    if status in (401, 403):
        hint = f"look at the key in {key}" if key else "it wants a key: add it in F2 with +, as env:NAME"
        return RemoteError(f"{place} did not accept the key ({status})", why=why, hint=hint, status=status)
    if status == 404:
        what = f"{place} has no model {one_line(model)}" if "model" in why.lower() else f"{place} does not know this"
        return RemoteError(f"{what} (404)", why=why, hint="F2 and + list the models that it has", status=status)
    if status == 429:
        seconds = wait_asked(error)
        hint = f"try again in {seconds:.0f} s" if seconds is not None else "try again later"
        return RemoteError(f"{place} has had too many requests (429)", why=why, hint=hint, status=status)
    if status >= 500:
        return RemoteError(f"{place} failed ({status})", why=why, hint="try again later", status=status)
    return RemoteError(f"{place} refused the request ({status})", why=why, status=status)


def _connection(error: BaseException, place: str) -> RemoteError:
    for cause in _chain(error):
        text = str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in text:
            found = _UNVERIFIED.search(text)
            why = found[1] if found else "its certificate cannot be verified"
            hint = "SSL_CERT_FILE names the authority to trust"
            return RemoteError(f"{place} is not who it says (TLS)", why=one_line(why), hint=hint)
        if isinstance(cause, ssl.SSLError):
            return RemoteError(
                f"{place} speaks no TLS", why=cause.reason or "", hint="is it http:// instead of https://?"
            )
        if isinstance(cause, socket.gaierror):
            return RemoteError(
                f"There is no host {place}", why=(cause.strerror or "").lower(), hint="look at the address"
            )
        if isinstance(cause, ConnectionRefusedError):
            return RemoteError(f"Nothing answers at {place}", why="connection refused", hint="start the server there")
    for cause in _chain(error):
        if isinstance(cause, OSError) and cause.strerror:
            return RemoteError(f"{place} cannot be reached", why=cause.strerror.lower())
    return RemoteError(f"The connection to {place} was lost")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, groups of them included."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        waiting += [one.__cause__, one.__context__]
