"""Decodes bodies of ``predict`` and ``invocations``: JSON, CSV, NumPy's and Arrow's format to arrays."""

from __future__ import annotations

import io
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from workbench.serving.replica.codecs.casts import Array, type_name
from workbench.serving.replica.codecs.formats import (
    arrow_columns,
    csv_columns,
    csv_matrix,
    read_arrow,
    read_csv,
    read_npy,
    split_frame,
)
from workbench.serving.replica.codecs.oip import InferOptions
from workbench.serving.replica.codecs.refusals import RefusedError
from workbench.serving.replica.codecs.schema import INPUTS, Schema
from workbench.serving.replica.codecs.tables import InputTable, TableReader

_WRAPPERS = ("inputs", "instances", "dataframe_split", "dataframe_records")


@dataclass(slots=True)
class Decoded:
    """A decoded request.

    Attributes:
        data: An array, named arrays, a :class:`InputTable`, a DataFrame, or a value of JSON for models that take one.
        rows: The number of rows.
        key: Requests of the same key can be computed together; None where it must be alone.
        params: The request's parameters for the model.
        infer: What a request of the Open Inference Protocol asks of the answer.
    """

    data: Any
    rows: int
    key: Hashable = None
    params: dict[str, Any] | None = None
    infer: InferOptions | None = None


class Decoder:
    """Decodes the requests of one model.

    Args:
        schema: The model's compiled schema.
        takes_json: Whether a model without a schema takes values of JSON as they are, not arrays.
    """

    def __init__(self, schema: Schema, *, takes_json: bool) -> None:
        self._schema = schema
        self._takes_json = takes_json
        self._only = schema.only
        self._tables = TableReader(schema) if schema.is_columns and not schema.is_free and not takes_json else None

    def json(self, body: bytes) -> Decoded:
        """Decode a JSON body, in any of MLflow's forms or bare."""
        try:
            payload = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise RefusedError(f"Cannot read the body: it is no JSON: {error}. Send valid JSON.") from error
        has_bools = b"true" in body or b"false" in body
        if type(payload) is not dict:
            return self.value(payload, has_bools=has_bools, is_bare=True)
        for form in _WRAPPERS:
            if form in payload and self._is_form(form):
                if len(payload) > 1:
                    self._check_alone(form, payload)
                params = payload.get("params")
                if params is not None and type(params) is not dict:
                    raise RefusedError(
                        f"Cannot predict: params is {type_name(params)}. Give an object.", field="params"
                    )
                return self._form(form, payload[form], has_bools=has_bools, params=params)
        return self.value(payload, has_bools=has_bools, is_bare=True)

    def value(
        self, value: Any, *, has_bools: bool = True, is_bare: bool = False, params: dict[str, Any] | None = None
    ) -> Decoded:
        """Decode a value of a program: rows, records, columns, named tensors, an array or a DataFrame."""
        if self._takes_json:
            return Decoded(value, 1, None, params)
        if hasattr(value, "iloc"):
            return self.columns({str(name): value[name].to_numpy() for name in value.columns}, params)
        if self._tables is not None:
            return self._table(self._as_table(value, has_bools), params)
        if self._schema.is_free:
            return self._free(value, params)
        if self._only is not None:
            return self._tensor(value, params, has_bools=has_bools, is_bare=is_bare)
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
            value = {name: [row.get(name) for row in value] for name in value[0]}
        if not isinstance(value, dict):
            raise RefusedError(
                f"Cannot predict: inputs is {type_name(value)}; the model takes {', '.join(self._schema.names)}. "
                "Give an object of these.",
                field=INPUTS,
            )
        return self.tensors(value, has_bools=has_bools, params=params)

    def csv(self, body: bytes) -> Decoded:
        """Decode CSV, which has a header row for models that take columns."""
        if self._tables is None and self._only is not None:
            return self._tensor(csv_matrix(read_csv(body)), None)
        if self._tables is None:
            import pandas as pd

            try:
                return self._frame(pd.read_csv(io.BytesIO(body)))
            except (ValueError, UnicodeDecodeError) as error:
                raise RefusedError(f"Cannot read the body: it is no CSV: {error}. Send valid CSV.") from error
        dtypes = {field.name: field.dtype_name for field in self._schema.fields}
        return self._table(self._tables.columns(csv_columns(read_csv(body), dtypes)), None)

    def npy(self, body: bytes) -> Decoded:
        """Decode an array in NumPy's format."""
        array = read_npy(body)
        width = 2 if self._tables is not None and len(self._schema.names) > 1 else 0
        if array.ndim + 1 == (len(self._only.shape) if self._only is not None else width):
            array = array[None]  # one row
        return self.value(array)

    def arrow(self, body: bytes) -> Decoded:
        """Decode a table in Arrow's stream format."""
        table = read_arrow(body)
        if self._takes_json or self._schema.is_free:
            try:
                return self._frame(table.to_pandas())
            except (ValueError, TypeError, NotImplementedError) as error:  # Arrow's errors derive from these
                raise RefusedError(
                    "Cannot predict: no table can be made of the Arrow stream. Send numbers or strings."
                ) from error
        return self.columns(arrow_columns(table))

    def tensors(
        self, values: dict[str, Any], *, has_bools: bool = True, params: dict[str, Any] | None = None
    ) -> Decoded:
        """Decode named tensors; for a model of columns each is a column of the shape [n] or [n, 1]."""
        if self._takes_json or (self._schema.is_free and len(values) != 1):
            return Decoded(next(iter(values.values())) if len(values) == 1 else values, 1, None, params)
        if self._schema.is_free:
            return self._free(next(iter(values.values())), params)
        if self._tables is not None:
            flat = {name: _flat(value) for name, value in values.items()}
            if len(flat) == 1 and (array := next(iter(flat.values()))).ndim == 2:
                return self._table(self._tables.array(array), params)
            return self.columns(flat, params)
        if self._only is not None:
            if len(values) == 1 and self._only.name == INPUTS:
                values = {INPUTS: next(iter(values.values()))}
            if self._only.name not in values:
                raise self._schema.missing(self._only.name, values)
            return self._tensor(values[self._only.name], params, has_bools=has_bools)
        found = self._schema.tensors(values, has_bools=has_bools)
        is_free = all(field.shape[0] == -1 for field in self._schema.fields)
        key = tuple((name, array.shape[1:]) for name, array in found.items()) if is_free and not params else None
        return Decoded(found, len(next(iter(found.values()))), key, params)

    def columns(self, columns: dict[str, Any], params: dict[str, Any] | None = None) -> Decoded:
        """Decode columns, one array each."""
        if self._tables is not None:
            return self._table(self._tables.columns(columns), params)
        if self._schema.is_free or self._takes_json:
            import pandas as pd

            return self._frame(pd.DataFrame(columns), params)
        if self._only is not None and self._only.name not in columns:
            return self._tensor(_stacked(columns), params)
        return self.tensors(columns, params=params)

    def _is_form(self, key: str) -> bool:
        """Return whether a key says how the rows are written, and is no name of a column or tensor."""
        return self._only is not None or key not in self._schema.by_name

    def _check_alone(self, form: str, payload: dict[str, Any]) -> None:
        for other in _WRAPPERS:
            if other != form and other in payload and self._is_form(other):
                raise RefusedError(
                    f"Cannot predict: the body has {form} and {other}. Give the rows in one of them.", field=other
                )

    def _form(self, form: str, value: Any, *, has_bools: bool, params: dict[str, Any] | None) -> Decoded:
        if form == "dataframe_split":
            names, rows = split_frame(value)
            if self._tables is not None:
                return self._table(self._tables.rows(rows, names, has_bools=has_bools), params)
            if self._only is not None:
                return self._tensor(rows, params, has_bools=has_bools)
            return self.columns(dict(zip(names, map(list, zip(*rows, strict=False)), strict=False)), params)
        if form == "dataframe_records":
            if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
                raise RefusedError(f"Cannot predict: {form} is not a list of objects. Give one a row.", field=form)
            if self._tables is not None:
                return self._table(self._tables.records(value, has_bools=has_bools), params)
            if self._only is not None:
                return self._tensor([list(row.values()) for row in value], params, has_bools=has_bools)
            return self.columns({name: [row.get(name) for row in value] for name in value[0]} if value else {}, params)
        only = self._only
        if only is not None and type(value) is list:  # nearly all requests: do no more than necessary
            array = only.check(value, has_bools=has_bools)
            return Decoded(array, len(array), None if params or only.shape[0] != -1 else array.shape[1:], params)
        return self.value(value, has_bools=has_bools, params=params)

    def _as_table(self, value: Any, has_bools: bool) -> InputTable:
        assert self._tables is not None
        if isinstance(value, np.ndarray):
            return self._tables.array(value)
        if isinstance(value, dict):
            if any(isinstance(item, list | np.ndarray) for item in value.values()):
                return self._tables.columns(value)
            return self._tables.records([value], has_bools=has_bools)
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return self._tables.records(value, has_bools=has_bools)
        if isinstance(value, list) and value and not isinstance(value[0], list):
            value = [value] if len(self._schema.names) > 1 else [[item] for item in value]
        return self._tables.rows(value, has_bools=has_bools)

    def _table(self, table: InputTable, params: dict[str, Any] | None) -> Decoded:
        return Decoded(table, len(table), None if params else table.names, params)

    def _tensor(
        self, value: Any, params: dict[str, Any] | None, *, has_bools: bool = True, is_bare: bool = False
    ) -> Decoded:
        only = self._only
        assert only is not None
        if isinstance(value, dict):
            if only.name not in value:
                raise self._schema.missing(only.name, value)
            value = value[only.name]
        if is_bare and isinstance(value, list) and len(only.shape) > 1 and _depth(value) == len(only.shape) - 1:
            value = [value]
        array = only.check(value, has_bools=has_bools)
        return Decoded(array, len(array), None if params or only.shape[0] != -1 else array.shape[1:], params)

    def _free(self, value: Any, params: dict[str, Any] | None) -> Decoded:
        if isinstance(value, dict) or (isinstance(value, list) and value and isinstance(value[0], dict)):
            return self._frame(_frame_of(value), params)
        try:
            array = np.asarray(value)
        except ValueError as error:
            raise RefusedError("Cannot predict: inputs is ragged. Give each row the same number of values.") from error
        if array.ndim == 0 or not len(array) or array.dtype.kind == "O":
            raise RefusedError("Cannot predict: inputs is no array with rows. Give a list of rows.", field=INPUTS)
        return Decoded(array, len(array), None if params else (array.dtype.str, array.shape[1:]), params)

    def _frame(self, frame: Any, params: dict[str, Any] | None = None) -> Decoded:
        if not len(frame):
            raise RefusedError("Cannot predict: there are no rows. Give one or more.")
        return Decoded(frame, len(frame), None, params)


def _depth(value: Any) -> int:
    depth = 0
    while isinstance(value, list) and value:
        value, depth = value[0], depth + 1
    return depth


def _flat(value: Any) -> Any:
    """Return a column that came as [n, 1] as [n]."""
    array = np.asarray(value)
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _stacked(columns: dict[str, Any]) -> Array:
    try:
        return np.column_stack(list(columns.values()))
    except ValueError as error:
        raise RefusedError(f"Cannot predict: the columns are no matrix: {error}. Give equal lengths.") from error


def _frame_of(value: Any) -> Any:
    import pandas as pd

    try:
        if isinstance(value, dict) and not any(isinstance(item, list) for item in value.values()):
            value = [value]
        return pd.DataFrame(value)
    except (ValueError, TypeError) as error:
        raise RefusedError(f"Cannot predict: the rows are no table: {error}. Give equal lengths.") from error
