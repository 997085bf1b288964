"""llama-cpp-python's low-level bindings without the rest of the package."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from typing import Any

from tui.core.errors import ModelLoadError


def only_bindings() -> None:
    """Make `import llama_cpp.llama_cpp` import that module alone.

    The package's own `__init__` imports its high-level interface too, and with it NumPy: 20 MB, and four times as long.
    Whoever asks the package for anything of that gets it: it is imported then. Does nothing where the package is
    imported already or is not there.
    """
    found = PathFinder.find_spec("llama_cpp")
    loader = found.loader if found else None
    if "llama_cpp" in sys.modules or found is None or loader is None:
        return
    package = module_from_spec(found)

    def rest(name: str) -> Any:
        if name.startswith("__") or "__getattr__" not in vars(package):
            raise AttributeError(f"llama_cpp has no {name}")
        del package.__getattr__
        loader.exec_module(package)
        return getattr(package, name)

    package.__getattr__ = rest  # type: ignore[method-assign]
    sys.modules["llama_cpp"] = package


def load_bindings() -> None:
    """Import them, with llama.cpp's library.

    Raises:
        ModelLoadError: they are not there, or the library does not run here.
    """
    only_bindings()
    try:
        import llama_cpp.llama_cpp  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelLoadError(
            "llama-cpp-python cannot be loaded",
            why=str(error),
            hint="reinstall it: pip install --force-reinstall --no-binary llama-cpp-python llama-cpp-python",
        ) from error
