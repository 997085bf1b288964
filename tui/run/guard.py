"""What every command of this front end has around it: signals, a closed output, errors in one line."""

from __future__ import annotations

from collections.abc import Callable

from tui.core.errors import CancelledError, LocalLLMError, SettingError
from tui.run.interrupt import Interrupted, Interruption
from tui.run.one_shot import BROKEN_PIPE, FAILED
from tui.run.output import OutputClosedError, complain


def guarded(work: Callable[[Interruption], int], *, color: str = "auto") -> int:
    """Run a command.

    Args:
        work: given how signals reach it; returns the exit status.
        color: whether an error is coloured.

    Returns:
        The exit status: the work's; 1 with one line on standard error; 130 or 143 after a signal; 141 when the reader
        of standard output went away.

    Raises:
        SettingError: an argument makes no sense.
    """
    try:
        with Interruption() as interruption:
            try:
                return work(interruption)
            except CancelledError:
                if interruption.status:  # what was asked to end did end
                    return interruption.status
                raise
    except Interrupted as interrupted:
        return interrupted.status
    except OutputClosedError:
        return BROKEN_PIPE
    except SettingError:  # bad arguments, which the door tells of
        raise
    except LocalLLMError as error:
        complain(error.line(), color=color)
        return FAILED
