"""The prompt after which a model fills in the middle."""

from __future__ import annotations

from tui.core.prompts import TokenPrompt
from tui.server.errors import ApiError
from tui.server.state import State
from tui.services.model_pool import Lease

Files = list[tuple[str, str]]
"""Name and text of each."""


async def infill_prompt(
    state: State,
    lease: Lease,
    prefix: str,
    suffix: str,
    *,
    begun: str = "",
    extra: Files | None = None,
    suffix_first: bool = False,
) -> TokenPrompt:
    """The prompt after which the model writes what lies between two texts.

    Args:
        state: what the handlers share.
        lease: the model.
        prefix: what lies before.
        suffix: what lies behind.
        begun: what the middle has already.
        extra: name and text of other files that help.
        suffix_first: whether the model wants what lies behind first.

    Raises:
        ApiError: the model cannot do this.
    """
    tokens = await state.ask(
        lease,
        lambda questions: questions.infill(prefix, suffix, begun=begun, extra=extra or (), suffix_first=suffix_first),
    )
    if tokens is None:
        raise ApiError(501, "This model has no tokens for filling in the middle (FIM).")
    return TokenPrompt(tuple(tokens))
