"""A run's returned values on their way back into the notebook."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import cloudpickle


def pack_returns(namespace: dict[str, Any], names: tuple[str, ...]) -> tuple[bytes | None, tuple[str, ...], str]:
    """Pickle the named values one by one, so that one that cannot travel does not lose the others.

    Returns:
        The pickled dictionary of name to pickled value, the names in it, and what was wrong.
    """
    packed: dict[str, bytes] = {}
    problems = []
    for name in names:
        if name not in namespace:
            problems.append(f"{name!r} was never bound by the cell")
            continue
        try:
            packed[name] = cloudpickle.dumps(_on_cpu(namespace[name]))
        except Exception as error:
            problems.append(f"{name!r} ({type(namespace[name]).__name__}) cannot be pickled: {error}")
    blob = pickle.dumps(packed, protocol=5) if packed else None
    return blob, tuple(packed), "; ".join(problems)


def unpack_returns(blob: bytes | memoryview) -> dict[str, Any]:
    """The values that :func:`pack_returns` packed."""
    packed: dict[str, bytes] = pickle.loads(blob)
    return {name: cloudpickle.loads(data) for name, data in packed.items()}


def bare(value: Any) -> Any:
    """A model without DDP's wrapper around it."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.parallel.DistributedDataParallel):
        return value.module
    return value


def _on_cpu(value: Any) -> Any:
    """A model or tensor where a notebook without that GPU can load it; see also :func:`bare`."""
    torch = sys.modules.get("torch")
    if torch is None:
        return value
    value = bare(value)
    if isinstance(value, (torch.nn.Module, torch.Tensor)):
        return value.cpu()
    if type(value) is dict:
        return {key: _on_cpu(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_on_cpu(item) for item in value)
    return value
