"""Fingerprints of arrays, frames and tensors: two values are the same where their whole content is."""

from __future__ import annotations

import json
import pickle
import sys
from dataclasses import dataclass
from typing import Any

import xxhash


@dataclass(frozen=True)
class Fingerprint:
    """The identity of a value's content.

    Attributes:
        kind: ``ndarray``, ``DataFrame``, ``Series``, ``tensor``, ``Table`` (Arrow's) or ``bytes``.
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
    """Return the fingerprint of a value; None for kinds that have none, and for frames with unpicklable cells.

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
    elif kind == "Table":
        shape, dtype, nbytes = value.shape, str(value.schema.remove_metadata()), value.nbytes
        _update_table(hasher, value)
    else:
        shape, dtype, nbytes = value.shape, _frame_types(value), size_of(value)
        try:
            _update_frame(hasher, value)
        except (TypeError, ValueError, AttributeError, RecursionError, pickle.PicklingError):
            return None
    hasher.update(json.dumps([kind, list(shape), dtype]).encode())
    return Fingerprint(kind, hasher.hexdigest(), tuple(int(n) for n in shape), dtype, int(nbytes))


def kind_of(value: Any) -> str | None:
    """Return the kind of a value that can be fingerprinted, None for others.

    Imports nothing: a value of a library that is not loaded cannot exist.
    """
    if type(value) is bytes:
        return "bytes"
    numpy, pandas, torch, arrow = (sys.modules.get(name) for name in ("numpy", "pandas", "torch", "pyarrow"))
    if numpy is not None and type(value) is getattr(numpy, "ndarray", None):
        return "ndarray" if not value.dtype.hasobject else None
    if pandas is not None and hasattr(pandas, "DataFrame"):
        if type(value) is pandas.DataFrame:
            return "DataFrame"
        if type(value) is pandas.Series:
            return "Series"
    if arrow is not None and type(value) is getattr(arrow, "Table", None):
        return "Table"
    if torch is not None and type(value) is getattr(torch, "Tensor", None):
        is_plain = value.device.type == "cpu" and value.layout is torch.strided and not value.is_quantized
        return "tensor" if is_plain and not value.requires_grad else None
    return None


def size_of(value: Any) -> int:
    """Return the size in bytes of a value that has a kind, quickly (cells that are objects by a sample of them)."""
    kind = kind_of(value)
    if kind == "bytes":
        return len(value)
    if kind == "tensor":
        return int(value.element_size() * value.nelement())
    if kind == "ndarray":
        return int(value.nbytes)
    if kind == "DataFrame":
        columns = [value.iloc[:, i] for i, dtype in enumerate(value.dtypes) if dtype.kind == "O"]
        return int(value.memory_usage(index=True, deep=False).sum()) + sum(map(_size_of_objects, columns))
    if kind == "Series":
        return int(value.memory_usage(index=True, deep=False)) + _size_of_objects(value)
    if kind == "Table":
        return int(value.nbytes)
    return 0


def tensor_as_array(tensor: Any) -> Any:
    """Return a CPU tensor as a NumPy array without a copy; types that NumPy lacks become integers of their size."""
    import torch

    tensor = tensor.detach().resolve_conj().resolve_neg()
    try:
        return tensor.numpy()
    except TypeError:  # bfloat16, float8 and the like
        return tensor.view({1: torch.uint8, 2: torch.int16, 4: torch.int32}[tensor.element_size()]).numpy()


def _size_of_objects(column: Any) -> int:
    """Return the size of a column's objects beyond their references, estimated from about 100 of them."""
    if str(column.dtype) != "object":
        return 0
    step = max(1, len(column) // 100)
    sample = column.iloc[::step].tolist()
    sizes = [getattr(cell, "nbytes", 0) or sys.getsizeof(cell) for cell in sample]
    return int(sum(sizes) / len(sizes) * len(column)) if sizes else 0


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
    if value.ndim == 2:
        _update_index(hasher, value.columns)
        columns = [value.iloc[:, i] for i in range(value.shape[1])]
    else:
        _update_object(hasher, value.name)
        columns = [value]
    _update_index(hasher, value.index)
    for column in columns:
        _update_column(hasher, column.array)
    if value.attrs:
        _update_object(hasher, value.attrs)


def _update_index(hasher: Any, index: Any) -> None:
    import pandas as pd

    _update_object(hasher, (type(index).__name__, list(index.names), str(getattr(index, "freq", None))))
    if isinstance(index, pd.RangeIndex):
        hasher.update(repr(index).encode())
    elif isinstance(index, pd.MultiIndex):
        for level, codes in zip(index.levels, index.codes, strict=True):
            _update_index(hasher, level)
            _update(hasher, codes)
    else:
        _update_column(hasher, index.array)


def _update_column(hasher: Any, column: Any) -> None:
    """Hash one column: text cell by cell, other objects by their pickled form, since 1 is not "1"."""
    import numpy as np
    import pandas as pd

    hasher.update(f"{column.dtype!s} {len(column)}".encode())
    if isinstance(column, pd.arrays.NumpyExtensionArray):
        column = column.to_numpy()
    if isinstance(column.dtype, pd.CategoricalDtype):
        _update(hasher, column.codes)
        _update_index(hasher, column.categories)
        hasher.update(repr(column.ordered).encode())
        return
    numbers: Any = column if isinstance(column, np.ndarray) else getattr(column, "_ndarray", None)
    if isinstance(numbers, np.ndarray) and not numbers.dtype.hasobject:
        _update(hasher, numbers)
    elif numbers is column and pd.api.types.infer_dtype(column, skipna=False) != "string":
        _update_object(hasher, column.tolist())
    else:
        _update(hasher, pd.util.hash_array(column))


def _update_table(hasher: Any, table: Any) -> None:
    """Hash an Arrow table as the stream that would be sent: the rows of a slice alone, not what it was cut from."""
    import pyarrow as pa

    with pa.PythonFile(_Sink(hasher), mode="w") as file, pa.ipc.new_stream(file, table.schema) as stream:
        stream.write_table(table)


def _update_object(hasher: Any, value: Any) -> None:
    pickler = pickle.Pickler(_Sink(hasher), protocol=5)
    pickler.fast = True  # no memo: equal content has equal bytes, whichever objects are shared in it
    pickler.dump(value)


class _Sink:
    """A file whose content is only hashed."""

    closed = False

    def __init__(self, hasher: Any) -> None:
        self._hasher = hasher

    def write(self, data: Any) -> int:
        self._hasher.update(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The hash stays open."""
