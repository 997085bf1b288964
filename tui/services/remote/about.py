"""An endpoint told as a model: what is known, and nothing that is not."""

from __future__ import annotations

from pathlib import Path

from tui.core.endpoints import Endpoint, address_of, endpoint_path, is_loopback, remote_name
from tui.core.errors import RemoteError
from tui.core.events import ModelInfo
from tui.core.markers import KNOWN
from tui.core.parameters import LoadParams
from tui.core.reasoning import Reasoning
from tui.services.remote.parameters import unsent_words
from tui.services.remote.server import WORDS, Server
from tui.settings.endpoints import read_endpoints

REASONING_MARKERS = KNOWN[0]
"""Between which reasoning is kept that comes apart from the answer."""


def endpoint_at(path: Path) -> Endpoint:
    """The endpoint that a path stands for: a kept one, or one with the key of the same server, or one without a key.

    Reads a file: for worker threads.

    Raises:
        RemoteError: it is the path of a file.
    """
    address = address_of(path)
    if address is None:
        raise RemoteError(f"{path.name} is no endpoint")
    kept = read_endpoints().all
    if (found := next((endpoint for endpoint in kept if endpoint.path == path), None)) is not None:
        return found
    base_url, model = address
    key = next((endpoint.key for endpoint in kept if endpoint.base_url == base_url), "")
    return Endpoint(remote_name(path) or base_url, base_url, model, key)


def model_info(path: Path, endpoint: Endpoint, server: Server, params: LoadParams, seconds: float) -> ModelInfo:
    """The model as far as its server tells; 0 stands for what is unknown.

    Args:
        path: what stands for the endpoint; where it names no model, the server's takes its place.
        endpoint: where it is.
        server: what it says.
        params: the load settings, of which none goes there.
        seconds: how long it took to find out.
    """
    warnings = [server.note, unsent_words(server.kind)]
    if endpoint.key and endpoint.base_url.startswith("http://") and not is_loopback(endpoint.base_url):
        warnings.append("The key goes over the network unencrypted, since the address is http://")
    return ModelInfo(
        path=str(path if endpoint.model else endpoint_path(endpoint.base_url, server.model)),
        name=server.model,
        description=f"remote {WORDS[server.kind]} {server.quantization}".rstrip(),
        architecture=server.architecture,
        size=0,
        parameters=server.parameters,
        n_ctx=server.n_ctx,
        n_ctx_train=server.n_ctx_train,
        n_vocab=server.n_vocab,
        has_template=True,
        threads=0,
        threads_batch=0,
        kv_bytes=0,
        compute_bytes=0,
        load_seconds=seconds,
        build=" ".join(word for word in (WORDS[server.kind], server.build) if word),
        params=params,
        warnings=tuple(warning for warning in warnings if warning),
        reasoning=Reasoning(markers=REASONING_MARKERS),
    )
