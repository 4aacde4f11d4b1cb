"""JSON Schemas of a model's requests and answers, exact where JSON Schema can be: what is valid is accepted.

What it cannot say is that two lengths agree. So where they must, some are fixed: of a tensor's dimensions of any
length, all but one are 1; tensors of one batch have one row each, or come row by row; ``shape`` and ``data`` of the
Open Inference Protocol are those of one or two rows. More go the same way. Forms that are never exact, as a table by
its columns, stand in words beside.
"""

from __future__ import annotations

import math
from typing import Any

from workbench.records.endpoint_snapshot import ModelField, ModelSchema
from workbench.serving.datatypes import datatype

Schema = dict[str, Any]

_FLOATS = {"float16": (65504.0, "float"), "float32": (3.4028234663852886e38, "float")}
_DOUBLE = (1.7976931348623157e308, "double")
_FORMS = ("inputs", "instances", "dataframe_split", "dataframe_records")
_OIP_ROWS = 2
_PARAMS: Schema = {"type": ["object", "null"], "description": "The model's parameters."}
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_TIME = r"^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"


def predict_body(schema: ModelSchema) -> Schema:
    """Return the schema of the JSON that ``/predict`` takes."""
    return {"anyOf": [*_wrapped(schema), *_bare(schema)]} if schema["inputs"] else {}


def invocations_body(schema: ModelSchema) -> Schema:
    """Return the schema of the JSON that ``/invocations`` takes: MLflow's scoring protocol."""
    return {"anyOf": _wrapped(schema)} if schema["inputs"] else {}


def infer_body(schema: ModelSchema) -> Schema:
    """Return the schema of the JSON that the Open Inference Protocol takes."""
    if schema["inputs"]:
        counts = range(1, _OIP_ROWS + 1) if all(-1 in each["shape"][:1] for each in schema["inputs"]) else (1,)
        inputs = [_tuple([_oip_tensor(each, rows) for each in schema["inputs"]]) for rows in counts]
    else:
        inputs = [_tuple([_any_tensor(dtype)]) for dtype in ("float64", "int64", "bool", "str")]
    may_be: Schema = {"id": {"type": ["string", "null"]}, "parameters": _flagged("binary_data_output")}
    if outputs := schema.get("outputs"):
        wanted = _object({"name": {"enum": [output["name"] for output in outputs]}}, is_open=True)
        wanted["properties"]["parameters"] = _flagged("binary_data")
        may_be["outputs"] = {"type": ["array", "null"], "items": wanted}
    return _object({"inputs": _any_of(inputs), **may_be}, required=["inputs"], is_open=True)


def predict_example(schema: ModelSchema) -> Any:
    """Return an instance of what ``/predict`` takes, for a model that has none of its own."""
    if not schema["inputs"]:
        return None
    if schema["is_columns"]:
        return {"dataframe_records": [{tensor["name"]: _instance(tensor["dtype"]) for tensor in schema["inputs"]}]}
    inputs = {tensor["name"]: _filled(tensor) for tensor in schema["inputs"]}
    return {"inputs": next(iter(inputs.values())) if len(inputs) == 1 else inputs}


def infer_example(schema: ModelSchema) -> Any:
    """Return a request of one row by the Open Inference Protocol; None where the model has no schema."""
    if not schema["inputs"]:
        return None
    return {
        "inputs": [
            {
                "name": tensor["name"],
                "shape": _one_row(tensor["shape"]),
                "datatype": datatype(tensor["dtype"]),
                "data": [_instance(tensor["dtype"])] * math.prod(_one_row(tensor["shape"])),
            }
            for tensor in schema["inputs"]
        ]
    }


def predictions(schema: ModelSchema) -> Schema:
    """Return the schema of the JSON that comes back: the result of the model's own ``predict`` (NaN is null)."""
    return _object({"predictions": {"description": _outputs_in_words(schema)}}, required=["predictions"])


def inferences() -> Schema:
    """Return the schema of the JSON that comes back over the Open Inference Protocol."""
    tensor = _object(
        {
            "name": {"type": "string"},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
            "datatype": {"type": "string"},
            "data": {"type": "array"},
        },
        is_open=True,
    )
    texts = {name: {"type": "string"} for name in ("model_name", "model_version", "id")}
    answer = {**texts, "outputs": {"type": "array", "items": tensor}}
    return _object(answer, required=["model_name", "outputs"], is_open=True)


def element(dtype: str) -> Schema:
    """Return the schema of one value. Integers and floats have their type's own range: no NaN, no infinity."""
    if dtype.startswith("float"):
        most, form = _FLOATS.get(dtype, _DOUBLE)
        return {"type": "number", "format": form, "minimum": -most, "maximum": most}
    if dtype.startswith(("int", "uint")):
        bits = int(dtype.lstrip("uint") or 64)
        low, high = (0, 2**bits - 1) if dtype[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return {"type": "integer", "format": "int64" if bits > 32 else "int32", "minimum": low, "maximum": high}
    if dtype.startswith("bool"):
        return {"type": "boolean"}
    if dtype.startswith("datetime"):
        return {"type": "string", "pattern": _TIME, "examples": ["2026-01-28T12:00:00"]}
    if dtype.startswith("bytes"):
        return {"type": "string", "contentEncoding": "base64", "pattern": _BASE64, "examples": ["dGV4dA=="]}
    return {} if dtype == "object" else {"type": "string"}


def _wrapped(schema: ModelSchema) -> list[Schema]:
    """Return the bodies whose key says what they are; further keys are ignored, except other such keys."""
    if schema["is_columns"]:
        table = _object({"columns": {"const": _names(schema)}, "data": _some(_row(schema))}, is_open=True)
        records = _some(_record(schema))
        values = {key: table if key == "dataframe_split" else records for key in _FORMS}
    elif len(schema["inputs"]) == 1:
        values = dict.fromkeys(
            ("inputs", "instances"), _array(schema["inputs"][0]["dtype"], schema["inputs"][0]["shape"])
        )
    else:
        tensors = _any_of([_tensors(schema), _some(_tensor_record(schema))])
        values = dict.fromkeys(("inputs", "instances"), tensors)
    return [_form(key, values[key], schema) for key in _forms(schema) if key in values]


def _bare(schema: ModelSchema) -> list[Schema]:
    """Return the bodies that are the values and nothing else."""
    if schema["is_columns"]:
        # The decoder takes a record with a list for columns, and one with a form's key for that form.
        plain: Schema = {"type": ["string", "number", "boolean", "object", "null"]}
        record = {**_record(schema), "additionalProperties": plain}
        record["properties"] = {**_without(_forms(schema)), **record["properties"]}
        only = len(schema["inputs"]) == 1
        flat = _some(_cell(schema["inputs"][0])) if only else _row(schema)
        return [_some(_record(schema)), record, _some(_row(schema)), flat]
    if len(schema["inputs"]) != 1:
        return []
    tensor = schema["inputs"][0]
    rows = [_array(tensor["dtype"], tensor["shape"])]
    return rows + ([_array(tensor["dtype"], tensor["shape"][1:])] if len(tensor["shape"]) > 1 else [])


def _form(key: str, value: Schema, schema: ModelSchema) -> Schema:
    """Return an object that has the values under a key."""
    others = _without([other for other in _forms(schema) if other != key])
    return {**_object({key: value}, is_open=True), "properties": {key: value, "params": _PARAMS, **others}}


def _forms(schema: ModelSchema) -> list[str]:
    """Return the keys that say what a body is, and are no name of a column or of one of several tensors."""
    is_only = len(schema["inputs"]) == 1 and not schema["is_columns"]
    return [form for form in _FORMS if is_only or form not in _names(schema)]


def _without(keys: list[str]) -> Schema:
    """Return properties that there may not be."""
    return {key: {"not": {}} for key in keys}


def _tensors(schema: ModelSchema) -> Schema:
    """Return tensors by name, of one row each: JSON Schema cannot say that all have as many."""
    named = {each["name"]: _array(each["dtype"], _one_row(each["shape"])) for each in schema["inputs"]}
    return _object(named, required=_needed(schema), is_open=True)


def _tensor_record(schema: ModelSchema) -> Schema:
    """Return a row of several tensors, each of one row."""
    return _object({each["name"]: _array(each["dtype"], _one_row(each["shape"])[1:]) for each in schema["inputs"]})


def _array(dtype: str, shape: list[int]) -> Schema:
    """Return a nested array. Only one dimension is of any length: JSON Schema cannot say that lengths agree."""
    free = [place for place, length in enumerate(shape) if length < 0]
    return _any_of([_nested(dtype, shape, place) for place in free] or [_nested(dtype, shape, None)])


def _nested(dtype: str, shape: list[int], free: int | None) -> Schema:
    described = element(dtype)
    for place in reversed(range(len(shape))):
        length = abs(shape[place])  # 1, where it might be any
        bounds = {"minItems": 1} if place == free else {"minItems": length, "maxItems": length}
        described = {"type": "array", "items": described, **bounds}
    return described


def _cell(tensor: ModelField) -> Schema:
    """Return a value in a table. Null is NaN in a column of floats, and may be in a column that is optional."""
    value = element(tensor["dtype"])
    is_nullable = tensor["dtype"].startswith("float") or tensor.get("optional")
    return {"anyOf": [value, {"type": "null"}]} if is_nullable else value


def _row(schema: ModelSchema) -> Schema:
    return _tuple([_cell(tensor) for tensor in schema["inputs"]])


def _record(schema: ModelSchema) -> Schema:
    """Return a row by its columns; other keys are ignored."""
    cells = {tensor["name"]: _cell(tensor) for tensor in schema["inputs"]}
    return _object(cells, required=_needed(schema), is_open=True)


def _names(schema: ModelSchema) -> list[str]:
    return [tensor["name"] for tensor in schema["inputs"]]


def _needed(schema: ModelSchema) -> list[str]:
    return [tensor["name"] for tensor in schema["inputs"] if not tensor.get("optional")]


def _oip_tensor(tensor: ModelField, rows: int) -> Schema:
    shape = [rows if length < 0 and place == 0 else abs(length) for place, length in enumerate(tensor["shape"])]
    count = math.prod(shape)
    data = {"type": "array", "items": element(tensor["dtype"]), "minItems": count, "maxItems": count}
    return _object(
        {
            "name": {"const": tensor["name"]},
            "shape": {"const": shape},
            "datatype": {"const": datatype(tensor["dtype"])},
            "data": data,
        },
        is_open=True,
    )


def _any_tensor(dtype: str) -> Schema:
    """Return a tensor for a model without a schema."""
    described = _oip_tensor({"name": "", "dtype": dtype, "shape": [1]}, 1)
    described["properties"]["name"] = {"type": "string"}
    return described


def _flagged(key: str) -> Schema:
    """Return parameters, one of which is true or false."""
    return {**_PARAMS, "properties": {key: {"type": "boolean"}}}


def _outputs_in_words(schema: ModelSchema) -> str:
    outputs = schema.get("outputs") or []
    tensors = ", ".join(f"`{each['name'] or 'output'}`: {each['dtype']} {each['shape']}" for each in outputs)
    return tensors or "What the model's predict gives."


def _one_row(shape: list[int]) -> list[int]:
    return [1 if length < 0 else length for length in shape]


def _filled(tensor: ModelField) -> Any:
    nested: Any = _instance(tensor["dtype"])
    for length in reversed(_one_row(tensor["shape"])):
        nested = [nested] * length
    return nested


def _instance(dtype: str) -> Any:
    kind = element(dtype)
    zeros = {"number": 0.0, "integer": 0, "boolean": False}
    return zeros.get(kind.get("type", ""), kind.get("examples", ["text"])[0])


def _some(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _tuple(items: list[Schema]) -> Schema:
    same = all(each == items[0] for each in items)
    rule: Schema = {"items": items[0]} if same else {"prefixItems": items, "items": False}
    return {"type": "array", **rule, "minItems": len(items), "maxItems": len(items)}


def _any_of(described: list[Schema]) -> Schema:
    return described[0] if len(described) == 1 else {"anyOf": described}


def _object(properties: Schema, *, required: list[str] | None = None, is_open: bool = False) -> Schema:
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": is_open}
