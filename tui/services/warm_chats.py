"""Which conversations go on at once, since what the model computed of them is kept."""

from __future__ import annotations

from tui.services.model_host import ModelHost
from tui.services.recorded_chat_branch import LABEL


def warm_chats(host: ModelHost) -> frozenset[int] | None:
    """Numbers of the conversations whose KV state is kept for the loaded model, in memory or in a file that is there.

    Nothing is loaded for it; files are looked for, so it is asked in a thread.

    Returns:
        The numbers; None while no model is loaded, when there is nothing to say.
    """
    if host.model is None:
        return None
    kept = host.engine.kept
    return frozenset(
        int(label.removeprefix(LABEL))
        for label, file in kept.items()
        if label.startswith(LABEL) and label.removeprefix(LABEL).isdecimal() and (file is None or file.is_file())
    )
