"""The threads that compute beside the engine's own, while there is nothing to compute.

llama.cpp's are those of OpenMP, which keeps them for each thread that ever computed. Where a process has more of them
than processors, also idle ones, libgomp lets all of them sleep at each of a graph's barriers instead of looking on: of
two models that are loaded in one process each decodes a third slower at two threads (libgomp/env.c, `GOMP_SPINCOUNT`).
"""

from __future__ import annotations

_SOFT = 1
"""`omp_pause_soft` of OpenMP 5.0: what is set stays set."""


def let_go() -> None:
    """Let the calling thread's OpenMP threads end; its next evaluation makes new ones, in a tenth of a millisecond.

    Does nothing where llama.cpp was built without OpenMP.
    """
    from llama_cpp import llama_cpp

    pause = getattr(getattr(llama_cpp, "_lib", None), "omp_pause_resource_all", None)
    if pause is not None:
        pause(_SOFT)
