"""Pickles a notebook's names so that they live on a worker as they did in the notebook.

Functions defined in the notebook get the worker's namespace as their globals, so a cell that
rebinds a global is seen by the helpers that it calls. Large values stay out of the pickle: they
are referred to by their fingerprint and travel once.
"""

from __future__ import annotations

import functools
import io
import pickle
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cloudpickle

from workbench.cell.blockers import find_path, is_traveller, why_stuck
from workbench.cell.reads import globals_of_code
from workbench.data.fingerprint import Fingerprint, fingerprint, kind_of, size_of, tensor_as_array

SHARED_BYTES = 2**20
"""Values of at least this size travel by reference."""


@dataclass(frozen=True)
class Stuck:
    """A value that cannot travel: where it is, what it is, what to do."""

    name: str
    path: str
    what: str
    fix: str


@dataclass
class Pickled:
    """What a pickler made of the names it was given."""

    data: bytes = b""
    shared: dict[str, tuple[Fingerprint, Any, list[str]]] = field(default_factory=dict)
    stuck: list[Stuck] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    via: dict[str, str] = field(default_factory=dict)
    functions: list[types.FunctionType] = field(default_factory=list)
    modules: set[str] = field(default_factory=set)


def pickle_names(names: list[str], namespace: dict[str, Any]) -> Pickled:
    """Pickle these names and whatever notebook-defined code among them reads, one record a name.

    What cannot travel is listed in ``stuck``, all of it.
    """
    result = Pickled()
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, namespace, result)
    queue = list(dict.fromkeys(names))
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
            break  # the memo may refer to parts that were not written
        result.sizes[name] = buffer.tell() - start
        fresh = [found for found in pickler.found if found in namespace and found not in done]
        for found in fresh:
            result.via.setdefault(found, name)
        queue += fresh
    result.data = buffer.getvalue()
    return result


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]
    """cloudpickle with large values by reference and one namespace for all notebook functions."""

    def __init__(self, buffer: io.BytesIO, namespace: dict[str, Any], result: Pickled) -> None:
        super().__init__(buffer, protocol=5)
        self._namespace = namespace
        self._result = result
        self._stand_in = {"__name__": "__main__"}
        self.globals_ref[id(namespace)] = self._stand_in
        self._name = ""
        self._digests: dict[int, tuple[Any, str]] = {}
        self.found: list[str] = []

    def begin(self, name: str) -> None:
        self._name = name
        self.found = []

    def persistent_id(self, value: Any) -> Any:
        if value is self._stand_in or value is self._namespace:
            return ("namespace",)
        stuck = why_stuck(value)
        if stuck is not None and not is_traveller(value):
            path = find_path(self._name, self._namespace.get(self._name), value)
            self._result.stuck.append(Stuck(self._name, path, *stuck))
            return ("stuck",)
        if kind_of(value) is not None and size_of(value) >= SHARED_BYTES:
            return self._share(value)
        return None

    def _share(self, value: Any) -> Any:
        known = self._digests.get(id(value))
        if known is None:
            mark = fingerprint(value)
            assert mark is not None
            stored = tensor_as_array(value) if mark.kind == "tensor" else value
            self._result.shared.setdefault(mark.digest, (mark, stored, []))
            known = self._digests[id(value)] = (value, mark.digest)
        mark, _, names = self._result.shared[known[1]]
        path = find_path(self._name, self._namespace.get(self._name), value, limit=2000)
        if path not in names:
            names.append(path)
        return ("shared", mark.digest, mark.kind, mark.dtype)

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType) and value.__globals__ is self._namespace:
            self._result.functions.append(value)
            self.found += sorted(globals_of_code(value.__code__))
        elif isinstance(value, types.ModuleType):
            self._result.modules.add(value.__name__)
        elif not isinstance(value, (types.FunctionType, type)):
            module = getattr(type(value), "__module__", "")
            self._result.modules.add(str(module).split(".")[0])
        elif isinstance(value, type):
            self._result.modules |= {base.__module__.split(".")[0] for base in value.__mro__}
        if isinstance(value, functools._lru_cache_wrapper) and value.__module__ == "__main__":
            return _cached, (value.__wrapped__, value.cache_parameters())
        return super().reducer_override(value)

    def _dynamic_function_reduce(self, func: types.FunctionType) -> Any:
        reduced = super()._dynamic_function_reduce(func)
        if func.__globals__ is self._namespace:
            # Its globals are the worker's namespace, which gets them as names of their own.
            reduced[2][1]["__globals__"] = {}
        return reduced

    def problem(self, name: str, value: Any, error: Exception) -> None:
        """Note a value that could not be pickled for a reason of its own."""
        path = _narrow(name, value)
        self._result.stuck.append(
            Stuck(
                name,
                path,
                f"not picklable ({type(error).__name__}: {error})",
                "Make it inside the cell, or keep the plain data that it is made of.",
            )
        )


def _narrow(name: str, value: Any, depth: int = 6) -> str:
    """The path of the smallest part that cannot be pickled."""
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        parts = [(f"{name}[{key!r}]", item) for key, item in value.items()]
    elif isinstance(value, (list, tuple)):
        parts = [(f"{name}[{index}]", item) for index, item in enumerate(value[:1000])]
    elif hasattr(value, "__dict__") and not isinstance(value, type):
        parts = [(f"{name}.{key}", item) for key, item in vars(value).items()]
    for path, part in parts:
        try:
            cloudpickle.dumps(part)
        except Exception:
            return _narrow(path, part, depth - 1) if depth else path
    return name


def _cached(function: Any, parameters: dict[str, Any]) -> Any:
    """A function of the notebook under ``lru_cache``, with an empty cache."""
    return functools.lru_cache(**parameters)(function)


class _Unpickler(pickle.Unpickler):
    def __init__(self, buffer: io.BytesIO, namespace: dict[str, Any], resolve: Callable[[str], Any]) -> None:
        super().__init__(buffer)
        self._namespace = namespace
        self._resolve = resolve
        self._values: dict[tuple[str, str], Any] = {}

    def persistent_load(self, pid: Any) -> Any:
        if pid[0] == "namespace":
            return self._namespace
        _, digest, kind, dtype = pid
        key = (digest, kind)
        if key not in self._values:
            value = self._resolve(digest)
            self._values[key] = _as_tensor(value, dtype) if kind == "tensor" else value
        return self._values[key]


def _as_tensor(array: Any, dtype: str) -> Any:
    """A tensor with memory of its own: a tensor over shared memory could be written to unnoticed."""
    import torch

    tensor = torch.from_numpy(array.copy())
    return tensor.view(torch.bfloat16) if dtype == "torch.bfloat16" else tensor


def unpickle_names(data: bytes, namespace: dict[str, Any], resolve: Callable[[str], Any]) -> None:
    """Put the pickled names into a namespace.

    Args:
        data: From :func:`pickle_names`.
        namespace: Gets the names, and is what the functions among them see as globals.
        resolve: Gives a large value by its digest.
    """
    buffer = io.BytesIO(data)
    unpickler = _Unpickler(buffer, namespace, resolve)
    while buffer.tell() < len(data):
        name, value = unpickler.load()
        namespace[name] = value
