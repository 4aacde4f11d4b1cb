"""The Open Inference Protocol, version 2: its tensors in JSON, or as raw bytes behind a JSON header.

https://github.com/kserve/open-inference-protocol, with Triton's extension for binary tensor data.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson

from workbench.serving.content_types import BINARY, JSON
from workbench.serving.datatypes import NUMPY, datatype
from workbench.serving.replica.codecs.casts import Array, as_integers, type_name, whole
from workbench.serving.replica.codecs.refusals import RefusedError

_MOST_DIMENSIONS = 32
_OURS = {"binary_data_output", "sequence_id", "sequence_start", "sequence_end", "priority", "timeout", "headers"}


@dataclass(slots=True)
class InferOptions:
    """What an infer request asks of the answer.

    Attributes:
        id: The request's id, sent back; None where none came.
        outputs: The outputs to return, and whether each is to be binary; empty for all.
        is_binary: Whether outputs that are not named are to be binary.
    """

    id: str | None = None
    outputs: dict[str, bool] = field(default_factory=dict)
    is_binary: bool = False


def read_infer(body: bytes, content_type: str) -> tuple[dict[str, Array], dict[str, Any], InferOptions]:
    """Return tensors by name, the model's parameters, and what is asked of the answer.

    Args:
        body: The request's body.
        content_type: :data:`BINARY` and a number where so many bytes are JSON and the rest tensors.

    Raises:
        RefusedError: Not of the protocol; the message names the tensor.
    """
    raw = memoryview(b"")
    is_binary_form = content_type.startswith(BINARY)
    if is_binary_form:
        size = content_type[len(BINARY) :]
        if not size.isdigit() or int(size) > len(body):
            raise RefusedError(
                f"Cannot read the body: its JSON header is {size or 'of no'} bytes; there are {len(body)}. "
                "Send the length in Inference-Header-Content-Length."
            )
        body, raw = body[: int(size)], memoryview(body)[int(size) :]
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        what = "its JSON header, as Inference-Header-Content-Length has it," if is_binary_form else "it"
        raise RefusedError(f"Cannot read the body: {what} is no JSON: {error}. Send valid JSON.") from error
    inputs = message.get("inputs") if isinstance(message, dict) else None
    if not isinstance(inputs, list) or not inputs or not all(isinstance(item, dict) for item in inputs):
        raise RefusedError("Cannot infer: inputs is no list of tensors. Give one or more.", field="inputs")
    has_bools = b"true" in body or b"false" in body
    tensors: dict[str, Array] = {}
    for item in inputs:
        name = item.get("name")
        if not isinstance(name, str) or name in tensors:
            raise RefusedError(
                f"Cannot infer: a tensor's name is {_shown(name)}. Give each a name of its own.", field="name"
            )
        tensors[name], raw = _read_tensor(name, item, raw, has_bools)
    if len(raw):
        raise RefusedError(f"Cannot infer: {len(raw)} bytes follow the last tensor. Give each its binary_data_size.")
    parameters = _parameters(message, "the request")
    is_binary = _flag(parameters, "binary_data_output", False)
    options = InferOptions(message.get("id"), _wanted(message, is_binary), is_binary)
    if options.id is not None and not isinstance(options.id, str):
        raise RefusedError(f"Cannot infer: id is {type_name(options.id)}. Give a string.", field="id")
    return tensors, {key: value for key, value in parameters.items() if key not in _OURS}, options


def write_infer(outputs: dict[str, Array], options: InferOptions, model: str, version: str) -> tuple[str, bytes]:
    """Return content type and body of an answer.

    Args:
        outputs: The outputs by name, in the model's order.
        options: What the request asks of the answer.
        model: The model's name in the protocol.
        version: The version that answered.

    Raises:
        RefusedError: An output is wanted that the model does not have.
    """
    for name in options.outputs:
        if name not in outputs:
            raise RefusedError(
                f"Cannot infer: there is no output {name!r}. Ask for {', '.join(outputs)}.", field="outputs"
            )
    head: dict[str, Any] = {"model_name": model, "model_version": version}
    if options.id is not None:
        head["id"] = options.id
    tensors, blobs = [], []
    for name in options.outputs or outputs:
        array = outputs[name]
        tensor: dict[str, Any] = {"name": name, "shape": list(array.shape), "datatype": datatype(array.dtype)}
        if options.outputs.get(name, options.is_binary):
            blob = _to_bytes(array)
            tensor["parameters"] = {"binary_data_size": len(blob)}
            blobs.append(blob)
        else:
            tensor["data"] = (
                array.ravel().tolist() if array.dtype.kind in "USOM" else np.ascontiguousarray(array).ravel()
            )
        tensors.append(tensor)
    head["outputs"] = tensors
    text = orjson.dumps(head, default=_text, option=orjson.OPT_SERIALIZE_NUMPY)
    if not blobs:
        return JSON, text
    return f"{BINARY}{len(text)}", b"".join([text, *blobs])


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _read_tensor(name: str, item: dict[str, Any], raw: memoryview, has_bools: bool) -> tuple[Array, memoryview]:
    shape, dtype_name = _read_shape(name, item.get("shape")), item.get("datatype")
    if not isinstance(dtype_name, str) or (dtype_name not in NUMPY and dtype_name not in ("BYTES", "BF16")):
        raise RefusedError(
            f"Cannot infer: the datatype of {name} is {_shown(dtype_name)}. Give one of {', '.join(NUMPY)}, BYTES.",
            field=name,
        )
    size = _parameters(item, name).get("binary_data_size")
    if size is None:
        array = _from_data(name, item.get("data"), dtype_name, has_bools)
    elif type(size) is not int or not 0 <= size <= len(raw):
        raise RefusedError(
            f"Cannot infer: binary_data_size of {name} is {_shown(size)}; {len(raw)} bytes are left. Send them all.",
            field=name,
        )
    else:
        array, raw = _from_bytes(name, raw[:size], dtype_name), raw[size:]
    if array.size != math.prod(shape):
        raise RefusedError(
            f"Cannot infer: {name} has {array.size} values; its shape {shape} needs {math.prod(shape)}. Change one.",
            field=name,
        )
    return array.reshape(shape), raw


def _read_shape(name: str, shape: Any) -> list[int]:
    is_short = isinstance(shape, list) and len(shape) <= _MOST_DIMENSIONS
    if not is_short or not all(type(size) is int and 0 <= size < 2**31 for size in shape):
        raise RefusedError(
            f"Cannot infer: the shape of {name} is {_shown(shape)}. Give a list of {_MOST_DIMENSIONS} lengths at most.",
            field=name,
        )
    return list(shape)


def _from_data(name: str, data: Any, dtype_name: str, has_bools: bool) -> Array:
    if not isinstance(data, list):
        raise RefusedError(f"Cannot infer: data of {name} is {type_name(data)}. Give a list.", field=name)
    try:
        array = np.asarray(data)
    except (ValueError, OverflowError) as error:
        raise RefusedError(f"Cannot infer: data of {name} is ragged. Give lists of one length.", field=name) from error
    if not array.size:
        return np.empty(0, NUMPY.get(dtype_name, "O"))
    kind = array.dtype.kind
    if dtype_name == "BYTES":
        if kind != "U" or not all(isinstance(leaf, str) for leaf in _flatten(data)):
            raise RefusedError(f"Cannot infer: data of {name} is not all strings. Give strings.", field=name)
        return array
    want = np.dtype(NUMPY.get(dtype_name, "<f4"))
    if kind not in ("b" if want.kind == "b" else "iuf") or (
        want.kind != "b" and has_bools and any(isinstance(leaf, bool) for leaf in _flatten(data))
    ):
        raise RefusedError(f"Cannot infer: data of {name} is not all of {dtype_name}. Change it.", field=name)
    if want.kind == "f" and kind != "f" and (array.astype(want) == array).all():
        return array.astype(want)  # JSON of some languages writes 1.0 as 1
    if want.kind in "fb":
        return array
    return whole(as_integers(data, array, want), want, name, f"its datatype {dtype_name}")


def _from_bytes(name: str, raw: memoryview, dtype_name: str) -> Array:
    if dtype_name == "BYTES":
        return _strings(name, raw)
    if dtype_name == "BF16":
        if len(raw) % 2:
            raise RefusedError(f"Cannot infer: {name} has {len(raw)} bytes, half a BF16. Send them all.", field=name)
        return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")
    dtype = np.dtype(NUMPY[dtype_name])
    if len(raw) % dtype.itemsize:
        raise RefusedError(f"Cannot infer: {name} has {len(raw)} bytes, no whole number of {dtype_name}.", field=name)
    return np.frombuffer(raw, dtype)


def _strings(name: str, raw: memoryview) -> Array:
    items: list[str] = []
    at = 0
    try:
        while at < len(raw):
            (size,) = struct.unpack_from("<I", raw, at)
            item = bytes(raw[at + 4 : at + 4 + size])
            if len(item) != size:
                raise ValueError(f"item {len(items)} ends too early")
            items.append(item.decode())
            at += 4 + size
    except (struct.error, ValueError) as error:
        raise RefusedError(f"Cannot infer: the bytes of {name} are no strings: {error}.", field=name) from error
    return np.array(items, dtype=object)


def _to_bytes(array: Array) -> bytes:
    if datatype(array.dtype) != "BYTES":
        return np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    items = (item if isinstance(item, bytes) else str(item).encode() for item in array.ravel().tolist())
    return b"".join(struct.pack("<I", len(item)) + item for item in items)


def _parameters(item: dict[str, Any], name: str) -> dict[str, Any]:
    found = item.get("parameters")
    if found is not None and not isinstance(found, dict):
        raise RefusedError(f"Cannot infer: parameters of {name} is {type_name(found)}. Give an object.", field=name)
    return found or {}


def _flag(parameters: dict[str, Any], key: str, default: bool) -> bool:
    found = parameters.get(key, default)
    if not isinstance(found, bool):
        raise RefusedError(f"Cannot infer: {key} is {_shown(found)}. Give true or false.", field=key)
    return found


def _shown(value: Any) -> str:
    """Return a request's value, short enough for a message."""
    text = "null" if value is None else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _wanted(message: dict[str, Any], default: bool) -> dict[str, bool]:
    outputs = message.get("outputs")
    if outputs is None:
        return {}
    if not isinstance(outputs, list) or not all(
        isinstance(o, dict) and isinstance(o.get("name"), str) for o in outputs
    ):
        raise RefusedError("Cannot infer: outputs is no list of names. Give objects with a name.", field="outputs")
    return {o["name"]: _flag(_parameters(o, o["name"]), "binary_data", default) for o in outputs}


def _flatten(data: Any) -> Sequence[Any]:
    return [leaf for item in data for leaf in _flatten(item)] if isinstance(data, list) else [data]
