"""Names that the classes behind one object define: where two of them mean different things by one name."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(slots=True)
class Names:
    """What one class defines.

    Attributes:
        cls: the class.
        methods: its methods and properties, each with whether it calls the next one of its name through `super()`.
        values: its class variables, and what its methods assign to `self`.
    """

    cls: type
    methods: dict[str, bool] = field(default_factory=dict)
    values: set[str] = field(default_factory=set)

    @property
    def all(self) -> set[str]:
        """Every name."""
        return self.values | self.methods.keys()


def names_of(cls: type) -> Names:
    """What the body of a class defines, read from its source."""
    names = Names(cls)
    (body,) = (node for node in ast.parse(textwrap.dedent(inspect.getsource(cls))).body)
    assert isinstance(body, ast.ClassDef)
    for node in body.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.methods[node.name] = names.methods.get(node.name, False) or _calls_next(node)
            names.values |= set(_assigned(node))
        elif isinstance(node, ast.AnnAssign | ast.Assign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names.values |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def clashes(classes: list[type]) -> list[str]:
    """Names that two of some classes define without one of them meaning the other's.

    A class may redefine what a base class of its own defines, and may assign to what such a base begins. Of two that
    do not know each other, the first one has to call the other's through `super()`. A handler of messages is left out:
    Textual calls that of each class.

    Args:
        classes: of one object, in the order in which they are looked through.
    """
    known = {cls: names_of(cls) for cls in classes}
    found = []
    for name in sorted(set().union(*(names.all for names in known.values()))):
        if name.startswith(("__", "on_", "_on_")):
            continue
        having = [cls for cls in classes if name in known[cls].all]
        for first, second in pairwise(having):
            if issubclass(first, second) or known[first].methods.get(name, False):
                continue
            shared = [cls for cls in having if issubclass(first, cls) and issubclass(second, cls)]
            if shared and all(name in known[cls].values for cls in (first, second, *shared)):
                continue
            found.append(f"{name}: {first.__name__} and {second.__name__}")
    return found


def taken_by(classes: list[type], below: list[type]) -> Iterator[str]:
    """Names of some classes that a library's classes below them define already, and that are not called through.

    Args:
        classes: the own ones.
        below: the library's.
    """
    theirs = {name: cls for cls in reversed(below) for name in names_of(cls).all}
    for cls in classes:
        names = names_of(cls)
        for name in sorted(names.all & theirs.keys()):
            if not name.startswith(("__", "on_", "_on_")) and not name.isupper() and not names.methods.get(name, False):
                yield f"{name}: {cls.__name__} and {theirs[name].__name__}"


def _calls_next(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == function.name
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "super"
        for node in ast.walk(function)
    )


def _assigned(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
        if stored and isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            yield node.attr
