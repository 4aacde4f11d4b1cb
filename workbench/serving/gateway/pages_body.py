"""What a model takes and gives as JSON Schema, exact where JSON Schema can be: what is valid is accepted.

What it cannot say is that two lengths agree. So a body with several lengths that must (tensors of one batch, the
``shape`` and ``data`` of a tensor, a dimension of any length inside another) is described for one row; more rows go the
same way. Forms that are never exact, as a table by its columns, stand in words beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from workbench.serving.gateway import oip

Schema = dict[str, Any]

_FLOATS = {"float16": (65504.0, "float"), "float32": (3.4028234663852886e38, "float")}
_DOUBLE = (1.7976931348623157e308, "double")
_FORMS = ("inputs", "instances", "dataframe_split", "dataframe_records")
_PARAMS: Schema = {"type": ["object", "null"], "description": "The model's parameters."}
_BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
_TIME = r"^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"


def predict_body(schema: Schema) -> Schema:
    """The JSON that ``/predict`` takes."""
    return {"anyOf": [*_wrapped(schema), *_bare(schema)]} if schema["inputs"] else {}


def invocations_body(schema: Schema) -> Schema:
    """The JSON that ``/invocations`` takes: MLflow's scoring protocol."""
    return {"anyOf": _wrapped(schema)} if schema["inputs"] else {}


def infer_body(schema: Schema) -> Schema:
    """The JSON that the Open Inference Protocol takes."""
    inputs = [_oip_tensor(tensor, word) for tensor, word in _with_datatypes(schema)]
    if not inputs:
        return {"type": "object"}
    may_be: Schema = {"id": {"type": ["string", "null"]}, "parameters": _PARAMS}
    if schema.get("outputs"):
        wanted = _object({"name": {"enum": [output["name"] for output in schema["outputs"]]}}, is_open=True)
        wanted["properties"]["parameters"] = _PARAMS
        may_be["outputs"] = {"type": ["array", "null"], "items": wanted}
    return _object({"inputs": _tuple(inputs), **may_be}, required=["inputs"], is_open=True)


def predict_example(schema: Schema) -> Any:
    """An instance of what ``/predict`` takes, for a model that has none of its own."""
    if not schema["inputs"]:
        return None
    if schema["is_columns"]:
        return {"dataframe_records": [{tensor["name"]: _instance(tensor["dtype"]) for tensor in schema["inputs"]}]}
    inputs = {tensor["name"]: _filled(tensor) for tensor in schema["inputs"]}
    return {"inputs": next(iter(inputs.values())) if len(inputs) == 1 else inputs}


def infer_example(schema: Schema) -> Any:
    """An instance of what the Open Inference Protocol takes: one row; None where the model does not say what."""
    if not schema["inputs"]:
        return None
    return {
        "inputs": [
            {
                "name": tensor["name"],
                "shape": _one_row(tensor["shape"]),
                "datatype": word,
                "data": [_instance(tensor["dtype"])] * math.prod(_one_row(tensor["shape"])),
            }
            for tensor, word in _with_datatypes(schema)
        ]
    }


def predictions(schema: Schema) -> Schema:
    """The JSON that comes back: what the model's own ``predict`` gives, as JSON has it (NaN is null)."""
    return _object({"predictions": {"description": _outputs_in_words(schema)}}, required=["predictions"])


def inferences() -> Schema:
    """The JSON that comes back over the Open Inference Protocol."""
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
    """One value of NumPy's type. Integers and floats have the type's own range: no NaN, no infinity."""
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


def _wrapped(schema: Schema) -> list[Schema]:
    """Bodies that say by a key what they are; further keys are not looked at, but for those that say the same."""
    if not schema["is_columns"]:
        return [_form(key, _inputs(schema)) for key in ("inputs", "instances")]
    table = _object({"columns": {"const": _names(schema)}, "data": _some(_row(schema))}, is_open=True)
    forms = [_form("dataframe_split", table), _form("dataframe_records", _some(_record(schema)))]
    return [*forms, *(_form(key, _some(_record(schema))) for key in ("inputs", "instances"))]


def _bare(schema: Schema) -> list[Schema]:
    """Bodies that are the values and nothing else."""
    if schema["is_columns"]:
        # A record that holds a list is taken for columns, one that holds a form's key for that form.
        plain: Schema = {"type": ["string", "number", "boolean", "object", "null"]}
        record = {**_record(schema), "additionalProperties": plain}
        record["properties"] = {**_others(schema), **record["properties"]}
        only = len(schema["inputs"]) == 1
        flat = _some(_cell(schema["inputs"][0])) if only else _row(schema)
        return [_some(_record(schema)), record, _some(_row(schema)), flat]
    if len(schema["inputs"]) != 1:
        return []
    tensor = schema["inputs"][0]
    rows = [_array(tensor["dtype"], tensor["shape"])]
    return rows + ([_array(tensor["dtype"], tensor["shape"][1:])] if len(tensor["shape"]) > 1 else [])


def _form(key: str, value: Schema) -> Schema:
    """An object that has the values under a key."""
    others: Schema = {other: {"not": {}} for other in _FORMS if other != key}
    return {**_object({key: value}, is_open=True), "properties": {key: value, "params": _PARAMS, **others}}


def _others(schema: Schema) -> Schema:
    """The keys of forms that are no names of columns: none of them."""
    return {form: {"not": {}} for form in _FORMS if form not in _names(schema)}


def _inputs(schema: Schema) -> Schema:
    """The value of ``inputs``: the tensor, or the tensors by name."""
    tensors = schema["inputs"]
    if len(tensors) == 1:
        return _array(tensors[0]["dtype"], tensors[0]["shape"])
    # One row each: that all have as many cannot be said.
    named = {each["name"]: _array(each["dtype"], _one_row(each["shape"])) for each in tensors}
    return _object(named, required=_needed(schema), is_open=True)


def _array(dtype: str, shape: list[int]) -> Schema:
    """A nested array. Only one dimension may be of any length: lengths within lengths would have to agree."""
    free = [place for place, length in enumerate(shape) if length < 0]
    described = element(dtype)
    for place in reversed(range(len(shape))):
        length = 1 if place in free[:-1] else shape[place]
        bounds = {"minItems": 1} if length < 0 else {"minItems": length, "maxItems": length}
        described = {"type": "array", "items": described, **bounds}
    return described


def _cell(tensor: Schema) -> Schema:
    """A value in a table: null is NaN in a column of floats, and may stand in one that may be left out."""
    value = element(tensor["dtype"])
    is_nullable = tensor["dtype"].startswith("float") or tensor.get("optional")
    return {"anyOf": [value, {"type": "null"}]} if is_nullable else value


def _row(schema: Schema) -> Schema:
    return _tuple([_cell(tensor) for tensor in schema["inputs"]])


def _record(schema: Schema) -> Schema:
    """A row by its columns; those that the model does not know are left out of it."""
    cells = {tensor["name"]: _cell(tensor) for tensor in schema["inputs"]}
    return _object(cells, required=_needed(schema), is_open=True)


def _names(schema: Schema) -> list[str]:
    return [tensor["name"] for tensor in schema["inputs"]]


def _needed(schema: Schema) -> list[str]:
    return [tensor["name"] for tensor in schema["inputs"] if not tensor.get("optional")]


def _with_datatypes(schema: Schema) -> Iterator[tuple[Schema, str]]:
    """The inputs with the protocol's words for their types."""
    for tensor, said in zip(schema["inputs"], oip.metadata("", [], schema)["inputs"], strict=True):
        yield tensor, said["datatype"]


def _oip_tensor(tensor: Schema, word: str) -> Schema:
    shape = _one_row(tensor["shape"])
    count = math.prod(shape)
    data = {"type": "array", "items": element(tensor["dtype"]), "minItems": count, "maxItems": count}
    return _object(
        {
            "name": {"const": tensor["name"]},
            "shape": {"const": shape},
            "datatype": {"const": word},
            "data": data,
        },
        is_open=True,
    )


def _outputs_in_words(schema: Schema) -> str:
    outputs = schema.get("outputs") or []
    tensors = ", ".join(f"`{each['name'] or 'output'}`: {each['dtype']} {each['shape']}" for each in outputs)
    return tensors or "What the model's predict gives."


def _one_row(shape: list[int]) -> list[int]:
    return [1 if length < 0 else length for length in shape]


def _filled(tensor: Schema) -> Any:
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


def _object(properties: Schema, *, required: list[str] | None = None, is_open: bool = False) -> Schema:
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": is_open}
