"""Digests of objects of any class, which tell whether one was changed."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import cloudpickle
import xxhash

from workbench.cell.fingerprint import fingerprint


def digest_of(value: Any) -> bytes:
    """Return 16 bytes that identify an object by what it would be pickled to (XXH3).

    Different objects have different digests; equal ones that came about in different ways may have, too. On another
    device, or in the mode for evaluation, a torch module has the same. Raises what pickling raises.

    >>> digest_of({"a": [1]}) == digest_of({"a": [1]}) != digest_of({"a": [2]})
    True
    """
    hasher = xxhash.xxh3_128()
    _Pickler(SimpleNamespace(write=hasher.update), protocol=5).dump(value)
    return hasher.digest()


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # it has no types
    def reducer_override(self, value: Any) -> Any:
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return _reduced_tensor(value)
        if torch is not None and isinstance(value, torch.nn.Module):
            function, arguments, state, *more = value.__reduce_ex__(5)
            return function, arguments, {name: part for name, part in state.items() if name != "training"}, *more
        return super().reducer_override(value)


def _reduced_tensor(tensor: Any) -> Any:
    """Reduce a tensor to its content: its pickled form would hold addresses."""
    mark = fingerprint(tensor.detach().cpu())
    if mark is None:
        raise TypeError(f"Cannot compare tensors of type {type(tensor).__name__}, {tensor.layout} layout.")
    return tuple, ([type(tensor).__name__, mark.digest],)
