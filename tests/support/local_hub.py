"""A Hugging Face Hub on loopback, for tests with the real huggingface_hub client and real HTTP.

    with LocalHub() as hub:
        hub.add("owner/name-GGUF", {"name-Q4_K_M.gguf": content, "README.md": b"..."}, downloads=12)
        hub.fault(path="/cdn/", cut_after=1_000_000, times=1)
        Hub(hub.url).repository("owner/name-GGUF")

As on the Hub, a model's bytes are not served where they are asked for: the answer is a redirect with the sha256
(`X-Linked-Etag`), and they come from another origin (`localhost` in place of `127.0.0.1`) that refuses any token.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit

from tests.support.hub_faults import Asked, Fault
from tests.support.hub_repos import Content, Repo, StoredFile

CHUNK = 64 * 1024
_API = re.compile(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree|refs)(?:/([^/]+))?)?")
_RESOLVE = re.compile(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)")


@dataclass(frozen=True)
class Account:
    """Who a token belongs to.

    Attributes:
        name: the account's.
        repos: gated and private repositories it may read; "*" for all.
    """

    name: str
    repos: frozenset[str] = frozenset()


TOKENS: dict[str, Account] = {
    "hf_alice_may_read_all": Account("alice", frozenset({"*"})),
    "hf_bob_may_read_none": Account("bob"),
}
ALICE, BOB = TOKENS


class LocalHub:
    """The server; its methods may be called while it runs.

    Args:
        page_size: entries in a page of a listing, at most.
        cdn: whether models come from the second origin, by a redirect.

    Attributes:
        requests: what was asked, in order.
        repos: by their names.
    """

    def __init__(self, *, page_size: int = 1000, cdn: bool = True) -> None:
        self.page_size = page_size
        self.cdn = cdn
        self.requests: list[Asked] = []
        self.repos: dict[str, Repo] = {}
        self.stored: dict[str, StoredFile] = {}
        self.closing, self.hurrying = threading.Event(), threading.Event()
        self._faults: list[Fault] = []
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def storage(self) -> str:
        """The other origin, that models come from."""
        return f"localhost:{self.port}"

    def add(self, repo_id: str, files: Mapping[str, Content], **about: Any) -> Repo:
        """Put a repository there, or new content into one.

        Args:
            repo_id: `owner/name`.
            files: contents by path.
            about: fields of the API, such as downloads, likes, gated="auto", private=True, gguf={"total": …}.
        """
        stored = {path: StoredFile(path, content) for path, content in files.items()}
        repo = self.repos[repo_id] = Repo(repo_id, stored, about)
        return repo

    def fault(self, **fields: Any) -> Fault:
        """Let something go wrong from now on: the fields of `Fault`."""
        fault = Fault(**fields)
        with self._lock:
            self._faults.append(fault)
        return fault

    def hurry(self) -> None:
        """Let nothing come slowly any more, also not what is under way."""
        self.hurrying.set()

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._faults.clear()

    def sent(self, path: str = "") -> int:
        """Bytes of all bodies of requests whose path contains `path`."""
        return sum(asked.sent for asked in list(self.requests) if path in asked.path)

    def take_fault(self, method: str, where: str) -> Fault:
        """The first fault for a request; counts it."""
        with self._lock:
            for fault in self._faults:
                if fault.method in ("*", method) and fault.times != 0 and re.search(fault.path, where):
                    if fault.times is not None:
                        fault.times -= 1
                    return replace(fault)
        return Fault()

    @contextlib.contextmanager
    def serving(self, connection: socket.socket) -> Iterator[None]:
        """While a client is connected."""
        with self._lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)

    def close(self) -> None:
        """Stop: nothing is listening any more, and connections end, also those kept for a next request."""
        self.closing.set()
        self.hurrying.set()
        self._server.shutdown()
        self._server.server_close()
        with self._lock:
            open_ones = list(self._connections)
        for connection in open_ones:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> LocalHub:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[LocalHub]
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing to the terminal."""

    def handle(self) -> None:
        with self.hub.serving(self.connection), contextlib.suppress(OSError, ValueError):  # the client went away
            super().handle()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.where = unquote(url.path)
        self.query = {name.removesuffix("[]"): values for name, values in parse_qs(url.query).items()}
        headers = self.headers
        self.asked = Asked(
            self.command, self.path, headers.get("Host", ""), "Authorization" in headers, headers.get("Range", "")
        )
        self.hub.requests.append(self.asked)
        self.trouble = self.hub.take_fault(self.command, f"{self.where}?{unquote(url.query)}")
        if self.trouble.delay:
            self.hub.closing.wait(self.trouble.delay)
        if self.trouble.body is not None:
            self._body("text/html", self.trouble.body, self.trouble.status or 200)
        elif self.trouble.status:
            self._error(self.trouble.status, "", f"injected {self.trouble.status}")
        else:
            self._route()

    do_HEAD = do_GET

    def _route(self) -> None:
        if self.where.startswith("/cdn/"):
            return self._storage(self.where.removeprefix("/cdn/"))
        auth = self.headers.get("Authorization", "")
        account = TOKENS.get(auth.removeprefix("Bearer "))
        if auth and not account:
            return self._error(401, "", "Invalid credentials in Authorization header")
        if self.where == "/api/whoami-v2":
            if not account:
                return self._error(401, "", "Invalid username or password.")
            return self._json({"type": "user", "name": account.name})
        if self.where == "/api/models":
            return self._search(account)
        return self._of_repo(account)

    def _of_repo(self, account: Account | None) -> None:
        api, resolve = _API.fullmatch(self.where), _RESOLVE.fullmatch(self.where)
        found = api or resolve
        repo = self.hub.repos.get(found[1]) if found else None
        if repo is None or (repo.private and not _allows(repo, account)):
            return self._error(404 if account else 401, "RepoNotFound", "Repository not found")
        revision = api[3] if api else resolve[2] if resolve else None
        if revision not in (None, "main", repo.sha):
            return self._error(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if api:
            return self._api(repo, api[2])
        assert resolve
        return self._resolve(repo, account, resolve[3])

    def _search(self, account: Account | None) -> None:
        asked = {name: values[0] for name, values in self.query.items()}
        infos = [(repo, repo.info()) for repo in self.hub.repos.values() if not repo.private or _allows(repo, account)]
        words, author = asked.get("search", "").lower().split(), asked.get("author")
        found = [
            info
            for repo, info in infos
            if all(word in repo.repo_id.lower() for word in words)
            and author in (None, info["author"])
            and set(self.query.get("filter", [])) <= {*info["tags"], info["library_name"]}
            and _fits(repo.total(), asked.get("num_parameters", ""))
        ]
        found.sort(key=lambda info: info.get(asked.get("sort", "trendingScore")) or 0, reverse=True)
        wanted = {"id", "modelId", *self.query.get("expand", ["downloads", "likes", "tags", "private"])}
        told = [{name: value for name, value in info.items() if name in wanted} for info in found]
        self._page(told, min(int(asked.get("limit", 1000)), self.hub.page_size))

    def _api(self, repo: Repo, what: str | None) -> None:
        if what == "refs":
            main = {"name": "main", "ref": "refs/heads/main", "targetCommit": repo.sha}
            return self._json({"branches": [main], "tags": [], "converts": []})
        if what == "tree":
            return self._page([repo.files[path].entry() for path in sorted(repo.files)], self.hub.page_size)
        info = repo.info(blobs=self.query.get("blobs") in (["true"], ["True"]))
        if "expand" in self.query:
            info = {name: value for name, value in info.items() if name in {"id", *self.query["expand"]}}
        return self._json(info)

    def _resolve(self, repo: Repo, account: Account | None, path: str) -> None:
        commit = {"X-Repo-Commit": repo.sha}
        if repo.gated and not _allows(repo, account):
            say = f"Access to model {repo.repo_id} is restricted"
            return self._error(403 if account else 401, "GatedRepo", say)
        file = repo.files.get(path)
        if file is None:
            return self._error(404, "EntryNotFound", "Entry not found", commit)
        if not file.is_lfs or not self.hub.cdn:
            return self._file(file, commit)
        self.hub.stored[file.etag] = file
        address = f"http://{self.hub.storage}/cdn/{file.etag}?name={quote(path)}"
        linked = {"Location": address, "X-Linked-Etag": f'"{file.etag}"', "X-Linked-Size": str(file.size)}
        return self._body("text/plain", b"", 302, commit | linked)

    def _storage(self, etag: str) -> None:
        file = self.hub.stored.get(etag)
        if file is None or self.asked.token:  # a signed address takes no token
            return self._error(403, "", "Request has expired")
        return self._file(file)

    def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self.asked.status = status
        self.send_response(status)
        for name, value in {**headers, **self.trouble.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _json(self, told: object, headers: Mapping[str, str] | None = None) -> None:
        self._body("application/json", json.dumps(told).encode(), 200, headers)

    def _error(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        said = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {}) | dict(headers or {})
        self._body("application/json", json.dumps({"error": message}).encode(), status, said)

    def _page(self, items: list[dict[str, Any]], size: int) -> None:
        at = int(self.query.pop("cursor", ["0"])[0])
        following = urlencode(self.query | {"cursor": [str(at + size)]}, doseq=True)
        more = at + size < len(items)
        link = {"Link": f'<{self.hub.url}{self.where}?{following}>; rel="next"'} if more else {}
        self._json(items[at : at + size], link)

    def _body(self, kind: str, body: bytes, status: int, headers: Mapping[str, str] | None = None) -> None:
        self._start(status, {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})})
        self._send(lambda start, count: body[start : start + count], 0, len(body))

    def _file(self, file: StoredFile, headers: Mapping[str, str] | None = None) -> None:
        first, last, part = 0, file.size - 1, {}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.asked.range)
        if asked and not self.trouble.no_range:
            first, last = int(asked[1]), min(int(asked[2] or last), last)
            if first >= file.size:
                return self._body("text/plain", b"", 416, {"Content-Range": f"bytes */{file.size}"})
            part = {"Content-Range": f"bytes {first}-{last}/{file.size}"}
        length = last - first + 1
        told = {"Content-Type": "application/octet-stream", "Content-Length": str(length), "Accept-Ranges": "bytes"}
        self._start(206 if part else 200, told | {"ETag": f'"{file.etag}"'} | part | dict(headers or {}))
        return self._send(file.read, first, length)

    def _send(self, read: Any, first: int, length: int) -> None:
        """The body, with everything that can go wrong on its way."""
        if self.command == "HEAD":
            return
        trouble = self.trouble
        step = max(1, min(CHUNK, trouble.bps // 10)) if trouble.bps else CHUNK
        stop = min([length, *(n for n in (trouble.cut_after, trouble.stall_after) if n is not None)])
        while self.asked.sent < stop:
            data = bytearray(read(first + self.asked.sent, min(step, stop - self.asked.sent)))
            if trouble.corrupt_at is not None:
                at = trouble.corrupt_at - first - self.asked.sent
                if 0 <= at < len(data):
                    data[at] ^= 0xFF
            # Counted first: the client may be done with it before this thread goes on.
            self.asked.sent += len(data)
            self.wfile.write(data)
            if trouble.bps:
                self.hub.hurrying.wait(len(data) / trouble.bps)
        if stop < length:
            self._break_off(stop)

    def _break_off(self, sent: int) -> None:
        if self.trouble.stall_after == sent:
            self.hub.closing.wait()
        if self.trouble.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()
        self.close_connection = True


def _allows(repo: Repo, account: Account | None) -> bool:
    return account is not None and bool({"*", repo.repo_id} & account.repos)


def _fits(total: int | None, limits: str) -> bool:
    """As `num_parameters=min:1B,max:3B` of the Hub."""
    units = {"K": 10**3, "M": 10**6, "B": 10**9}
    for name, number, unit in re.findall(r"(min|max):([\d.]+)([KMB]?)", limits):
        limit = float(number) * units.get(unit, 1)
        if total is None or (total < limit if name == "min" else total > limit):
            return False
    return True
