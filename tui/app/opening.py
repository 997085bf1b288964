"""A repository of the Hub as its screen needs it: its quantizations, the recommended one, and what is here already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tui.app.rendering.offer_rows import Offer
from tui.catalogue.hub.values import Repository
from tui.core.errors import HubError, LocalLLMError


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository as the screen needs it; made in a thread.

    Attributes:
        repository: what the Hub says.
        offers: its quantizations.
        reason: why one of them is recommended; empty when none is.
        wanted: the number of the one that was asked for, or else of the recommended one.
        problem: what is wrong with what was asked for; empty when nothing is.
    """

    repository: Repository
    offers: tuple[Offer, ...]
    reason: str = ""
    wanted: int = 0
    problem: str = ""


def opened(repository: Repository, quant: str, folder: Path | None, available: int) -> Opened:
    """What the screen shows of a repository. Looks at the disk: for a worker thread.

    Args:
        repository: what the Hub says.
        quant: the quantization that was asked for; empty for none.
        folder: where downloads go.
        available: bytes of memory that a load may take.
    """
    from tui.catalogue.hub.choice import choose
    from tui.catalogue.hub.recommend import recommend
    from tui.services.hub_models import present

    if not repository.variants:
        return Opened(repository, ())
    best = recommend(repository, available)
    wanted, problem = best[0] if best else repository.variants[0], ""
    if quant:
        try:
            wanted = choose(repository, quant)
        except LocalLLMError as error:
            problem = error.line()
    offers = tuple(
        Offer(
            variant,
            8 * variant.size / repository.parameters if repository.parameters else None,
            present(repository.repo_id, variant, folder),
            best is not None and variant == best[0],
        )
        for variant in repository.variants
    )
    reason = f"{best[0].label} is recommended: {best[1]}" if best else ""
    return Opened(repository, offers, reason, repository.variants.index(wanted), problem)


def short_words(error: LocalLLMError) -> str:
    """An error beside others; how to get at a gated repository is said once, and not here."""
    gated = isinstance(error, HubError) and error.kind == "gated"
    return "its terms have to be accepted first" if gated else error.line()
