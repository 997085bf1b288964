"""How the server serves."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """What the command line says of the server itself; the model and its settings are elsewhere.

    Attributes:
        host: address to listen at.
        port: port to listen at; 0 takes a free one.
        parallel: generations that run side by side.
        api_keys: keys given on the command line or in the environment.
        api_key_file: file with one key a line, read again on SIGHUP; empty for none.
        no_api_key: whether to serve others than this machine without a key.
        cors_origins: origins whose pages may ask; `*` for all.
        alias: name of the model that clients see; empty for the file's.
        timeout: seconds that a client may take to read what it is sent.
        max_waiting: requests that may wait for a free place; more are refused.
        max_body: bytes that a request may have.
        ssl_key_file: private key; empty for plain HTTP.
        ssl_cert_file: certificate chain.
        transcripts: whether prompts and answers are kept in memory for the person at the screen.
        loads_on_request: whether models are loaded when a request names them.
        sleep_idle: seconds after which the memory of a model that nobody uses is given back; 0 for never.
        stop_seconds: how long requests under way may go on when the server is to end.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    parallel: int = 4
    api_keys: tuple[str, ...] = ()
    api_key_file: str = ""
    no_api_key: bool = False
    cors_origins: tuple[str, ...] = ()
    alias: str = ""
    timeout: float = 600.0
    max_waiting: int = 64
    max_body: int = 32 * MEBIBYTE
    ssl_key_file: str = ""
    ssl_cert_file: str = ""
    transcripts: bool = False
    loads_on_request: bool = False
    sleep_idle: float = 0.0
    stop_seconds: float = 10.0
