"""How many of a model's weights work on each token, and how many bytes of them are read."""

from __future__ import annotations

from tui.catalogue.gguf_header import Header


def expert_share(header: Header) -> float:
    """Share of the experts that work on one token, 0 to 1; 1 for a model without experts."""
    experts, used = header.number("expert_count") or 0, header.mean("expert_used_count")
    return min(used / experts, 1.0) if experts and used else 1.0


def active_parameters(header: Header) -> int | None:
    """Weights that work on each token of a mixture of experts; None for other models.

    The embeddings count, as they do in the makers' own figures.
    """
    share = expert_share(header)
    if share == 1.0:
        return None
    weights = _expert_weights(header)
    return round(header.parameters - weights * (1 - share)) if header.parameters > weights else None


def active_bytes(header: Header) -> int:
    """Bytes of weights that are read for each token.

    Of the experts those that work; of the embeddings one row, unless they are the output as well. Where the header's
    tensors were not read, every byte counts but the other experts'.
    """
    share = expert_share(header)
    if not header.groups:
        part = min(_expert_weights(header) / header.parameters, 1.0) if header.parameters else 0.0
        return round(header.tensor_bytes * (1 - part * (1 - share)))
    sizes = {name: size for name, (_, size) in header.groups.items()}
    output = sizes.get("output", sizes.get("embedding", 0))
    return round(sizes.get("rest", 0) + output + sizes.get("experts", 0) * share)


def active_weights(header: Header) -> int:
    """Weights that are multiplied for each token: as `active_bytes`, in weights."""
    if not header.tensor_bytes:
        return 0
    return round(active_bytes(header) / header.tensor_bytes * header.parameters)


def _expert_weights(header: Header) -> int:
    """Weights in all experts: counted, or computed from the header's numbers."""
    if header.groups:
        return header.groups.get("experts", (0, 0))[0]
    layers = (header.number("block_count") or 0) - (header.number("leading_dense_block_count") or 0)
    width, feed = header.number("embedding_length") or 0, header.mean("expert_feed_forward_length")
    feed = feed or header.mean("feed_forward_length")
    return round(max(layers, 0) * (header.number("expert_count") or 0) * 3 * width * feed)
