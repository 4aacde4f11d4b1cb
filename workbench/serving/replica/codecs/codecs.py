"""The codec of one model: requests of any protocol to what the model takes, and what it returns to answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from workbench.records.endpoint_snapshot import ModelSchema
from workbench.serving.content_types import ARROW, CSV, JSON, NPY
from workbench.serving.replica.codecs.decode import Decoded, Decoder
from workbench.serving.replica.codecs.encode import encode, named
from workbench.serving.replica.codecs.oip import InferOptions, read_infer, write_infer
from workbench.serving.replica.codecs.refusals import RefusedError
from workbench.serving.replica.codecs.schema import Schema
from workbench.serving.replica.codecs.tables import InputTable, as_writeable, join_tables


class Codec:
    """Decodes requests to a model and encodes its answers.

    Args:
        schema: The model's schema; see :mod:`workbench.serving.replica_protocol`.
        takes_json: Whether it takes values of JSON as they are.
        model: The model's name in answers of the Open Inference Protocol.
        version: The version in these answers.
    """

    def __init__(self, schema: ModelSchema, *, takes_json: bool = False, model: str = "", version: str = "") -> None:
        self._schema = Schema(schema)
        self._decoder = Decoder(self._schema, takes_json=takes_json)
        self._model = model
        self._version = version

    def decode(self, route: str, content_type: str, body: bytes) -> Decoded:
        """Decode a request.

        Raises:
            RefusedError: It cannot be decoded; the message says why, ``field`` names the part that is wrong.
        """
        if route == "infer":
            tensors, params, options = read_infer(body, content_type)
            decoded = self._decoder.tensors(tensors, params=params or None)
            decoded.infer = options
            return decoded
        kind = JSON if content_type == JSON or not content_type else content_type.partition(";")[0].strip().lower()
        if kind == JSON:
            return self._decoder.json(body)
        if kind == CSV:
            return self._decoder.csv(body)
        if kind == NPY:
            return self._decoder.npy(body)
        if kind == ARROW:
            return self._decoder.arrow(body)
        raise RefusedError(
            f"Cannot read the body: its type is {content_type}. Send {JSON}, {CSV}, {NPY} or {ARROW}.",
            field="Content-Type",
            status=415,
        )

    def take(self, value: Any) -> Decoded:
        """Decode what a Python caller passes: rows, records, arrays or a DataFrame.

        Raises:
            RefusedError: As :meth:`decode`.
        """
        return self._decoder.value(value, is_bare=True)

    def encode(self, route: str, accept: str, infer: InferOptions | None, prediction: Any) -> tuple[str, bytes]:
        """Return content type and body of one request's part of a prediction.

        Raises:
            RefusedError: The prediction has no such form.
        """
        if route == "infer":
            outputs = named(prediction, self._schema.outputs)
            return write_infer(outputs, infer or InferOptions(), self._model, self._version)
        return encode(prediction, accept)


def join(parts: Sequence[Any], *, is_writeable: bool = False) -> Any:
    """Return the model's input: the data of one or more requests of the same key.

    Args:
        parts: The data of each request.
        is_writeable: Whether the model may write in it; bytes of a request cannot be written in.
    """
    first = parts[0]
    if isinstance(first, InputTable):
        return join_tables(parts, is_writeable=is_writeable)
    if len(parts) == 1:
        if is_writeable and isinstance(first, dict):
            return {name: as_writeable(part) for name, part in first.items()}
        return as_writeable(first) if is_writeable else first
    if isinstance(first, dict):
        return {name: np.concatenate([part[name] for part in parts]) for name in first}
    return np.concatenate(parts)


__all__ = ["Codec", "Decoded", "join"]
