"""The Open Inference Protocol's gRPC messages to the binary form that replicas read, and back."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from tritonclient.grpc import service_pb2 as pb

from workbench.serving.content_types import BINARY
from workbench.serving.datatypes import NUMPY

RAW_ONLY = ("FP16", "BF16")
_HEADER_BYTES = re.compile(r";\s*json=(\d+)")

_FIELD = {
    "BOOL": "bool_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}


class MessageError(ValueError):
    """Raised for a message that cannot be a request to a model; the text names the tensor and the reason."""


@dataclass(frozen=True)
class Output:
    """A tensor of an answer, its data as the protocol's binary form has them."""

    name: str
    datatype: str
    shape: list[int]
    parameters: dict[str, Any]
    data: bytes


def binary_request(message: Any) -> tuple[bytes, str]:
    """Return body and content type of a ``ModelInferRequest``. Raises ``MessageError``."""
    inputs = []
    tensors = _tensors(message)
    for tensor, data in tensors:
        inputs.append(
            {
                "name": tensor.name,
                "datatype": tensor.datatype,
                "shape": list(tensor.shape),
                "parameters": {**_parameters(tensor.parameters), "binary_data_size": len(data)},
            }
        )
    header: dict[str, Any] = {"inputs": inputs}
    header["parameters"] = {**_parameters(message.parameters), "binary_data_output": True}
    if message.id:
        header["id"] = message.id
    if message.outputs:
        header["outputs"] = [_wanted(output) for output in message.outputs]
    head = orjson.dumps(header)
    return b"".join([head, *(data for _, data in tensors)]), f"{BINARY}{len(head)}"


def json_request(message: Any, *, is_named: bool) -> bytes:
    """Return the same tensors as the JSON of a ``predict`` request, for models that yield.

    Args:
        message: A ``ModelInferRequest``.
        is_named: Whether the model knows its tensors by name; else the only one goes without.
    """
    values = {tensor.name: _nested(tensor, data) for tensor, data in _tensors(message)}
    inputs = values if is_named or len(values) != 1 else next(iter(values.values()))
    return orjson.dumps({"inputs": inputs, "params": _parameters(message.parameters) or None})


def infer_response(body: bytes, content_type: str, *, is_raw: bool, **about: str) -> Any:
    """Return a replica's answer as ``ModelInferResponse``.

    Args:
        body: The answer in the binary form or the JSON form.
        content_type: The content type, which tells the form.
        is_raw: Whether the tensors go as bytes, as those of the request came. They do in any case
            where one of them has a type that the protocol has no numbers for (FP16).
        about: ``id``, ``model_name`` and ``model_version``.
    """
    outputs, parameters = _outputs(body, content_type)
    response = pb.ModelInferResponse(**about)
    _set_parameters(response.parameters, parameters)
    is_raw = is_raw or any(output.datatype in RAW_ONLY for output in outputs)
    for output in outputs:
        tensor = response.outputs.add(name=output.name, datatype=output.datatype, shape=output.shape)
        _set_parameters(tensor.parameters, output.parameters)
        if is_raw:
            response.raw_output_contents.append(output.data)
        else:
            getattr(tensor.contents, _FIELD[output.datatype]).extend(_values(output))
    return response


def bytes_tensor(items: Iterable[bytes]) -> bytes:
    """Return the bytes of a BYTES tensor: each item after its length."""
    return b"".join(part for item in items for part in (struct.pack("<I", len(item)), item))


def _tensors(message: Any) -> list[tuple[Any, bytes]]:
    """Return each tensor of a request with its bytes."""
    raw = message.raw_input_contents
    if raw and len(raw) != len(message.inputs):
        counts = f"{len(raw)} for {len(message.inputs)} inputs"
        raise MessageError(f"Cannot read the request: raw_input_contents has {counts}. Send one for each.")
    found = []
    for place, tensor in enumerate(message.inputs):
        shape = list(tensor.shape)
        if any(length < 0 for length in shape):
            raise MessageError(f"Cannot read input {tensor.name!r}: its shape is {shape}. Send lengths of 0 or more.")
        if any(name.startswith("shared_memory") for name in tensor.parameters):
            text = f"Cannot read input {tensor.name!r}: it is said to lie in shared memory."
            raise MessageError(f"{text} Send it in the message.")
        found.append((tensor, _raw_of(tensor, raw[place]) if raw else _packed(tensor)))
    return found


def _nested(tensor: Any, data: bytes) -> Any:
    """Return the elements of a tensor as nested lists."""
    where = f"Cannot read input {tensor.name!r}"
    kind = NUMPY.get(tensor.datatype)
    try:
        if tensor.datatype == "BYTES":
            array = np.array([item.decode() for item in _items(data)], dtype=object)
        elif kind is not None:
            array = np.frombuffer(data, kind)
        else:
            raise MessageError(f"{where}: its datatype is {tensor.datatype!r}. Take one of {', '.join(_FIELD)}, FP16.")
        return array.reshape(list(tensor.shape)).tolist()
    except (ValueError, struct.error) as error:
        raise MessageError(f"{where}: {error}. Make datatype, shape and bytes agree.") from None


def _raw_of(tensor: Any, data: bytes) -> bytes:
    """Return the bytes that came. The replica checks their length: it knows the shape that the model takes."""
    if tensor.HasField("contents"):
        text = f"input {tensor.name!r} has both contents and raw_input_contents"
        raise MessageError(f"Cannot read the request: {text}. Send one of them.")
    return data


def _packed(tensor: Any) -> bytes:
    """Return the bytes of a tensor whose numbers are in the message."""
    where = f"Cannot read input {tensor.name!r}"
    if tensor.datatype in RAW_ONLY:
        raise MessageError(f"{where}: the protocol has no contents for {tensor.datatype}. Send it raw.")
    if tensor.datatype not in _FIELD:
        raise MessageError(f"{where}: its datatype is {tensor.datatype!r}. Take one of {', '.join(_FIELD)}, FP16.")
    kind = _FIELD[tensor.datatype]
    others = [field.name for field, _ in tensor.contents.ListFields() if field.name != kind]
    if others:
        raise MessageError(f"{where}: its contents are in {others[0]}. Put {tensor.datatype} into {kind}.")
    items = getattr(tensor.contents, kind)
    count = math.prod(tensor.shape)
    if len(items) != count:
        shape = list(tensor.shape)
        raise MessageError(f"{where}: it has {len(items)} elements and its shape {shape} has {count}. Make them agree.")
    if tensor.datatype == "BYTES":
        return bytes_tensor(items)
    try:
        return np.fromiter(items, NUMPY[tensor.datatype], len(items)).tobytes()
    except OverflowError as error:
        raise MessageError(f"{where}: {error}. Send numbers that {tensor.datatype} holds.") from None


def _wanted(output: Any) -> dict[str, Any]:
    return {"name": output.name, "parameters": {**_parameters(output.parameters), "binary_data": True}}


def _parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters by name, without those that say how bytes travel."""
    return {
        name: getattr(parameter, parameter.WhichOneof("parameter_choice"))
        for name, parameter in parameters.items()
        if not name.startswith("binary_data") and parameter.WhichOneof("parameter_choice")
    }


def _set_parameters(target: Any, parameters: dict[str, Any]) -> None:
    for name, value in parameters.items():
        if isinstance(value, bool):
            target[name].bool_param = value
        elif isinstance(value, int):
            target[name].int64_param = value
        elif isinstance(value, float):
            target[name].double_param = value
        elif isinstance(value, str):
            target[name].string_param = value


def _outputs(body: bytes, content_type: str) -> tuple[list[Output], dict[str, Any]]:
    """Return the tensors and parameters of an answer."""
    size = _HEADER_BYTES.search(content_type)
    start = int(size[1]) if size else len(body)
    head = orjson.loads(memoryview(body)[:start])
    outputs = []
    for output in head["outputs"]:
        parameters = dict(output.get("parameters") or {})
        length = parameters.pop("binary_data_size", None)
        if length is None:
            data = _from_json(output)
        else:
            data = body[start : start + length]
            start += length
        outputs.append(Output(output["name"], output["datatype"], output["shape"], parameters, data))
    return outputs, dict(head.get("parameters") or {})


def _from_json(output: dict[str, Any]) -> bytes:
    """Return the bytes of a tensor that came as JSON; null there is NaN."""
    if output["datatype"] == "BYTES":
        return bytes_tensor(str(item).encode() for item in np.asarray(output["data"], dtype=object).ravel())
    return np.asarray(output["data"], dtype=NUMPY[output["datatype"]]).tobytes()


def _values(output: Output) -> list[Any]:
    """Return the elements of a tensor, flat."""
    if output.datatype != "BYTES":
        values: list[Any] = np.frombuffer(output.data, NUMPY[output.datatype]).tolist()
        return values
    return _items(output.data)


def _items(data: bytes) -> list[bytes]:
    """Return the items of a BYTES tensor."""
    items = []
    start = 0
    while start < len(data):
        (length,) = struct.unpack_from("<I", data, start)
        items.append(data[start + 4 : start + 4 + length])
        start += 4 + length
    return items
