"""Encodes what a model returned, for each of the requests that were computed together."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from workbench.serving.content_types import ARROW, CSV, JSON, NPY
from workbench.serving.replica.codecs.casts import Array, as_objects
from workbench.serving.replica.codecs.refusals import RefusedError
from workbench.serving.replica.codecs.schema import PREDICTIONS

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS
_FORMATS = (JSON, CSV, NPY, ARROW)


class RowsDifferError(Exception):
    """Raised when a model returns another number of rows than it was given."""


def normal(value: Any) -> Any:
    """Return a prediction as an array, named arrays, a DataFrame, a list, or whatever else JSON can hold."""
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "iloc"):  # pandas
        return value.to_numpy() if value.ndim == 1 else value
    if hasattr(value, "toarray"):  # SciPy's sparse matrices
        return value.toarray()
    if hasattr(value, "detach"):  # torch
        return value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {str(name): normal(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return [normal(item) for item in value]
    return value


def split(value: Any, rows: Sequence[int]) -> list[Any]:
    """Return each request's part of a normal prediction.

    Raises:
        RowsDifferError: It has other rows than all requests together.
    """
    if len(rows) == 1 and not isinstance(value, np.ndarray):
        return [value]
    total = sum(rows)
    if isinstance(value, dict) and value:
        parts = {name: split(item, rows) for name, item in value.items()}
        return [{name: parts[name][at] for name in parts} for at in range(len(rows))]
    if not hasattr(value, "__len__") or isinstance(value, str) or getattr(value, "ndim", 1) == 0 or len(value) != total:
        raise RowsDifferError
    if len(rows) == 1:
        return [value]
    found, start = [], 0
    source = value.iloc if hasattr(value, "iloc") else value
    for count in rows:
        found.append(source[start : start + count])
        start += count
    return found


def encode(value: Any, accept: str) -> tuple[str, bytes]:
    """Return content type and body of a prediction.

    Args:
        value: A result of :func:`normal`.
        accept: The content types that the client takes; JSON where none of them is known.

    Raises:
        RefusedError: A table cannot be made of it, or JSON cannot hold it.
    """
    if accept and accept != JSON:
        wanted = _wanted(accept)
        if wanted == CSV:
            return CSV, _csv(value)
        if wanted == NPY:
            return NPY, _npy(value)
        if wanted == ARROW:
            return ARROW, _arrow(value)
    return JSON, to_json({PREDICTIONS: _plain(value)})


def to_json(value: Any) -> bytes:
    """Return a value as JSON; NaN is null.

    Raises:
        RefusedError: It holds what JSON cannot, status 500.
    """
    try:
        return orjson.dumps(value, default=_default, option=_OPTIONS)
    except TypeError as error:
        raise RefusedError(
            f"Cannot answer: the model returned what JSON cannot hold: {error}. "
            "Return arrays, tables, numbers, strings, lists or dictionaries of these.",
            status=500,
        ) from error


def named(value: Any, names: Sequence[str]) -> dict[str, Array]:
    """Return a prediction as arrays by name, for the Open Inference Protocol."""
    if hasattr(value, "columns"):
        return {str(name): _array(value[name].to_numpy()) for name in value.columns}
    if isinstance(value, dict):
        return {name: _array(item) for name, item in value.items()} or {PREDICTIONS: as_objects([])}
    if isinstance(value, list) and value and all(isinstance(item, np.ndarray) for item in value):
        return {names[at] if at < len(names) else f"output_{at}": item for at, item in enumerate(value)}
    return {names[0] if names else PREDICTIONS: _array(value)}


def _wanted(accept: str) -> str:
    for part in accept.split(","):
        kind = part.partition(";")[0].strip().lower()
        if kind in _FORMATS:
            return kind
        if kind == "*/*":
            break
    return JSON


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "M":  # as Python's datetime, which has no NaT and no nanoseconds
            return value.astype("M8[us]").tolist()
        if value.dtype.kind not in "iufb" or value.dtype.itemsize > 8:
            return value.tolist()
        return (
            value
            if value.flags.c_contiguous and value.dtype.isnative
            else np.ascontiguousarray(value, value.dtype.type)
        )
    if hasattr(value, "columns"):
        return value.to_dict(orient="records")
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _default(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, set | frozenset):
        return list(value)
    if isinstance(value, complex):
        return [value.real, value.imag]
    if hasattr(value, "isoformat"):
        return value.isoformat() if value == value else None  # pandas' NaT is like NaN
    normalized = normal(value)
    if normalized is value:
        raise TypeError(f"a {type(value).__name__}")
    return _plain(normalized)


def _array(value: Any) -> Array:
    """Return an array of numbers or strings: times in ISO 8601, all else that is no number as JSON."""
    try:
        array = np.asarray(value) if not isinstance(value, dict) else as_objects([value])
    except ValueError:  # rows of different lengths
        array = as_objects(value)
    if array.dtype.kind == "M":
        array = np.datetime_as_string(array)
    if array.dtype.kind not in "biufUS":
        items = [item if isinstance(item, str | bytes) else to_json(item).decode() for item in array.ravel().tolist()]
        array = as_objects(items).reshape(array.shape)
    return array.reshape(1) if array.ndim == 0 else array


def _table(value: Any) -> tuple[list[str] | None, list[Any]]:
    if hasattr(value, "columns"):
        items = [value.iloc[:, at].tolist() for at in range(value.shape[1])]  # each of its own type
        return [str(name) for name in value.columns], list(zip(*items, strict=True))
    if isinstance(value, dict):
        columns = {name: _array(item) for name, item in value.items()}
        if columns and all(array.ndim == 1 for array in columns.values()) and len(set(map(len, columns.values()))) == 1:
            return list(columns), list(zip(*(array.tolist() for array in columns.values()), strict=True))
    elif (array := _array(value)).ndim <= 2:
        return None, array.reshape(len(array), -1).tolist()
    raise RefusedError("Cannot answer as a table: the prediction is none. Accept application/json.", status=406)


def _csv(value: Any) -> bytes:
    header, rows = _table(value)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    if header is not None:
        writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def _npy(value: Any) -> bytes:
    arrays = named(value, ())
    array = next(iter(arrays.values())) if len(arrays) == 1 else np.column_stack(list(arrays.values()))
    if array.dtype.kind == "O":
        array = array.astype(str)
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, allow_pickle=False)
    return stream.getvalue()


def _arrow(value: Any) -> bytes:
    import pyarrow as pa

    header, rows = _table(value)
    columns = list(zip(*rows, strict=True))
    names = header or ([PREDICTIONS] if len(columns) == 1 else [f"{PREDICTIONS}_{at}" for at in range(len(columns))])
    table = pa.table({name: list(column) for name, column in zip(names, columns, strict=True)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    body: bytes = sink.getvalue().to_pybytes()
    return body
