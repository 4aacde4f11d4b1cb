"""Pickles a notebook's names so that they behave on a worker as they did in the notebook.

Functions defined in the notebook get the worker's namespace as their globals, so a cell that
rebinds a global is seen by the helpers that it calls. Large values stay out of the pickle: they
are referred to by their fingerprint, and travel once.
"""

from __future__ import annotations

import functools
import io
import pickle
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import cloudpickle

from workbench.cell import rebuild
from workbench.cell.blockers import Blocker, blocker_of, find_path, is_in_memory_file
from workbench.cell.fingerprint import Fingerprint, fingerprint, kind_of, size_of, tensor_as_array
from workbench.cell.reads import globals_of_code
from workbench.cell.rebuild import as_tensor

SHARED_BYTES = 2**20
"""Values of at least this size travel by reference."""

_PLAIN = frozenset({int, float, str, bool, complex, type(None), list, tuple, dict, set, frozenset})
"""The types of most objects; none of them needs a closer look."""


@dataclass(frozen=True)
class Blocked:
    """A value that cannot travel: the name that holds it, its place in that name's value, and why."""

    name: str
    path: str
    blocker: Blocker


@dataclass(frozen=True)
class LargeValue:
    """A value that travels by reference, and the places where it stands."""

    fingerprint: Fingerprint
    value: Any
    paths: list[str] = field(default_factory=list)


@dataclass
class Pickled:
    """Names made ready to travel.

    Attributes:
        data: One pickle record for each name, large values left out.
        large: The large values, by digest.
        blocked: The values that cannot travel.
        sizes: The size of each name's record in bytes.
        via: For a name that the cell does not read itself: the name through which it is read.
        functions: Functions of the notebook among the values.
        modules: The modules that the values need.
    """

    data: bytes = b""
    large: dict[str, LargeValue] = field(default_factory=dict)
    blocked: list[Blocked] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    via: dict[str, str] = field(default_factory=dict)
    functions: list[types.FunctionType] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)


def pickle_names(names: list[str], namespace: dict[str, Any], dotted: Iterable[str] = ()) -> Pickled:
    """Pickle these names and whatever notebook-defined code among them reads, one record a name.

    All that cannot travel is listed in ``blocked``.

    Args:
        names: The names that the cell reads.
        namespace: The notebook's names.
        dotted: Attribute chains in the cell, such as ``scipy.stats.norm``: submodules that only
            an earlier cell imported are imported on the worker too.
    """
    result = Pickled()
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, namespace, result)
    result.via = _reached(names, namespace)
    # In the order in which the notebook bound them: a class is there before its instances are made.
    reached = {*names, *result.via}
    queue = [name for name in namespace if name in reached]
    done: set[str] = set()
    while queue:
        name = queue.pop(0)
        if name in done:
            continue
        done.add(name)
        start = buffer.tell()
        pickler.begin(name)
        try:
            pickler.dump((name, namespace[name]))
        except Exception as error:
            pickler.problem(name, namespace[name], error)
            # The memo may refer to parts that were not written. The rest is only pickled to find all problems.
            buffer, start = io.BytesIO(), 0
            pickler = _Pickler(buffer, namespace, result)
        result.sizes[name] = buffer.tell() - start
        fresh = [found for found in pickler.found if found in namespace and found not in done]
        for found in fresh:
            if found not in names:
                result.via.setdefault(found, name)
        queue += fresh
    submodules = _submodules(dotted, namespace)
    if submodules:
        pickler.begin("")
        pickler.dump((None, submodules))
    result.data = buffer.getvalue()
    return result


def _reached(names: list[str], namespace: dict[str, Any]) -> dict[str, str]:
    """Return the names that the notebook's functions and classes read in turn, each with the name that reads it."""
    via: dict[str, str] = {}
    queue = list(names)
    seen = set(queue)
    while queue:
        name = queue.pop(0)
        for found in sorted(_globals_of(namespace[name], namespace)):
            if found in namespace and found not in seen:
                seen.add(found)
                via[found] = name
                queue.append(found)
    return via


def _globals_of(value: Any, namespace: dict[str, Any]) -> set[str]:
    """Return the global names that a function, or the methods of a class or of an instance's class, read."""
    function = value.__wrapped__ if isinstance(value, functools._lru_cache_wrapper) else value
    if isinstance(function, types.FunctionType):
        return globals_of_code(function.__code__) if function.__globals__ is namespace else set()
    kind = value if isinstance(value, type) else type(value)
    names: set[str] = set()
    for base in kind.__mro__:
        if base.__module__ == "__main__":
            names |= {base.__name__} if namespace.get(base.__name__) is base else set()
            for member in vars(base).values():
                inner = getattr(member, "__func__", None) or getattr(member, "fget", None) or member
                if isinstance(inner, types.FunctionType) and inner.__globals__ is namespace:
                    names |= globals_of_code(inner.__code__)
    return {name for name in names if namespace.get(name) is not value}


def _submodules(dotted: Iterable[str], namespace: dict[str, Any]) -> list[types.ModuleType]:
    found: dict[str, types.ModuleType] = {}
    for chain in dotted:
        root, *parts = chain.split(".")
        module = namespace.get(root)
        path = module.__name__ if isinstance(module, types.ModuleType) else ""
        for part in parts:
            path = f"{path}.{part}"
            inner = sys.modules.get(path)
            if not isinstance(inner, types.ModuleType):
                break
            found[path] = inner
    return [found[path] for path in sorted(found)]


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle with large values by reference and one namespace for all notebook functions."""

    def __init__(self, buffer: io.BytesIO, namespace: dict[str, Any], result: Pickled) -> None:
        super().__init__(buffer, protocol=5)
        self._namespace = namespace
        self._result = result
        self._stand_in = {"__name__": "__main__"}
        self.globals_ref[id(namespace)] = self._stand_in
        self._name = ""
        self._digests: dict[int, tuple[Any, str, int]] = {}
        self.found: list[str] = []

    def begin(self, name: str) -> None:
        self._name = name
        self.found = []

    def persistent_id(self, value: Any) -> Any:
        if value is self._stand_in or value is self._namespace:
            return ("namespace",)
        if type(value) in _PLAIN:
            return None
        blocker = blocker_of(value)
        if blocker is not None and not is_in_memory_file(value):
            path = find_path(self._name, self._namespace.get(self._name), value)
            self._result.blocked.append(Blocked(self._name, path, blocker))
            return ("blocked",)
        if kind_of(value) is not None and size_of(value) >= SHARED_BYTES:
            return self._share(value)
        return None

    def _share(self, value: Any) -> Any:
        known = self._digests.get(id(value))
        if known is None:
            mark = fingerprint(value)
            if mark is None:  # a frame with cells that cannot be pickled: found, and named, when it is
                return None
            stored = tensor_as_array(value) if mark.kind == "tensor" else value
            self._result.large.setdefault(mark.digest, LargeValue(mark, stored))
            known = self._digests[id(value)] = (value, mark.digest, len(self._digests))
        large = self._result.large[known[1]]
        mark = large.fingerprint
        path = find_path(self._name, self._namespace.get(self._name), value, limit=2000)
        if path not in large.paths:
            large.paths.append(path)
        # The object's own number keeps two equal values apart that the cell may change one by one.
        return ("shared", mark.digest, mark.kind, mark.dtype, known[2])

    def reducer_override(self, value: Any) -> Any:
        self._note(value)
        if isinstance(value, functools._lru_cache_wrapper) and value.__module__ == "__main__":
            return rebuild.cached, (value.__wrapped__, value.cache_parameters())
        if type(value) is functools.cached_property:  # it holds a lock in Python 3.11
            return rebuild.property_cached, (value.func, value.attrname)
        if rebuild.is_leaf_with_gradient(value):
            return rebuild.leaf_with_gradient, (value.detach(),)
        return super().reducer_override(value)

    def _note(self, value: Any) -> None:
        """Note the names that a value reads, and the modules that it needs."""
        if isinstance(value, types.FunctionType):
            if value.__globals__ is self._namespace:
                self._result.functions.append(value)
                self.found += sorted(globals_of_code(value.__code__))
            else:
                self._result.modules.add(str(value.__module__))
        elif isinstance(value, types.ModuleType):
            self._result.modules.add(value.__name__)
        else:
            kind = value if isinstance(value, type) else type(value)
            self._result.modules |= {str(base.__module__) for base in kind.__mro__}

    def _dynamic_function_reduce(self, func: types.FunctionType) -> Any:
        reduced = super()._dynamic_function_reduce(func)
        if func.__globals__ is self._namespace:
            # Its globals are the worker's namespace, which gets them as names of their own.
            reduced[2][1]["__globals__"] = {}
        return reduced

    def problem(self, name: str, value: Any, error: Exception) -> None:
        """Note a value that could not be pickled for a reason of its own."""
        path = _narrow(name, value)
        blocker = Blocker(
            f"not picklable ({type(error).__name__}: {error})",
            "Make it inside the cell, or keep the plain data that it is made of.",
        )
        self._result.blocked.append(Blocked(name, path, blocker))


def _narrow(name: str, value: Any, depth: int = 6) -> str:
    """Return the path of the smallest part that cannot be pickled."""
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        parts = [(f"{name}[{key!r}]", item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"{name}[{index}]", item) for index, item in enumerate(value[:1000])]
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        parts = [(f"{name}.{key}", item) for key, item in vars(value).items()]
    for path, part in parts:
        try:
            _Probe(io.BytesIO(), protocol=5).dump(part)
        except Exception:
            return _narrow(path, part, depth - 1) if depth else path
    return name


class _Probe(cloudpickle.Pickler):  # type: ignore[misc]
    """Try whether a value can be pickled; large ones, and those that are reported anyway, are passed over."""

    def persistent_id(self, value: Any) -> Any:
        return ("aside",) if size_of(value) >= SHARED_BYTES or blocker_of(value) is not None else None


class _Unpickler(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, namespace: dict[str, Any], resolve: Callable[[str], Any]) -> None:
        super().__init__(buffer)
        self._namespace = namespace
        self._resolve = resolve
        self._values: dict[int, Any] = {}

    def persistent_load(self, pid: Any) -> Any:
        if pid[0] == "namespace":
            return self._namespace
        _, digest, kind, dtype, number = pid
        if number not in self._values:
            value = self._resolve(digest)
            self._values[number] = as_tensor(value, dtype) if kind == "tensor" else value
        return self._values[number]


def unpickle_names(data: bytes, namespace: dict[str, Any], resolve: Callable[[str], Any]) -> None:
    """Put the pickled names into a namespace.

    Args:
        data: The data of :func:`pickle_names`.
        namespace: The dictionary that gets the names; the functions among them see it as their globals.
        resolve: Returns a large value by its digest.
    """
    buffer = io.BytesIO(data)
    unpickler = _Unpickler(buffer, namespace, resolve)
    while buffer.tell() < len(data):
        name, value = unpickler.load()
        if name is not None:
            namespace[name] = value
