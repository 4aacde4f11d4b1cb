"""Packs a run's returned values for their way back into the notebook."""

from __future__ import annotations

import pickle
import sys
from typing import Any

import cloudpickle

from workbench.tracking.examples import as_plain, example_for
from workbench.tracking.model_logging import flavor_of

_EXAMPLE = "\0example of "
"""The prefix of an example's key; no name of a variable begins so."""


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
    found = tuple(packed)
    packed |= {f"{_EXAMPLE}{name}": data for name in found if (data := _example(namespace, name)) is not None}
    blob = pickle.dumps(packed, protocol=5) if packed else None
    return blob, found, "; ".join(problems)


def _example(namespace: dict[str, Any], name: str) -> bytes | None:
    """Return two pickled rows that a returned model takes: they give a published model its schema."""
    if flavor_of(bare(namespace[name])) is None:
        return None
    try:
        rows = example_for(bare(namespace[name]), namespace, or_zeros=False)
        return None if rows is None else cloudpickle.dumps(as_plain(rows))
    except Exception:  # a model of the user's own class may do anything; it is logged without an example then
        return None


def as_array(blob: bytes | None) -> Any:
    """Return bytes as an array, which Ray keeps out of band: no second copy on the way."""
    if blob is None:
        return None
    import numpy as np

    return np.frombuffer(blob, dtype=np.uint8)


def unpack_returns(blob: bytes | memoryview) -> dict[str, Any]:
    """Return the values that :func:`pack_returns` packed."""
    packed: dict[str, bytes] = pickle.loads(blob)
    return {name: cloudpickle.loads(data) for name, data in packed.items() if not name.startswith(_EXAMPLE)}


def unpack_example(blob: bytes | memoryview, name: str) -> Any:
    """Return rows that a returned model takes, None where none were found."""
    data = pickle.loads(blob).get(f"{_EXAMPLE}{name}")
    return None if data is None else cloudpickle.loads(data)


def bare(value: Any) -> Any:
    """Return a model without DDP's wrapper around it."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.nn.parallel.DistributedDataParallel):
        return value.module
    return value


def _on_cpu(value: Any) -> Any:
    """Return a model or tensor where a notebook without that GPU can load it; see also :func:`bare`."""
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
