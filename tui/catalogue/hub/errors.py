"""What the Hub's failures mean for a person: one sentence each, with the next step."""

from __future__ import annotations

import email.utils
import re
import socket
import ssl
import time
from collections.abc import Mapping

from tui.core.errors import HubError
from tui.core.text import one_line

PUBLIC = "https://huggingface.co"
_MAX_WORDS = 200
_GIVE = "set HF_TOKEN, run hf auth login or enter it in the application"
"""Where a token can be given: the first two hold in a shell as well."""


def switched_off() -> HubError:
    """The Hub must not be used here."""
    return HubError(
        "the Hub is switched off here",
        why="--offline or HF_HUB_OFFLINE is set",
        hint="start without it to search and download; the models on this machine work as they are",
        kind="offline",
    )


def from_network(error: Exception, *, host: str, endpoint: str) -> HubError:
    """What to say when no answer came.

    Args:
        error: of the HTTP library.
        host: which machine was asked, with its port.
        endpoint: address of the Hub.
    """
    why = _network_reason(_root(error), error)
    mirror = is_mirror(endpoint) and _of(host, endpoint)
    who = _named(endpoint) if mirror else one_line(host)
    if "Connect" not in type(error).__name__ and "Timeout" not in type(error).__name__:
        return HubError(f"the connection to {who} broke", why=why, hint="try again", kind="unreachable")
    hint = "check the network and try again; --offline works with the models that are here"
    if mirror:
        hint = "check the address, or unset HF_ENDPOINT to use huggingface.co"
    return HubError(f"{who} cannot be reached", why=why, hint=hint, kind="unreachable")


def no_address(endpoint: str) -> HubError:
    """The Hub's address is none."""
    return HubError(
        f"{one_line(endpoint)!r} is not the address of a Hub",
        hint="set HF_ENDPOINT to one such as https://huggingface.co, or unset it",
        kind="refused",
    )


def no_proxy(error: Exception) -> HubError:
    """The environment names a proxy that cannot be used."""
    socks = isinstance(error, ImportError)
    return HubError(
        "the proxy cannot be used",
        why="SOCKS needs the package socksio" if socks else one_line(str(error))[:_MAX_WORDS],
        hint="pip install socksio, or unset ALL_PROXY" if socks else "check HTTPS_PROXY, HTTP_PROXY and ALL_PROXY",
        kind="unreachable",
    )


def from_answer(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    host: str,
    endpoint: str,
    repo_id: str = "",
    has_token: bool = False,
    redirected: bool = False,
) -> HubError:
    """What to say when the answer was a refusal.

    Args:
        status: of the answer, 400 or more.
        headers: of the answer.
        body: its start.
        host: who answered.
        endpoint: address of the Hub.
        repo_id: what was asked for; empty for no repository.
        has_token: whether a token went with it.
        redirected: whether it comes from the storage that the Hub sent us to.
    """
    code = headers.get("X-Error-Code") or ""
    said = _said(headers, body)
    who = one_line(repo_id) or "this"
    if status == 429:
        return _rate_limited(headers, host)
    if redirected and status in (401, 403, 404, 410):
        return HubError(
            f"{one_line(host)} refused the file",
            why="the address that the Hub gave has expired",
            hint="try again: a new address is asked for",
            kind="server",
            status=status,
        )
    if code == "GatedRepo":
        return _gated(who, status, has_token)
    if status == 401 and has_token and "invalid" in said.lower():
        return bad_token()
    if code == "RevisionNotFound":
        return HubError(f"{who} has no such revision", hint="leave the revision out", kind="missing", status=status)
    if code == "EntryNotFound":
        return HubError(
            f"a file is not in {who} any more", hint="open the repository again", kind="missing", status=status
        )
    if status == 403 and "disabled" in said:
        return HubError(
            f"the Hub has closed {who}", why=said, hint="look for another one", kind="denied", status=status
        )
    if status in (401, 403, 404, 410):
        return _hidden(who, status, has_token) if repo_id else _denied(host, status, has_token, said)
    if status >= 500 or status == 408:
        return _broken(host, endpoint, status, said)
    return HubError(
        f"{one_line(host)} did not take the question", why=_reason(status, said), kind="refused", status=status
    )


def bad_token() -> HubError:
    """The token is not accepted."""
    return HubError(
        "the Hub does not accept this token",
        why="it is wrong, expired or revoked",
        hint="make a new one at huggingface.co/settings/tokens, then set HF_TOKEN, run hf auth login or enter that "
        "one in the application; or take it away: public models need none",
        kind="token",
        status=401,
    )


def no_token() -> HubError:
    """A token is needed and there is none."""
    return HubError(
        "there is no token",
        hint=f"make one at huggingface.co/settings/tokens, then {_GIVE}",
        kind="token",
    )


def malformed(endpoint: str, error: object, page: bool = False) -> HubError:
    """An answer that is not what the Hub writes.

    Args:
        endpoint: address of the Hub.
        error: what was found wrong.
        page: whether it was a web page.
    """
    if page:
        why, hint = "it sent a web page", "a network that asks for a login does that: log in with a browser first"
    else:
        missing = isinstance(error, KeyError)
        why = f"{error} is missing in it" if missing else one_line(str(error))[:_MAX_WORDS]
        hint = "try again later"
    if is_mirror(endpoint):
        hint = f"{hint}; or unset HF_ENDPOINT to use huggingface.co"
    return HubError(f"{_named(endpoint)} gave an answer that is not the Hub's", why=why, hint=hint, kind="refused")


def too_long(host: str) -> HubError:
    """An answer without an end."""
    return HubError(f"{one_line(host)} sends more than was asked for", hint="try again later", kind="refused")


def is_mirror(endpoint: str) -> bool:
    """Whether this is not the Hub itself."""
    return endpoint.rstrip("/") != PUBLIC


def _named(endpoint: str) -> str:
    return f"the mirror {one_line(endpoint)} (HF_ENDPOINT)" if is_mirror(endpoint) else "huggingface.co"


def _of(host: str, endpoint: str) -> bool:
    return endpoint.partition("://")[2].partition("/")[0].rpartition("@")[2] == host


def _root(error: BaseException) -> BaseException:
    """What the system said first; httpcore hides the cause of its errors, but not their context."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error


def _network_reason(root: BaseException, error: Exception) -> str:
    if isinstance(root, socket.gaierror):
        return "its name cannot be looked up"
    if isinstance(root, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted ({one_line(root.verify_message)})"
    if isinstance(root, ssl.SSLError):
        return "no secure connection can be made"
    if isinstance(root, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(root, (ConnectionResetError, BrokenPipeError)):
        return "it was reset"
    if isinstance(root, TimeoutError) or "Timeout" in type(error).__name__:
        return "it does not answer in time"
    if "UnsupportedProtocol" in type(error).__name__:
        return "it leads to an address that cannot be asked"
    if "Protocol" in type(error).__name__:
        return "it ended within the answer"
    if isinstance(root, OSError) and root.strerror:
        return one_line(root.strerror).lower()
    return one_line(str(error))[:_MAX_WORDS] or "the connection failed"


def _said(headers: Mapping[str, str], body: bytes) -> str:
    """The Hub's own words, cleaned: they are shown."""
    text = headers.get("X-Error-Message") or ""
    if not text and body.lstrip().startswith(b"{"):
        found = re.search(rb'"error"\s*:\s*"((?:[^"\\]|\\.)*)"', body)
        text = found[1].decode("utf-8", "replace") if found else ""
    return one_line(text)[:_MAX_WORDS].rstrip(". ")


def _reason(status: int, said: str) -> str:
    return f"{said} (HTTP {status})" if said else f"HTTP {status}"


def _rate_limited(headers: Mapping[str, str], host: str) -> HubError:
    seconds = retry_after(headers)
    when = f"it asks to wait {seconds:.0f} s" if seconds else "it does not say how long to wait"
    return HubError(
        f"{one_line(host)} got too many requests from here",
        why=when,
        hint="wait, then try again; with a token the limit is higher",
        kind="rate",
        status=429,
        retry_after=seconds,
    )


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that an answer asks to wait; 0 when it does not say.

    It is a number or a date (RFC 9110, 10.2.3), or the Hub's own `ratelimit: "api";r=0;t=55`.
    """
    value = (headers.get("Retry-After") or "").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    if value:
        try:
            return max(email.utils.parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
        except (ValueError, OverflowError):
            pass
    found = re.search(r"r\s*=\s*0\s*;\s*t\s*=\s*(\d{1,9})", headers.get("ratelimit") or "")
    return float(found[1]) if found else 0.0


def _gated(who: str, status: int, has_token: bool) -> HubError:
    if has_token:
        why = "this token's account has no access to it, or the token may not read gated repositories"
        hint = f"accept the terms at huggingface.co/{who} with that account, and wait for the approval if it needs one"
    else:
        why = "its terms have to be accepted, and there is no token"
        hint = f"accept them at huggingface.co/{who}, make a token at huggingface.co/settings/tokens, then {_GIVE}"
    return HubError(f"{who} is gated", why=why, hint=hint, kind="gated", status=status)


def _hidden(who: str, status: int, has_token: bool) -> HubError:
    if has_token:
        why, hint = "it does not exist, or this token may not see it", "check the name, or use another token"
    else:
        why = "it does not exist, or it is private and there is no token"
        hint = f"check the name; for a private one make a token, then {_GIVE}"
    kind = "denied" if status == 403 else "missing"
    return HubError(f"the Hub shows no {who}", why=why, hint=hint, kind=kind, status=status)


def _denied(host: str, status: int, has_token: bool, said: str) -> HubError:
    if status == 401 and has_token:
        return bad_token()
    hint = "check HF_ENDPOINT" if status == 404 else f"make a token, then {_GIVE}"
    return HubError(
        f"{one_line(host)} refuses this", why=_reason(status, said), hint=hint, kind="denied", status=status
    )


def _broken(host: str, endpoint: str, status: int, said: str) -> HubError:
    hint = "try again in a minute"
    if is_mirror(endpoint) and _of(host, endpoint):
        return HubError(
            f"the mirror {one_line(endpoint)} (HF_ENDPOINT) has trouble",
            why=_reason(status, said),
            hint=f"{hint}, or unset HF_ENDPOINT to use huggingface.co",
            status=status,
        )
    return HubError(f"{one_line(host)} has trouble", why=_reason(status, said), hint=hint, status=status)
