"""Tables of requests as columns: each request's are checked, then one DataFrame is made of a whole batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, cast

import numpy as np

from workbench.serving.replica.codecs.casts import Array, cast_column, type_name
from workbench.serving.replica.codecs.refusals import RefusedError
from workbench.serving.replica.codecs.schema import Schema


@dataclass(slots=True)
class InputTable:
    """The columns of one request.

    Attributes:
        names: The columns' names, in the model's order.
        block: An array of rows by columns where all columns have one dtype, else None.
        columns: One array per column, where there is no block.
    """

    names: tuple[str, ...]
    block: Array | None
    columns: tuple[Array, ...] = ()

    def __len__(self) -> int:
        return len(self.columns[0] if self.block is None else self.block)

    def column(self, at: int) -> Array:
        """Return the column at a position."""
        return self.columns[at] if self.block is None else np.asarray(self.block[:, at])


def as_writeable(value: Any) -> Any:
    """Return an array that may be written to, a copy where necessary; anything else as it is."""
    return value.copy() if isinstance(value, np.ndarray) and not value.flags.writeable else value


def join_tables(tables: Sequence[InputTable], *, is_writeable: bool = False) -> Any:
    """Return one DataFrame of all rows; the tables have the same columns."""
    import pandas as pd

    names = tables[0].names
    ours = as_writeable if is_writeable else lambda array: array
    if all(table.block is not None for table in tables):
        blocks = [table.block for table in tables if table.block is not None]
        block = ours(blocks[0]) if len(blocks) == 1 else np.concatenate(blocks)
        return pd.DataFrame(block, columns=list(names), copy=False)
    if len(tables) == 1:
        columns = {name: ours(tables[0].column(at)) for at, name in enumerate(names)}
    else:
        columns = {name: np.concatenate([table.column(at) for table in tables]) for at, name in enumerate(names)}
    return pd.DataFrame(columns, copy=False)


class TableReader:
    """Makes checked tables of requests.

    Args:
        schema: The schema of a model that takes columns.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._names = schema.names
        self._get: Callable[[Any], Any] = _getter(self._names)

    def records(self, records: Sequence[Any], *, has_bools: bool = True) -> InputTable:
        """Return a table of one dictionary per row."""
        schema = self._schema
        _some(records)
        try:
            rows = [self._get(record) for record in records]
        except (KeyError, TypeError, IndexError):
            return self._by_record(records)
        if schema.is_block and not has_bools:
            block = self._block(rows)
            if block is not None:
                return block
        return self._table(dict(zip(self._names, zip(*rows, strict=True), strict=True)))

    def rows(self, rows: Any, names: Sequence[str] | None = None, *, has_bools: bool = True) -> InputTable:
        """Return a table of one list per row, the columns in the model's order or in that of ``names``."""
        _some(rows)
        order = list(map(str, names)) if names is not None else list(self._names)
        width = len(order)
        for at, row in enumerate(rows):
            if not isinstance(row, list | tuple) or len(row) != width:
                has = f"{len(row)} values" if isinstance(row, list | tuple) else f"{type_name(row)}"
                raise RefusedError(f"Cannot predict: row {at} has {has}; the table has {width} columns. Give {width}.")
        if order == list(self._names) and self._schema.is_block and not has_bools:
            block = self._block(rows)
            if block is not None:
                return block
        return self.columns(dict(zip(order, zip(*rows, strict=True), strict=True)))

    def columns(self, columns: dict[str, Any]) -> InputTable:
        """Return a table of one list or array per column; columns that the model does not know are left out."""
        for field in self._schema.fields:
            if field.name not in columns and not field.optional:
                raise self._schema.missing(field.name, columns)
        known = {name: columns[name] for name in self._names if name in columns}
        for name, values in known.items():
            if not isinstance(values, list | tuple | np.ndarray):
                raise RefusedError(f"Cannot predict: {name} is {type_name(values)}. Give a list of rows.", field=name)
        counts = {name: len(values) for name, values in known.items()}
        if len(set(counts.values())) > 1:
            shown = ", ".join(f"{name} {count}" for name, count in list(counts.items())[:20])
            raise RefusedError(f"Cannot predict: the columns differ in rows: {shown}. Give each the same number.")
        _some(next(iter(known.values()), ()))
        return self._table(known)

    def array(self, array: Array) -> InputTable:
        """Return a table of a matrix, or of a structured array."""
        if array.dtype.names:
            return self.columns({name: array[name] for name in array.dtype.names})
        if array.ndim != 2 or array.shape[1] != len(self._names):
            takes = [-1, len(self._names)]
            raise RefusedError(
                f"Cannot predict: inputs has shape {list(array.shape)}; the model takes {takes}. "
                f"Give {len(self._names)} columns.",
                field="inputs",
            )
        return self.columns({name: array[:, at] for at, name in enumerate(self._names)})

    def _by_record(self, records: Sequence[Any]) -> InputTable:
        for at, record in enumerate(records):
            if not isinstance(record, dict):
                raise RefusedError(f"Cannot predict: row {at} is {type_name(record)}. Give an object of columns.")
            for field in self._schema.fields:
                if field.name not in record and not field.optional:
                    raise self._schema.missing(field.name, record)
        given = [name for name in self._names if any(name in record for record in records)]
        return self._table({name: [record.get(name) for record in records] for name in given})

    def _block(self, rows: Sequence[Any]) -> InputTable | None:
        try:
            block = np.asarray(rows)
        except ValueError:
            return None
        want = np.dtype(self._schema.fields[0].dtype_name)
        if block.ndim != 2 or block.dtype.kind not in "iuf":
            return None
        if block.dtype != want:
            if want.kind != "f" or want.itemsize < 8:
                return None
            block = block.astype(want)
        return InputTable(self._names, block)

    def _table(self, columns: dict[str, Any]) -> InputTable:
        fields = self._schema.by_name
        made = tuple(
            cast_column(values, fields[name].dtype_name, name, optional=fields[name].optional)
            for name, values in columns.items()
        )
        for name, array in zip(columns, made, strict=True):
            if array.ndim != 1:
                raise RefusedError(
                    f"Cannot predict: {name} has shape {list(array.shape)}; the model takes [-1]. "
                    "Give one value a row.",
                    field=name,
                )
        return InputTable(tuple(columns), None, made)


def _getter(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """Return a function that gets the columns of a record as a tuple, also where there is only one."""
    if len(names) == 1:
        return lambda record: (record[names[0]],)
    return cast(Callable[[Any], Any], itemgetter(*names))


def _some(rows: Iterable[Any]) -> None:
    if not isinstance(rows, list | tuple | np.ndarray):
        raise RefusedError(f"Cannot predict: the rows are {type_name(rows)}. Give a list.")
    if not len(rows):
        raise RefusedError("Cannot predict: there are no rows. Give one or more.")
