"""The OpenAPI description of an endpoint, with its models' own schemas."""

from __future__ import annotations

from typing import Any

import orjson

from workbench.records.endpoint_snapshot import ModelSchema
from workbench.records.endpoints import Limits
from workbench.serving.content_types import ARROW, CSV, EVENTS, JSON, LINES, NPY
from workbench.serving.protocols import openapi_schemas as body
from workbench.serving.protocols.swagger_ui import docs
from workbench.settings import package_version

__all__ = ["docs", "openapi"]

_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_WHY = {
    "400": "The body is malformed, or not what the model takes; `field` says what of it.",
    "401": "No token, or not one of this endpoint's.",
    "404": "No such endpoint, model or version.",
    "405": "Another method than this one.",
    "411": "The body's length is not said.",
    "413": "The body is longer than {limit} bytes.",
    "415": "The body's type is none of those here.",
    "429": "Too many requests for this token, or too many that wait.",
    "500": "The model raised an error.",
    "503": "No replica is up.",
    "504": "The model took too long.",
}
_WAITS = ("429", "503")
_ROWS = "JSON Schema cannot say that lengths agree: where they must, a row or two are described; more go the same way."


def openapi(
    name: str, schemas: dict[str, ModelSchema], base_url: str, limits: Limits, *, with_examples: bool = False
) -> dict[str, Any]:
    """Return an endpoint's description, OpenAPI 3.1.

    Args:
        name: The endpoint's name.
        schemas: The schemas of its models by name, as replicas send them; see ``replica_protocol``.
        base_url: The endpoint's own address, ``http://127.0.0.1:8765/digits``.
        limits: The limits on each client.
        with_examples: Whether to show the examples saved with the models: rows of real data, for those who have a
            token. Else examples are made up of zeros.
    """
    paths: dict[str, Any] = {}
    for model, schema in schemas.items():
        is_only = len(schemas) == 1
        before = "" if is_only else f"/models/{model}"
        protocol_name = name if is_only else f"{name}.{model}"
        if not with_examples:
            schema = {**schema, "example": None}
        paths.update(_model_paths(model, schema, before, protocol_name, limits))
    paths.update(_state_paths())
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Endpoint {name}", "version": package_version(), "description": _ROWS},
        "servers": [{"url": base_url or "."}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {"Error": _error(), "ScoringError": _scoring_error()},
        },
    }


def _model_paths(model: str, schema: ModelSchema, before: str, protocol_name: str, limits: Limits) -> dict[str, Any]:
    """Return the paths of one model."""
    example = _example(schema)
    described = f"/v2/models/{protocol_name}"
    predict = _post(model, "Predict", body.predict_body(schema), body.predictions(schema), limits, example)
    scoring = example if isinstance(example, dict) else body.predict_example(schema)
    score = _post(
        model, "Predict as MLflow's scoring protocol", body.invocations_body(schema), body.predictions(schema), limits,
        scoring, error="ScoringError",
    )  # fmt: skip
    infer = _post(
        model, "Predict by the Open Inference Protocol", body.infer_body(schema), body.inferences(), limits,
        body.infer_example(schema),
    )  # fmt: skip
    infer["responses"]["200"]["content"]["application/octet-stream"] = _BINARY
    for operation in (predict, score):
        operation["requestBody"]["content"].update(_other_bodies(schema))
        operation["responses"]["200"]["content"].update(_other_answers(schema))
    return {
        f"{before}/predict": {"post": predict},
        f"{before}/invocations": {"post": score},
        f"{described}/infer": {"post": infer},
        described: {"get": _get(model, "What the model takes and gives", "401", "404", "405", "503")},
        f"{described}/ready": {"get": _get(model, "Whether the model is ready", "404", "405", "503", is_open=True)},
    }


def _post(
    model: str, summary: str, takes: Any, gives: Any, limits: Limits, example: Any, *, error: str = "Error"
) -> dict[str, Any]:
    """Return an operation that asks a model."""
    answer = {
        "description": "What the model says.",
        "headers": {"X-Workbench-Version": {"description": "Which version answered.", "schema": {"type": "string"}}},
        "content": {JSON: {"schema": gives}},
    }
    sent = {"schema": takes} if example is None else {"schema": takes, "example": example}
    return {
        "tags": [model],
        "summary": summary,
        "requestBody": {"required": True, "content": {JSON: sent}},
        "responses": {"200": answer, **_errors(*_WHY, limits=limits, schema=error)},
    }


def _get(tag: str, summary: str, *errors: str, is_open: bool = False) -> dict[str, Any]:
    """Return an operation that looks something up."""
    operation: dict[str, Any] = {
        "tags": [tag],
        "summary": summary,
        "responses": {"200": {"description": "So it is."}, **_errors(*errors)},
    }
    return {**operation, "security": []} if is_open else operation


def _state_paths() -> dict[str, Any]:
    """Return the paths for the endpoint's state."""
    states = {
        "/v2/health/live": "Whether the gateway is up",
        "/v2/health/ready": "Whether the endpoint answers",
        "/ping": "Whether the endpoint answers, as MLflow and SageMaker ask",
        "/health": "Whether the endpoint answers, as MLflow asks",
        "/version": "The versions of what serves",
    }
    return {
        path: {"get": _get("state", words, "401", "404", "405", "503", is_open=path != "/version")}
        for path, words in states.items()
    }


def _errors(*statuses: str, limits: Limits | None = None, schema: str = "Error") -> dict[str, Any]:
    described: dict[str, Any] = {}
    for status in statuses:
        why = _WHY[status].format(limit=limits.max_body if limits else "")
        answer = {"description": why, "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
        if status in _WAITS:
            seconds = {"description": "Seconds to wait.", "schema": {"type": "string"}}
            answer["headers"] = {"Retry-After": seconds}
        described[status] = answer
    return described


def _error() -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "error": {"type": "string", "description": "What cannot be done, why, and what to do."},
            "field": {"type": "string", "description": "The column, tensor or key to blame."},
        },
        "required": ["error"],
    }


def _scoring_error() -> dict[str, Any]:
    texts = {"error_code": {"type": "string"}, "message": {"type": "string"}}
    return {"type": "object", "properties": texts, "required": ["error_code", "message"]}


def _other_bodies(schema: ModelSchema) -> dict[str, Any]:
    """Return the bodies that are not JSON, described in words: JSON Schema cannot describe them."""
    names = ", ".join(tensor["name"] for tensor in schema["inputs"])
    binary = _BINARY["schema"]
    bodies: dict[str, Any] = {NPY: {"schema": {**binary, "description": "A file of numpy.save, without pickle."}}}
    if schema["is_columns"]:
        bodies[CSV] = {"schema": {"type": "string", "description": f"A header ({names}), then a row a line."}}
        bodies[ARROW] = {"schema": {**binary, "description": f"A table of Arrow's with the columns {names}."}}
    return bodies


def _other_answers(schema: ModelSchema) -> dict[str, Any]:
    """Return what the header Accept may ask for instead of JSON."""
    answers: dict[str, Any] = {NPY: _BINARY, CSV: {"schema": {"type": "string"}}, ARROW: _BINARY}
    if schema.get("streams"):
        words = {"type": "string", "description": "Each item that the model yields, when it yields it."}
        answers |= {EVENTS: {"schema": words}, LINES: {"schema": words}}
    return answers


def _example(schema: ModelSchema) -> Any:
    """Return the model's own example, else one made up."""
    example = schema.get("example")
    return orjson.loads(example) if example else body.predict_example(schema)
