"""Codecs of models as small as can be, for the tests of bodies."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from workbench.serving.content_types import JSON
from workbench.serving.replica.codecs.codecs import Codec, Decoded, join
from workbench.serving.replica.codecs.refusals import RefusedError


def tensor(dtype: str = "float64", shape: tuple[int, ...] = (-1, 2), name: str = "inputs") -> dict[str, Any]:
    return {"name": name, "dtype": dtype, "shape": list(shape)}


def codec(*inputs: dict[str, Any], is_columns: bool = False, takes_json: bool = False) -> Codec:
    schema = {"inputs": list(inputs), "outputs": None, "is_columns": is_columns, "example": None}
    return Codec(schema, takes_json=takes_json, model="end", version="3")


def table(**columns: str) -> Codec:
    return codec(*(tensor(dtype, (-1,), name) for name, dtype in columns.items()), is_columns=True)


MATRIX = codec(tensor())
TOWNS = table(size="float64", rooms="int64", town="str")


def decode(of: Codec, body: Any, kind: str = JSON, route: str = "predict") -> Decoded:
    return of.decode(route, kind, body if isinstance(body, bytes) else orjson.dumps(body))


def frame(of: Codec, *bodies: Any) -> Any:
    return join([decode(of, body).data for body in bodies])


def error_of(of: Codec, body: Any, kind: str = JSON, route: str = "predict") -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        decode(of, body, kind, route)
    return caught.value
