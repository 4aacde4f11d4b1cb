"""Real models behind the replica's own codec, as the data plane answers, without a cluster."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import numpy as np
import orjson

from workbench.records.endpoints import Limits, RouteTable
from workbench.serving.dataplane.endpoint import ServedEndpoint
from workbench.serving.dataplane.request import Answer, Request
from workbench.serving.replica.codecs.codecs import Codec, join
from workbench.serving.replica.codecs.encode import normal
from workbench.serving.replica.codecs.refusals import RefusedError, error_body

TOKEN = "wb-a-token-that-nobody-else-has"
LIMITS = Limits(max_body=2**20)


class Model:
    """A model as an endpoint has it: what it takes, and what computes."""

    def __init__(self, schema: dict[str, Any], predict: Callable[[Any], Any], *, takes_json: bool = False) -> None:
        self.schema = {"outputs": None, "example": None, "flavor": "sklearn", "streams": False, **schema}
        self.predict = predict
        self.codec = Codec(self.schema, takes_json=takes_json, model="small", version="1")


class SmallPlane:
    """Answers for endpoints of such models, by endpoint and model."""

    def __init__(self, endpoints: dict[str, dict[str, Model]]) -> None:
        self._endpoints = endpoints
        self.refusals: list[Answer] = []
        """What the next requests get for an answer."""
        self.asked: list[Request] = []

    def schemas(self, name: str, version: str | None = None) -> dict[str, dict[str, Any]]:
        if name not in self._endpoints or version not in (None, "1"):
            return {}
        return {model: each.schema for model, each in self._endpoints[name].items()}

    def endpoint(self, name: str) -> ServedEndpoint | None:
        tokens = {"first": hashlib.sha256(TOKEN.encode()).hexdigest()}
        table = RouteTable(name, {"1": 100.0}, tokens=tokens, limits=LIMITS)
        return ServedEndpoint(table, {}) if name in self._endpoints else None

    async def ask(self, request: Request) -> Answer:
        self.asked.append(request)
        if self.refusals:
            return self.refusals.pop(0)
        model = self._endpoints.get(request.endpoint, {}).get(request.model or request.endpoint)
        if model is None or request.version not in (None, "1"):
            return self._refuse(request, 404, f"Cannot find {request.endpoint!r}.")
        if request.token != TOKEN:
            return self._refuse(request, 401, "Cannot ask: the token is not known.")
        if len(request.body) > LIMITS.max_body:
            return self._refuse(request, 413, "Cannot ask: the body is too long.")
        try:
            return self._answer(model, request)
        except RefusedError as error:
            body = error_body(request.route, error.status, str(error), error.field)
            return Answer(error.status, body, headers={"X-Workbench-Version": "1"})

    def _answer(self, model: Model, request: Request) -> Answer:
        decoded = model.codec.decode(
            request.route if request.route == "infer" else "predict", request.content_type, request.body
        )
        prediction = model.predict(join([decoded.data]))
        headers = {"X-Workbench-Version": "1"}
        if model.schema["streams"] and "ndjson" in request.accept:
            return Answer(200, b"", "application/x-ndjson", headers, _parts(prediction))
        prediction = list(prediction) if model.schema["streams"] else normal(prediction)
        kind, body = model.codec.encode(request.route, request.accept, decoded.infer, prediction)
        return Answer(200, body, kind, headers)

    def _refuse(self, request: Request, status: int, message: str) -> Answer:
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return Answer(status, error_body(request.route, status, message), headers=headers)


async def _parts(items: Iterator[Any]) -> AsyncIterator[bytes]:
    for item in items:
        yield orjson.dumps(item, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n"


def iris_model() -> Model:
    """scikit-learn's classifier of four floats."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    x, y = load_iris(return_X_y=True)
    fitted = LogisticRegression(max_iter=500).fit(x, y)
    inputs = [{"name": "inputs", "dtype": "float64", "shape": [-1, 4]}]
    example = orjson.dumps({"inputs": x[:2].tolist()}).decode()
    return Model(
        {"inputs": inputs, "is_columns": False, "example": example},
        lambda data: fitted.predict(np.clip(data, -1e6, 1e6)),
    )


def table_model() -> Model:
    """A model of columns of several types that gives a table."""
    import pandas as pd

    words = {"size": "float64", "count": "int64", "kind": "str", "is_new": "bool"}
    inputs = [{"name": name, "dtype": word, "shape": [-1]} for name, word in words.items()]
    inputs[-1]["optional"] = True

    def predict(frame: Any) -> Any:
        return pd.DataFrame({"price": frame["size"].fillna(0.0).clip(-1e9, 1e9) + 1.0, "kind": frame["kind"]})

    return Model({"inputs": inputs, "is_columns": True}, predict)


def counting_model() -> Model:
    """A model that yields."""
    inputs = [{"name": "n", "dtype": "int64", "shape": [-1]}]
    schema = {"inputs": inputs, "is_columns": False, "streams": True}
    return Model(schema, lambda data: ({"at": at} for at in range(int(data[0]))))


def echo_model(dtype: str) -> Model:
    """A model that gives back the tensor that it got."""
    inputs = [{"name": "x", "dtype": dtype, "shape": [-1, 2]}]
    outputs = [{"name": "y", "dtype": dtype, "shape": [-1, 2]}]
    return Model({"inputs": inputs, "outputs": outputs, "is_columns": False}, lambda data: data.astype(dtype))
