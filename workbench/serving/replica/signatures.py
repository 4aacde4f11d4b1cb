"""MLflow's signature and input example as a schema of the replica protocol."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import orjson

from workbench.records.endpoint_snapshot import ModelField, ModelSchema
from workbench.serving.replica.codecs.schema import INPUTS, PREDICTIONS

_LONG = 8 * 2**10


def schema_of(meta: Any, folder: str, *, flavor: str, streams: bool) -> ModelSchema:
    """Return a model's schema; see :mod:`workbench.serving.replica_protocol`.

    Args:
        meta: ``mlflow.models.Model``.
        folder: The folder with the model's files.
        flavor: The flavor that answers.
        streams: Whether it yields its answers.
    """
    inputs, outputs = meta.get_input_schema(), meta.get_output_schema()
    is_columns = inputs is not None and not inputs.is_tensor_spec()
    return {
        "inputs": _specs(inputs, INPUTS) if inputs is not None else [],
        "outputs": _specs(outputs, PREDICTIONS) if outputs is not None else None,
        "is_columns": is_columns,
        "example": _example(meta.get_serving_input(folder), is_columns=is_columns),
        "flavor": flavor,
        "streams": streams,
    }


def _example(text: str | None, *, is_columns: bool) -> str | None:
    """Return the example without blanks, and only its first row where it is long."""
    # JSON has no NaN for a tensor.
    if text is None or (not is_columns and ("NaN" in text or "null" in text)):
        return None
    example = json.loads(text)
    if len(text) > _LONG and isinstance(example, dict):
        for form, rows in example.items():
            if isinstance(rows, list):
                example[form] = rows[:1]
            elif form == "dataframe_split":
                example[form] = {**rows, "data": rows["data"][:1]}
                example[form].pop("index", None)
    return orjson.dumps(example).decode()


def _specs(schema: Any, name: str) -> list[ModelField]:
    return [_spec(spec, at, len(schema.inputs), name) for at, spec in enumerate(schema.inputs)]


def _spec(spec: Any, at: int, count: int, name: str) -> ModelField:
    kind = spec.type
    is_tensor = hasattr(spec, "shape")
    if is_tensor:
        dtype_name, shape = _word(kind), [int(size) for size in spec.shape]
    else:
        # Arrays, objects and maps in a column reach the model as they are.
        dtype_name, shape = _word(kind.to_numpy()) if hasattr(kind, "to_numpy") else "object", [-1]
    named = spec.name if spec.name is not None else name if count == 1 and is_tensor else str(at)
    found: ModelField = {"name": str(named), "dtype": dtype_name, "shape": shape}
    if not spec.required:
        found["optional"] = True
    return found


def _word(dtype: Any) -> str:
    kind = np.dtype(dtype)
    return {"U": "str", "S": "bytes", "O": "object"}.get(kind.kind) or str(kind.name)
