"""The requests of a server elsewhere, asked for over HTTP in a thread."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tui.core.addresses import is_loopback
from tui.core.errors import LocalLLMError, SettingError
from tui.services.requests import RequestInfo
from tui.services.watching import Snapshot
from tui.services.watching_parts import Slot, models_of, places_of, slots_of, snapshot_of, totals_of

if TYPE_CHECKING:
    import httpx2

EVERY = 0.5
"""Seconds between two questions."""
AGAIN = 2.0
"""Seconds until the next one after one that failed."""
_PATIENCE = 3.0
_LARGEST = 4 << 20
_PATH = "/v1/localllm/requests"


def address_of(text: str) -> str:
    """The address of a server, as a person writes it: `host:8080`, `http://host:8080/v1`.

    Raises:
        SettingError: it is none.
    """
    text = text.strip()
    written = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(written)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        known = False
    if not known or "@" in parts.netloc:
        raise SettingError(f"{text or 'nothing'} is no address of a server", hint="give one such as http://host:8080")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/').removesuffix('/v1')}"


class Elsewhere:
    """Asks a server of this program, or a llama-server, what it does; again and again until `close`.

    Args:
        address: as `address_of` gives it.
        key: what the server wants to see; empty for nothing.
    """

    def __init__(self, address: str, key: str = "") -> None:
        self.address = address
        self._key = key
        self._snapshot = Snapshot(problem=f"asking {address}")
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._native = True
        self._models: tuple[str, ...] | None = None
        self._seen: dict[int, tuple[float, float, int]] = {}
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()
        self._wake.set()

    def retry(self) -> None:
        """Ask now."""
        self._wake.set()

    def look(self) -> Snapshot:
        """What was told last."""
        return self._snapshot

    def cancel(self, number: int) -> bool:
        """End a request; False when it is over already.

        Raises:
            LocalLLMError: the server does not do it.
        """
        with self._client() as client:
            told = self._json(client, "POST", f"{_PATH}/{number}/cancel")
        return isinstance(told, dict) and told.get("cancelled") is True

    def transcript(self, number: int) -> tuple[str, str] | None:
        """Prompt and answer of a request.

        Raises:
            LocalLLMError: the server does not tell them.
        """
        with self._client() as client:
            told = self._json(client, "GET", f"{_PATH}/{number}/transcript")
        if not isinstance(told, dict):
            return None
        return str(told.get("prompt", "")), str(told.get("answer", ""))

    # The thread

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._client() as client:
                    while not self._closed.is_set():
                        self._snapshot = self._ask(client)
                        self._pause(EVERY)
            except LocalLLMError as error:
                self._snapshot = replace(self._snapshot, problem=f"{error.line()} (asked again every {AGAIN:.0f} s)")
                self._native, self._models = True, None
                self._pause(AGAIN)

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        self._wake.clear()

    def _ask(self, client: httpx2.Client) -> Snapshot:
        if self._native:
            try:
                found = snapshot_of(self._json(client, "GET", _PATH))
            except _NotThereError:
                found = None
            if found is not None:
                return found
            self._native = False
        return self._slots(client)

    def _slots(self, client: httpx2.Client) -> Snapshot:
        try:
            told = self._json(client, "GET", "/slots")
        except _NotThereError as error:
            raise LocalLLMError(f"{self.address} tells nothing of its requests", hint=error.hint) from None
        slots = slots_of(told)
        if slots is None:
            raise LocalLLMError(f"there is no server of this program, nor a llama-server, at {self.address}")
        if self._models is None:
            self._models = models_of(self._told(client, "/v1/models"))
        now = time.monotonic()
        self._seen = {slot.number: self._seen.get(slot.number, (now, 0.0, 0)) for slot in slots}
        return Snapshot(
            tuple(self._from_slot(slot, now) for slot in slots),
            totals_of(self._metrics(client)),
            places_of(told),
            self._models,
            cancels=False,
            server="llama-server",
        )

    def _from_slot(self, slot: Slot, now: float) -> RequestInfo:
        since, first, count = self._seen[slot.number]
        if slot.decoded and not first:
            first, count = now, slot.decoded
            self._seen[slot.number] = (since, first, count)
        speed = (slot.decoded - count) / (now - first) if first and now > first else 0.0
        only = self._models[0] if self._models and len(self._models) == 1 else ""
        state = "decode" if slot.decoded else "prefill"
        return RequestInfo(
            slot.number, "", "", "", slot.model or only, state, slot.prompt, slot.cached, slot.done, slot.decoded,  # type: ignore[arg-type]
            seconds=now - since, speed=max(speed, 0.0),
        )  # fmt: skip

    def _told(self, client: httpx2.Client, path: str) -> Any:
        """What a page tells that not every server has; None where this one does not."""
        try:
            return self._json(client, "GET", path)
        except LocalLLMError:
            return None

    def _metrics(self, client: httpx2.Client) -> str:
        try:
            return self._get(client, "GET", "/metrics").decode("utf-8", "replace")
        except LocalLLMError:
            return ""  # llama-server tells them only with --metrics

    def _client(self) -> httpx2.Client:
        import httpx2

        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        here = is_loopback(urlsplit(self.address).hostname or "")
        return httpx2.Client(base_url=self.address, headers=headers, timeout=_PATIENCE, trust_env=not here)

    def _json(self, client: httpx2.Client, method: str, path: str) -> Any:
        data = self._get(client, method, path)
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            return None

    def _get(self, client: httpx2.Client, method: str, path: str) -> bytes:
        """What the server answers.

        Raises:
            LocalLLMError: it does not, or not so.
        """
        import httpx2

        data = bytearray()
        end = time.monotonic() + 2 * _PATIENCE
        try:
            with client.stream(method, path) as answer:
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > _LARGEST or time.monotonic() > end:
                        raise LocalLLMError(f"{self.address} sends too much, or too slowly")
        except httpx2.TimeoutException:
            raise LocalLLMError(f"{self.address} does not answer within {_PATIENCE:.0f} s") from None
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            why = re.sub(r"^\[\w+ -?\d+\] ", "", str(error)) or type(error).__name__
            raise LocalLLMError(f"{self.address} cannot be reached", why=why) from None
        self._check(answer.status_code, bytes(data))
        return bytes(data)

    def _check(self, status: int, data: bytes) -> None:
        if status < 400:
            return
        said = _said(data)
        if status == 401:
            hint = "give --api-key KEY, or set LOCALLLM_API_KEY"
            what = "does not take this key" if self._key else "wants a key"
            raise LocalLLMError(f"{self.address} {what}", hint=hint)
        if status in (404, 405, 501):
            raise _NotThereError(said or f"{self.address} has no such page", hint=said)
        raise LocalLLMError(f"{self.address} answers with status {status}", why=said)


class _NotThereError(LocalLLMError):
    """The server has no such page."""


def _said(data: bytes) -> str:
    """The message of an error, in OpenAI's shape."""
    try:
        told = json.loads(data)
        return str(told["error"]["message"])[:300]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""
