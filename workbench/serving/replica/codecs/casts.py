"""Casts of a request's values to the model's dtypes, without loss: integers become floats, never the reverse."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.serving.replica.codecs.refusals import RefusedError

Array = np.ndarray[Any, Any]
_ALLOWED: dict[str, tuple[type, ...]] = {"U": (str,), "S": (str, bytes), "M": (str,), "b": (bool,)}
_NAMES = {"str": "a string", "bool": "true or false", "NoneType": "null", "dict": "an object", "list": "a list"}


def cast(value: Any, dtype_name: str, name: str, *, has_bools: bool = True) -> Array:
    """Return a tensor's value as an array.

    Args:
        value: Nested lists as JSON has them, or an array.
        dtype_name: NumPy's name of the dtype that it must have.
        name: The tensor's name, for messages.
        has_bools: Whether to look for ``true`` and ``false`` among numbers, where NumPy would take them for 1 and 0.

    Raises:
        RefusedError: The value is ragged, or holds what the dtype cannot.
    """
    if dtype_name == "object":
        return as_objects(value)
    want = np.dtype(dtype_name)
    if isinstance(value, np.ndarray):
        array = value
    else:
        array = _from_lists(value, name)
        if (has_bools and want.kind != "b") or array.dtype.kind in "OUSM":
            return _exactly(value, array, want, name)
        array = as_integers(value, array, want)
    if array.dtype == want:
        return array
    return _convert(array, want, name)


def cast_column(values: Any, dtype_name: str, name: str, *, optional: bool = False) -> Array:
    """Return a column as an array; null is NaN for floats.

    Raises:
        RefusedError: It holds what the dtype cannot; the message names the column.
    """
    if isinstance(values, np.ndarray) and values.dtype.kind != "O":
        return cast(values, dtype_name, name)
    values = list(values)
    kinds = set(map(type, values))
    if kinds <= {float, int} and dtype_name != "object" and np.dtype(dtype_name).kind in "iuf":
        want = np.dtype(dtype_name)
        return (
            _convert(as_integers(values, np.asarray(values), want), want, name) if values else np.empty(0, dtype_name)
        )
    if dtype_name == "object":
        return as_objects(values)
    kind = np.dtype(dtype_name).kind
    if kind == "f":
        values = [float("nan") if value is None else value for value in values]
    elif optional and kind == "M":
        values = ["NaT" if value is None else value for value in values]
    elif optional and any(value is None for value in values):
        return as_objects(values)
    for row, value in enumerate(values):
        if isinstance(value, list | dict) or value is None:
            raise _wrong(f"{name} in row {row}", value, dtype_name, name)
    return cast(values, dtype_name, name)


def as_objects(values: Any) -> Array:
    """Return an array of one object per item; lists among the items stay lists."""
    if isinstance(values, np.ndarray):
        return values.astype(object)
    items = values if isinstance(values, list) else [values]
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def type_name(value: Any) -> str:
    """Return JSON's name of a value's type."""
    return _NAMES.get(type(value).__name__, "a number" if isinstance(value, int | float) else type(value).__name__)


def as_integers(value: Any, array: Array, want: np.dtype[Any]) -> Array:
    """Return whole numbers as integers where NumPy made floats of a list because some are floats.

    As floats, integers from 2**53 on would have lost digits.
    """
    if want.kind not in "iu" or array.dtype.kind != "f" or not (np.abs(array) >= 2.0**53).any():
        return array
    items = [int(item) if isinstance(item, float) and item.is_integer() else item for _, item in _leaves(value)]
    found = np.asarray(items)
    return found.reshape(array.shape) if found.dtype.kind in "iu" else array


def whole(array: Array, want: np.dtype[Any], name: str, taker: str = "the model") -> Array:
    """Return numbers as integers, floats too where they are whole.

    Raises:
        RefusedError: A number is not whole, or out of range; the message names ``taker`` as the one that takes it.
    """
    with np.errstate(invalid="ignore"):
        cast_array = array.astype(want)
    is_wrong = np.asarray(cast_array != array)
    if array.dtype.kind == "f":  # beyond the range the result depends on the machine, and may compare equal
        is_wrong |= array >= float(np.iinfo(want).max) + 1
    if is_wrong.any():
        value = array[is_wrong].flat[0].item()
        raise RefusedError(
            f"Cannot predict: {name} holds {value}; {taker} takes {want}. Give whole numbers of that range.",
            field=name,
        )
    return cast_array


def _from_lists(value: Any, name: str) -> Array:
    try:
        return np.asarray(value)
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"Cannot predict: {name} is ragged: {_ragged(value)}.", field=name) from error


def _ragged(value: Any) -> str:
    if isinstance(value, list):
        lengths = [len(row) if isinstance(row, list) else None for row in value]
        for row, length in enumerate(lengths):
            if length != lengths[0]:
                first, other = (
                    "no list" if each is None else f"{each} value{'s' * (each != 1)}" for each in (lengths[0], length)
                )
                return f"row 0 has {first}, row {row} has {other}. Give each row the same number"
    return "its lists differ in length. Give each the same number of values"


def _exactly(value: Any, array: Array, want: np.dtype[Any], name: str) -> Array:
    """Check each value of lists: NumPy silently makes strings of numbers, and numbers of true."""
    allowed = _ALLOWED.get(want.kind, (int, float))
    for where, item in _leaves(value):
        if not isinstance(item, allowed) or (isinstance(item, bool) and want.kind != "b"):
            place = f"{name}[{', '.join(map(str, where))}]" if where else name
            raise _wrong(place, item, str(want) if want.kind not in "US" else "strings", name)
    if want.kind == "U":
        return array
    if want.kind == "S":
        return _decoded(array, name)
    return _convert(as_integers(value, array, want), want, name)


def _leaves(value: Any, where: tuple[int, ...] = ()) -> Iterator[tuple[tuple[int, ...], Any]]:
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _leaves(item, (*where, index))
    else:
        yield where, value


def _convert(array: Array, want: np.dtype[Any], name: str) -> Array:
    have = array.dtype.kind
    if want.kind in "fc" and have in "iufc"[: 3 if want.kind == "f" else 4]:
        if want.itemsize >= array.itemsize:
            return array.astype(want)
        with np.errstate(over="ignore"):
            cast_array = array.astype(want)
        if np.isinf(cast_array).any() and not np.isinf(array).any():
            raise RefusedError(f"Cannot predict: {name} has values beyond {want}. Give smaller ones.", field=name)
        return cast_array
    if want.kind in "iu" and have in "iuf":
        return whole(array, want, name)
    if want.kind == "M" and have in "UOM":
        return _times(array, want, name)
    if want.kind == "S" and have in "USO":
        return _decoded(array, name)
    if want.kind == "U" and have in "UO":
        return array
    raise RefusedError(f"Cannot predict: {name} holds {array.dtype}; the model takes {want}. Convert it.", field=name)


def _times(array: Array, want: np.dtype[Any], name: str) -> Array:
    import pandas as pd

    series = pd.Series(array.ravel())
    try:
        try:
            times = pd.to_datetime(series, utc=True, format=None if array.dtype.kind == "M" else "ISO8601")
        except ValueError:  # other formats work where all times have the same
            times = pd.to_datetime(series, utc=True)
        times = times.dt.tz_localize(None).astype(want)  # NumPy would wrap around where a time is out of range
    except (ValueError, TypeError, OverflowError) as error:
        raise RefusedError(
            f"Cannot predict: {name} holds no time: {error}. Give it as 2026-01-31T12:00:00.", field=name
        ) from error
    return np.asarray(times).reshape(array.shape)


def _decoded(array: Array, name: str) -> Array:
    try:
        leaves = array.ravel().tolist()
        items = [item if isinstance(item, bytes) else base64.b64decode(item, validate=True) for item in leaves]
    except (binascii.Error, ValueError) as error:
        raise RefusedError(f"Cannot predict: {name} is no Base64: {error}. Encode the bytes.", field=name) from error
    return as_objects(items).reshape(array.shape)


def _wrong(place: str, value: Any, dtype_name: str, name: str) -> RefusedError:
    text = repr(value) if value is not None else "null"
    shown = text if len(text) <= 60 else text[:57] + "..."
    kind = "" if value is None else f", {type_name(value)}"
    return RefusedError(
        f"Cannot predict: {place} is {shown}{kind}; the model takes {dtype_name}. Change it or leave the row out.",
        field=name,
    )
