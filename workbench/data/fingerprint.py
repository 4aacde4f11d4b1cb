"""Fingerprints of arrays, frames and tensors: two values are the same where their whole content is."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

import xxhash


@dataclass(frozen=True)
class Fingerprint:
    """What identifies a value's content.

    Attributes:
        kind: ``ndarray``, ``DataFrame``, ``Series``, ``tensor`` or ``bytes``.
        digest: 32 hexadecimal digits over the content, its shape and its type (XXH3, 128 bits).
        shape: Its shape.
        dtype: Its element type, for a frame the types of its columns.
        nbytes: Its size in bytes.
    """

    kind: str
    digest: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int


def fingerprint(value: Any) -> Fingerprint | None:
    """The fingerprint of a value, None for kinds that have none.

    The whole content counts. A contiguous array is read once and not copied.

    >>> import numpy as np
    >>> fingerprint(np.zeros(3)) == fingerprint(np.zeros(3)) != fingerprint(np.ones(3))
    True
    """
    kind = kind_of(value)
    if kind is None:
        return None
    hasher = xxhash.xxh3_128()
    if kind == "bytes":
        shape, dtype, nbytes = (len(value),), "bytes", len(value)
        hasher.update(value)
    elif kind == "ndarray":
        shape, dtype, nbytes = value.shape, str(value.dtype), value.nbytes
        _update(hasher, value)
    elif kind == "tensor":
        shape, dtype, nbytes = tuple(value.shape), str(value.dtype), value.element_size() * value.nelement()
        _update(hasher, tensor_as_array(value))
    else:
        shape, dtype, nbytes = value.shape, _frame_types(value), size_of(value)
        _update_frame(hasher, value)
    hasher.update(json.dumps([kind, list(shape), dtype]).encode())
    return Fingerprint(kind, hasher.hexdigest(), tuple(int(n) for n in shape), dtype, int(nbytes))


def kind_of(value: Any) -> str | None:
    """The kind of a value that can be fingerprinted, None for others.

    Imports nothing: a value of a library that is not loaded cannot exist.
    """
    if type(value) is bytes:
        return "bytes"
    numpy, pandas, torch = (sys.modules.get(name) for name in ("numpy", "pandas", "torch"))
    if numpy is not None and type(value) is getattr(numpy, "ndarray", None):
        return "ndarray" if not value.dtype.hasobject else None
    if pandas is not None and hasattr(pandas, "DataFrame"):
        if type(value) is pandas.DataFrame:
            return "DataFrame"
        if type(value) is pandas.Series:
            return "Series"
    if torch is not None and type(value) is getattr(torch, "Tensor", None):
        is_plain = value.device.type == "cpu" and value.layout is torch.strided and not value.is_quantized
        return "tensor" if is_plain and not value.requires_grad else None
    return None


def size_of(value: Any) -> int:
    """The size in bytes of a value that has a kind, quickly (strings by their references only)."""
    kind = kind_of(value)
    if kind == "bytes":
        return len(value)
    if kind == "tensor":
        return int(value.element_size() * value.nelement())
    if kind == "ndarray":
        return int(value.nbytes)
    if kind == "DataFrame":
        return int(value.memory_usage(index=True, deep=False).sum())
    if kind == "Series":
        return int(value.memory_usage(index=True, deep=False))
    return 0


def tensor_as_array(tensor: Any) -> Any:
    """A CPU tensor's content as a NumPy array without a copy; types that NumPy lacks as integers."""
    import torch

    tensor = tensor.detach()
    if tensor.dtype in (torch.bfloat16,):
        return tensor.view(torch.int16).numpy()
    return tensor.resolve_conj().resolve_neg().numpy()


def _update(hasher: Any, array: Any) -> None:
    import numpy as np

    # A one-dimensional byte view hands the memory to the hash without a copy.
    flat = array if array.flags.c_contiguous else array.T if array.flags.f_contiguous else np.ascontiguousarray(array)
    hasher.update(repr(array.strides if flat is not array else "C").encode())
    hasher.update(flat.reshape(-1).view(np.uint8).data)


def _frame_types(value: Any) -> str:
    if hasattr(value, "columns"):
        return json.dumps([[str(name), str(dtype)] for name, dtype in value.dtypes.items()])
    return json.dumps([str(value.name), str(value.dtype)])


def _update_frame(hasher: Any, value: Any) -> None:
    import numpy as np
    from pandas.util import hash_array

    columns = [value.iloc[:, i] for i in range(value.shape[1])] if value.ndim == 2 else [value]
    for part in [value.index.to_series(), *columns]:
        raw = part.array
        numbers = getattr(raw, "_ndarray", None)
        if isinstance(numbers, np.ndarray) and not numbers.dtype.hasobject:
            _update(hasher, numbers)
        else:
            try:
                _update(hasher, hash_array(part.to_numpy(dtype=object) if part.dtype == object else raw))
            except TypeError:  # cells that hash_array does not take, such as lists
                hasher.update(repr(part.tolist()).encode())
