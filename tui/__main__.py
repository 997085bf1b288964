"""`python -m tui` is `localllm-tui`; both begin here."""

from __future__ import annotations

import os
import sys

_INTERRUPTED = 130


def main() -> int:
    """Run the program; its exit status. Ctrl+C ends it without a word even before it has been read in."""
    status = _INTERRUPTED
    try:
        import signal

        before = signal.getsignal(signal.SIGINT)
        if before is signal.default_int_handler:  # else it is ignored, as by nohup, or somebody's own
            # An exception in the middle of an import would come out as something else, or be swallowed there.
            signal.signal(signal.SIGINT, lambda *_: os._exit(_INTERRUPTED))
        from tui.cli import main as run

        signal.signal(signal.SIGINT, before)
        status = run()
    except KeyboardInterrupt:
        pass
    if status == _INTERRUPTED:
        # Where Ctrl+C came while a text was run as code, as dataclasses do, Python would end by the signal itself
        # although it was caught. Running another one takes that mark away.
        exec("")
    return status


if __name__ == "__main__":
    sys.exit(main())
