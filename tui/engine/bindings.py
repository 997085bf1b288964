"""llama-cpp-python's low-level bindings without the rest of the package."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from types import ModuleType


def only_bindings() -> None:
    """Make `import llama_cpp.llama_cpp` import that module alone.

    The package's own `__init__` imports its high-level interface too, and with it NumPy: four times as long. For a
    process of which nothing else is asked. Does nothing where the package is imported already or is not there.
    """
    found = PathFinder.find_spec("llama_cpp")
    if "llama_cpp" in sys.modules or found is None or found.submodule_search_locations is None:
        return
    package = ModuleType("llama_cpp")
    package.__path__ = list(found.submodule_search_locations)
    package.__spec__ = found
    sys.modules["llama_cpp"] = package
