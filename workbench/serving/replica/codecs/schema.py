"""A model's schema, compiled to checks and casts of a request's arrays."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import numpy as np

from workbench.records.endpoint_snapshot import ModelSchema
from workbench.serving.replica.codecs.casts import cast
from workbench.serving.replica.codecs.refusals import RefusedError

INPUTS = "inputs"
PREDICTIONS = "predictions"


@dataclass(frozen=True, slots=True)
class Field:
    """One tensor or one column that the model takes.

    Attributes:
        name: The model's name for it, ``inputs`` for the only tensor of a model that names none.
        dtype_name: NumPy's name of the dtype, ``object`` for anything.
        shape: The shape; -1 is any length.
        optional: Whether the column may be left out, or hold null.
    """

    name: str
    dtype_name: str
    shape: tuple[int, ...]
    optional: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether it holds integers or floats."""
        return self.dtype_name != "object" and np.dtype(self.dtype_name).kind in "iuf"

    def check(self, value: Any, *, has_bools: bool = True) -> np.ndarray[Any, Any]:
        """Return a request's value as the array that the model takes.

        Args:
            value: Nested lists, or an array.
            has_bools: Whether ``true`` or ``false`` may be among the values, which takes longer to look for.

        Raises:
            RefusedError: It is ragged, has another shape, or a dtype that cannot be cast without loss.
        """
        array = cast(value, self.dtype_name, self.name, has_bools=has_bools)
        shape = array.shape
        if len(shape) != len(self.shape) or any(a != b and b != -1 for a, b in zip(shape, self.shape, strict=True)):
            raise RefusedError(
                f"Cannot predict: {self.name} has shape {list(shape)}; the model takes {list(self.shape)}. "
                f"{self._advice(shape)}",
                field=self.name,
            )
        if not shape or shape[0] == 0:
            raise RefusedError(f"Cannot predict: {self.name} has no rows. Give one or more.", field=self.name)
        return array

    def _advice(self, shape: tuple[int, ...]) -> str:
        if len(shape) == len(self.shape) - 1:
            return "Put the row in a list, also when it is the only one."
        if len(shape) == len(self.shape) == 2 and self.shape[1] != -1:
            return f"Give {self.shape[1]} values in each row."
        return "Give an array of that shape."


class Schema:
    """A model's schema, compiled from the dictionary of :mod:`workbench.serving.replica_protocol`.

    Args:
        schema: That dictionary; without inputs, the model takes anything.
    """

    def __init__(self, schema: ModelSchema) -> None:
        self.fields = tuple(
            Field(each["name"], each["dtype"], tuple(each["shape"]), bool(each.get("optional")))
            for each in schema["inputs"] or ()
        )
        self.by_name = {field.name: field for field in self.fields}
        self.names = tuple(self.by_name)
        self.is_columns = bool(schema["is_columns"])
        self.is_free = not self.fields
        self.only = self.fields[0] if len(self.fields) == 1 and not self.is_columns else None
        dtypes = {field.dtype_name for field in self.fields}
        self.is_block = (
            self.is_columns
            and len(dtypes) == 1
            and self.fields[0].is_numeric
            and not any(field.optional for field in self.fields)
        )
        self.outputs: tuple[str, ...] = tuple(each["name"] for each in schema["outputs"] or ())

    def missing(self, name: str, given: Any) -> RefusedError:
        """Return the error for a column or tensor that is not among those given."""
        kind = "column" if self.is_columns else "tensor"
        near = get_close_matches(name, [str(each) for each in given if str(each) not in self.by_name], 1)
        hint = f"There is {near[0]!r}: rename it." if near else f"Give {', '.join(self.names[:20])}."
        return RefusedError(f"Cannot predict: the {kind} {name!r} is missing. {hint}", field=name)

    def tensors(self, values: dict[str, Any], *, has_bools: bool = True) -> dict[str, np.ndarray[Any, Any]]:
        """Return named tensors, each checked, all with the same number of rows."""
        found = {}
        for field in self.fields:
            if field.name in values:
                found[field.name] = field.check(values[field.name], has_bools=has_bools)
            elif not field.optional:
                raise self.missing(field.name, values)
        if len({len(array) for array in found.values()}) != 1:
            counts = ", ".join(f"{name} {len(array)}" for name, array in found.items())
            raise RefusedError(f"Cannot predict: the tensors differ in rows: {counts}. Give each the same number.")
        return found
