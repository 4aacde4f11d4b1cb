"""The client's half of the formats: Python values to request bodies, and answers to Python values."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from workbench.errors import OptionError
from workbench.serving.content_types import ARROW, JSON, NPY

MAX_JSON_VALUES = 1024
"""Larger arrays go in NumPy's format, which is then shorter and quicker than digits."""
_NUMPY = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS


@dataclass(frozen=True)
class Body:
    """The body of a request."""

    content: bytes
    content_type: str


def to_body(data: Any) -> Body:
    """Return the most fitting body for a value.

    Tables of pandas and pyarrow go as an Arrow stream, arrays of NumPy and torch as npy where they are large or hold
    what JSON cannot (NaN), all else as JSON. No library is imported that the value does not come from.

    Raises:
        OptionError: It has no such form.
    """
    if _is_from(data, "pandas"):
        return _of_pandas(data)
    if _is_from(data, "pyarrow"):
        return _of_arrow(data)
    if _is_from(data, "torch"):
        data = _of_torch(data)
    if isinstance(data, np.ndarray):
        return _of_array(data)
    return _of_json(data)


def from_answer(content: bytes) -> Any:
    """Return a prediction as the model's own ``predict`` gives it.

    Regular lists of numbers, booleans or strings become arrays (null is NaN), a list of records that have the same
    names becomes a DataFrame, an object its values by name; all else stays as JSON has it.
    """
    return _natural(orjson.loads(content)["predictions"])


def _of_pandas(data: Any) -> Body:
    import pandas as pd

    if isinstance(data, pd.Series):
        if data.name is None:
            return to_body(data.to_numpy())
        data = data.to_frame()
    if not isinstance(data, pd.DataFrame):
        return _of_json(data)
    import pyarrow as pa

    data = data.rename(columns=str)
    try:
        return _of_arrow(pa.Table.from_pandas(data, preserve_index=False))
    except (pa.ArrowException, TypeError, ValueError):  # a column of values of several types
        return _of_json({"dataframe_split": data.to_dict(orient="split", index=False)})


def _of_arrow(data: Any) -> Body:
    import pyarrow as pa

    if isinstance(data, pa.RecordBatch):
        data = pa.Table.from_batches([data])
    if not isinstance(data, pa.Table):
        return to_body(data.to_numpy(zero_copy_only=False) if isinstance(data, pa.Array) else data.to_numpy())
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, data.schema) as writer:
        writer.write_table(data)
    return Body(sink.getvalue().to_pybytes(), ARROW)


def _of_torch(data: Any) -> Any:
    """Return a tensor as an array, bfloat16 as float32: NumPy has no bfloat16, and float32 holds all of its values."""
    import torch

    if not isinstance(data, torch.Tensor):
        return data
    data = data.detach().cpu()
    return (data.float() if data.dtype == torch.bfloat16 else data).numpy()


def _of_array(data: np.ndarray[Any, Any]) -> Body:
    kind = data.dtype.kind
    if kind in "OM":
        return _of_json({"inputs": data.astype(str).tolist() if kind == "M" else data.tolist()})
    is_plain = kind in "biuU" or (kind == "f" and bool(np.isfinite(data).all()))
    if is_plain and data.size <= MAX_JSON_VALUES:
        # One row may come alone, as in predict(X[0]).
        return _of_json(data.tolist() if data.ndim == 1 else {"inputs": data.tolist()})
    stream = io.BytesIO()
    np.save(stream, data, allow_pickle=False)
    return Body(stream.getvalue(), NPY)


def _of_json(data: Any) -> Body:
    try:
        return Body(orjson.dumps(data, default=_plain, option=_NUMPY), JSON)
    except TypeError as error:
        text = f"Cannot send {type(data).__name__} to the endpoint: {error}."
        raise OptionError(f"{text} Give lists, dictionaries, arrays or tables.") from None


def _plain(value: Any) -> Any:
    """Return what JSON has for a value inside lists and dictionaries."""
    if _is_from(value, "torch"):
        value = _of_torch(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | set | frozenset):
        return list(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"JSON cannot hold a {type(value).__name__}")


def _is_from(value: Any, library: str) -> bool:
    return type(value).__module__.partition(".")[0] == library and library in sys.modules


def _natural(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _natural(item) for name, item in value.items()}
    if not isinstance(value, list) or not value:
        return value
    if all(isinstance(item, dict) for item in value):
        return _table(value)
    kinds: set[type] = set()
    _gather(value, kinds)
    is_numeric = kinds <= {int, float, type(None)} and bool(kinds & {int, float})
    if not (is_numeric or kinds in ({bool}, {str})):
        return value
    try:
        return np.array(value, dtype=float) if type(None) in kinds else np.array(value)
    except ValueError:  # ragged
        return value


def _table(records: list[dict[str, Any]]) -> Any:
    """Return a DataFrame of records that have the same names and hold no lists or objects; else the records."""
    names = records[0].keys()
    for record in records:
        if record.keys() != names or any(isinstance(item, list | dict) for item in record.values()):
            return records
    try:
        import pandas as pd
    except ImportError:
        return records
    return pd.DataFrame.from_records(records)


def _gather(value: Any, kinds: set[type]) -> None:
    """Add the types of all values in nested lists."""
    for item in value:
        if isinstance(item, list):
            _gather(item, kinds)
        else:
            kinds.add(type(item))
