"""Reads bodies that are not JSON: CSV, NumPy's format, Arrow's stream. Never pickle."""

from __future__ import annotations

import csv
import io
import math
import struct
from typing import Any

import numpy as np

from workbench.serving.replica.codecs.casts import Array, type_name
from workbench.serving.replica.codecs.refusals import RefusedError

_MAX_HEADER = 10_000
_DICTIONARY, _BATCH = 2, 3  # kinds of Arrow's messages
_TRUE = {"true": True, "1": True, "false": False, "0": False}


def read_csv(body: bytes) -> list[list[str]]:
    """Return the rows of CSV in UTF-8, without empty lines."""
    try:
        return [row for row in csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise RefusedError(f"Cannot read the body: it is no CSV in UTF-8: {error}. Send valid CSV.") from error


def csv_columns(rows: list[list[str]], dtypes: dict[str, str]) -> dict[str, Any]:
    """Return the columns by the header's names, converted to the given dtypes."""
    if len(rows) < 2:
        raise RefusedError("Cannot read the body: CSV needs a header row and one or more rows. Send both.")
    header, *data = rows
    for at, row in enumerate(data):
        if len(row) != len(header):
            raise RefusedError(
                f"Cannot read the body: row {at} has {len(row)} values, the header {len(header)}. "
                "Give each row the same number."
            )
    columns = dict(zip(header, map(list, zip(*data, strict=True)), strict=False))
    return {name: _parsed(values, dtypes.get(name, "str"), name) for name, values in columns.items()}


def csv_matrix(rows: list[list[str]]) -> Array:
    """Return the numbers of CSV, with or without a header."""
    if rows and not any(map(_is_number, rows[0])):
        rows = rows[1:]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise RefusedError("Cannot read the body: its rows differ in length. Give each the same number of values.")
    for at, row in enumerate(rows):
        for item in row:
            if not _is_number(item):
                raise RefusedError(f"Cannot predict: row {at} holds {item!r}, no number. Change it.", field="inputs")
    return np.array(rows, dtype=np.float64) if rows else np.empty((0, 0))


def read_npy(body: bytes) -> Array:
    """Return an array in NumPy's format, without a copy; what would need pickle is refused."""
    form = np.lib.format
    stream = io.BytesIO(body)
    try:
        major, _ = form.read_magic(stream)
        read = form.read_array_header_1_0 if major == 1 else form.read_array_header_2_0
        shape, is_fortran, dtype = read(stream, max_header_size=_MAX_HEADER)
        if dtype.hasobject:
            raise ValueError("it holds Python objects")
        start, count = stream.tell(), math.prod(shape)
        # The size is compared before anything of that size is allocated.
        if count * dtype.itemsize != len(body) - start:
            raise ValueError(f"{len(body) - start} bytes follow its header, which says {count} of {dtype}")
        array = np.frombuffer(body, dtype, count, start)
    except Exception as error:  # its header is a Python literal, whose parser raises many errors
        raise RefusedError(
            f"Cannot read the body: it is no npy array: {error}. Send what numpy.save writes."
        ) from error
    return array.reshape(shape[::-1]).T if is_fortran else array.reshape(shape)


def read_arrow(body: bytes) -> Any:
    """Return a table in Arrow's stream format."""
    import pyarrow as pa

    try:
        if any(_is_compressed(message.metadata) for message in pa.ipc.MessageReader.open_stream(body)):
            raise ValueError("its buffers are compressed, to any size")
        table = pa.ipc.open_stream(body).read_all()
        if table.num_rows > 8 * len(body):  # columns of nulls need no bytes
            raise ValueError(f"{len(body)} bytes say that they have {table.num_rows} rows")
        table.validate(full=True)  # offsets, too: else memory is read wherever they point
    except (pa.ArrowException, ValueError, OSError) as error:
        raise RefusedError(f"Cannot read the body: it is no Arrow stream: {error}. Send one.") from error
    return table


def arrow_columns(table: Any) -> dict[str, Array]:
    """Return a table's columns as arrays; nulls stay None, and are NaN in a column of floats."""
    import pyarrow as pa

    found: dict[str, Array] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            if pa.types.is_fixed_size_list(column.type):
                flat = column.combine_chunks()
                found[name] = flat.flatten().to_numpy(zero_copy_only=False).reshape(len(flat), -1)
            elif column.null_count and not pa.types.is_floating(column.type):
                found[name] = np.array(column.to_pylist(), dtype=object)
            else:
                found[name] = column.to_numpy()
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise RefusedError(
                f"Cannot predict: {name} is {column.type}, of which no array can be made. Send numbers or strings.",
                field=name,
            ) from error
    return found


def _is_compressed(metadata: Any) -> bool:
    """Return whether a message of Arrow has compressed buffers: field 3 of a record batch, in FlatBuffers' layout."""
    data = bytes(metadata)

    def field(table: int, index: int) -> int:
        """Return where a table's field lies, 0 where it has none."""
        vtable = table - struct.unpack_from("<i", data, table)[0]
        if 4 + 2 * index >= struct.unpack_from("<H", data, vtable)[0]:
            return 0
        offset: int = struct.unpack_from("<H", data, vtable + 4 + 2 * index)[0]
        return offset and table + offset

    def below(place: int) -> int:
        found: int = place + struct.unpack_from("<I", data, place)[0]
        return found

    try:
        message = below(0)
        kind, header = field(message, 1), field(message, 2)
        if not kind or not header or data[kind] not in (_DICTIONARY, _BATCH):
            return False
        batch = below(header)
        if data[kind] == _DICTIONARY:
            batch = below(field(batch, 1))
        return field(batch, 3) != 0
    except (struct.error, IndexError):
        raise ValueError("its metadata is broken") from None


def split_frame(value: Any) -> tuple[list[str], list[Any]]:
    """Return column names and rows of pandas' ``split`` form."""
    if not isinstance(value, dict) or not isinstance(value.get("data"), list):
        raise RefusedError(
            'Cannot predict: dataframe_split has no rows. Give {"columns": [...], "data": [[...]]}.',
            field="dataframe_split",
        )
    rows, names = value["data"], value.get("columns")
    for at, row in enumerate(rows):
        if not isinstance(row, list):
            raise RefusedError(f"Cannot predict: row {at} is {type_name(row)}. Give a list.", field="dataframe_split")
    if names is None:
        names = list(range(len(rows[0]) if rows else 0))
    if not isinstance(names, list):
        raise RefusedError("Cannot predict: columns is no list. Give the columns' names.", field="dataframe_split")
    return list(map(str, names)), rows


def _parsed(values: list[str], dtype_name: str, name: str) -> Any:
    kind = np.dtype(dtype_name).kind if dtype_name != "object" else "O"
    for row, value in enumerate(values):
        is_fine = kind not in "iufb" or (value.lower() in _TRUE if kind == "b" else _is_number(value))
        if not is_fine and not (kind == "f" and not value.strip()):
            raise RefusedError(
                f"Cannot predict: {name} in row {row} is {value!r}; the model takes {dtype_name}. Change it.",
                field=name,
            )
    if kind == "b":
        return [_TRUE[value.lower()] for value in values]
    if kind in "iu":
        return [int(value) if value.strip().lstrip("+-").isdigit() else float(value) for value in values]
    if kind == "f":
        return [float(value) if value.strip() else math.nan for value in values]
    return values


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
