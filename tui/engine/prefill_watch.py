"""Progress within one evaluation: a large model takes seconds for a step of a prompt."""

from __future__ import annotations

import threading
from collections.abc import Callable

_INTERVAL = 0.2


class PrefillWatch:
    """Tells several times a second how far the evaluation of a prompt's step is.

    The engine's thread is inside llama.cpp meanwhile; this one reads the count of computed nodes. How many nodes a
    graph has is learned from the evaluations before it.

    Args:
        nodes: tells how many nodes the evaluation under way has computed; None where that is not known.
        per_graph: how many a graph has, until it is learned; 0 if that is not known.
    """

    def __init__(self, nodes: Callable[[], int | None], per_graph: int) -> None:
        self._nodes = nodes
        self._per_graph = per_graph
        self._graphs = 1
        self._tokens = self._told = 0
        self._tell: Callable[[int], None] | None = None
        self._lock = threading.Lock()
        self._begun = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    def begin(self, tokens: int, graphs: int, tell: Callable[[int], None]) -> None:
        """An evaluation begins.

        Args:
            tokens: of the prompt in it.
            graphs: how many graphs llama.cpp computes for it, one for each micro-batch.
            tell: called with the number of tokens done, from another thread, rising.
        """
        if self._thread is None and self._nodes() is not None:
            self._thread = threading.Thread(target=self._run, name="prefill-watch", daemon=True)
            self._thread.start()
        with self._lock:
            self._tokens, self._graphs, self._tell, self._told = tokens, graphs, tell, 0
        self._begun.set()

    def end(self, *, whole: bool) -> None:
        """The evaluation is over; nothing is told any more.

        Args:
            whole: whether all of it was computed.
        """
        self._begun.clear()
        with self._lock:
            self._tell = None
        if whole and (nodes := self._nodes()):
            self._per_graph = nodes // self._graphs

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._begun.set()

    def _run(self) -> None:
        pause = threading.Event()
        while self._begun.wait() and not self._closed:
            pause.wait(_INTERVAL)
            with self._lock:
                if self._tell is not None and self._per_graph:
                    share = (self._nodes() or 0) / (self._per_graph * self._graphs)
                    done = min(int(self._tokens * share), self._tokens - 1)
                    if done > self._told:
                        self._told = done
                        self._tell(done)
