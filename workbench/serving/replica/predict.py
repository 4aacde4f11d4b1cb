"""Prediction of a batch: each request gets an answer of its own, also where some fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from workbench.serving.content_types import JSON
from workbench.serving.replica.batching import QueuedRequest
from workbench.serving.replica.codecs.codecs import join
from workbench.serving.replica.codecs.encode import RowsDifferError, normal, split
from workbench.serving.replica.codecs.refusals import RefusedError, error_body
from workbench.serving.replica.codecs.tables import InputTable
from workbench.serving.replica.loading import ModelLoadError
from workbench.serving.replica.model_cache import CachedModel
from workbench.serving.replica.tracebacks import in_short, own_traceback

_USERS = ("function", "pyfunc")  # user code may change its input in place


@dataclass(slots=True)
class Reply:
    """The answer to one request.

    Attributes:
        request: The request.
        status: The HTTP status.
        content_type: The body's content type.
        body: The bytes.
        value: The prediction itself, for a Serve handle.
        error: The exception, for a Serve handle.
        timing: Rows, rows of its batch, milliseconds it waited, milliseconds of the model.
    """

    request: QueuedRequest
    status: int
    content_type: str
    body: bytes
    value: Any = None
    error: BaseException | None = None
    timing: tuple[int, int, float, float] = (0, 0, 0.0, 0.0)


def compute(
    batch: list[QueuedRequest], cached: CachedModel, log: Callable[[str], None]
) -> tuple[list[Reply], float | None]:
    """Answer a batch, one request at a time where together they fail.

    Args:
        batch: Requests that can be computed together.
        cached: The model.
        log: Called with a traceback.

    Returns:
        The replies, and the milliseconds of the whole batch where it was computed as one.
    """
    if cached.runs_alone and len(batch) > 1:
        return _one_by_one(batch, cached, log), None
    began = perf_counter()
    rows = [request.decoded.rows for request in batch]
    parts = _predict(batch, rows, cached)
    if isinstance(parts, Exception):
        if len(batch) > 1:
            return _one_by_one(batch, cached, log), None
        return [_failed(batch[0], parts, cached, log, began)], None
    ms = (perf_counter() - began) * 1e3
    total = sum(rows)
    replies = []
    for request, part in zip(batch, parts, strict=True):
        reply = _encoded(request, part, cached)
        reply.timing = (request.decoded.rows, total, max(0.0, (began - request.arrived) * 1e3), ms)
        replies.append(reply)
    return replies, ms


def refused(request: QueuedRequest, error: RefusedError) -> Reply:
    """Return the reply to a request that the model cannot answer."""
    body = error_body(request.route, error.status, str(error), error.field)
    return Reply(request, error.status, JSON, body, error=error)


def _one_by_one(batch: list[QueuedRequest], cached: CachedModel, log: Callable[[str], None]) -> list[Reply]:
    return [reply for request in batch for reply in compute([request], cached, log)[0]]


def _predict(batch: list[QueuedRequest], rows: list[int], cached: CachedModel) -> list[Any] | Exception:
    """Return each request's part of the prediction, or the exception that the model raised."""
    try:
        is_users = cached.model.schema["flavor"] in _USERS
        data = join([request.decoded.data for request in batch], is_writeable=is_users)
        found = cached.model.call(data, batch[0].decoded.params)
        if len(batch) > 1 and _is_outputs(found):
            cached.runs_alone = True
            raise RowsDifferError
        if cached.model.is_generator:
            found = list(found)
        return _parts(normal(found), rows, cached)
    except Exception as error:
        return error


def _is_outputs(value: Any) -> bool:
    """Return whether a value is several outputs rather than an item per row; both may have as many items."""
    if isinstance(value, tuple):
        return True
    return isinstance(value, list) and any(len(getattr(item, "shape", ())) > 0 for item in value)


def _parts(value: Any, rows: list[int], cached: CachedModel) -> list[Any]:
    if cached.model.takes_json or cached.model.is_generator or (not cached.model.schema["inputs"] and len(rows) == 1):
        return [value]
    try:
        return split(value, rows)
    except RowsDifferError:
        if len(rows) == 1:
            return [value]  # a model may answer a whole table with one number
        raise


def _encoded(request: QueuedRequest, part: Any, cached: CachedModel) -> Reply:
    if request.future is not None:
        return Reply(request, 200, JSON, b"", value=part)
    try:
        content_type, body = cached.codec.encode(request.route, request.accept, request.decoded.infer, part)
    except RefusedError as error:
        return refused(request, error)
    except Exception as error:
        return refused(request, RefusedError(f"Cannot answer: the prediction has no such form: {error}.", status=500))
    return Reply(request, 200, content_type, body)


def _failed(
    request: QueuedRequest, error: Exception, cached: CachedModel, log: Callable[[str], None], began: float
) -> Reply:
    if isinstance(error, RefusedError):
        return refused(request, error)
    if not isinstance(error, ModelLoadError) and _has_nan(request.decoded.data):
        found = RefusedError(f"Cannot predict: the input has NaN, and the model raised {in_short(error)}.")
        return refused(request, found)
    if _is_mlflows_refusal(error, cached):
        return refused(request, RefusedError(f"Cannot predict: {getattr(error, 'message', error)}"))
    log(own_traceback(error))
    body = error_body(request.route, 500, in_short(error))
    ms = (perf_counter() - began) * 1e3
    rows = request.decoded.rows
    timing = (rows, rows, max(0.0, (began - request.arrived) * 1e3), ms)
    return Reply(request, 500, JSON, body, error=error, timing=timing)


def _is_mlflows_refusal(error: Exception, cached: CachedModel) -> bool:
    """Return whether MLflow refused the input of a model whose types or parameters it checks itself."""
    if cached.model.schema["flavor"] != "pyfunc":
        return False
    from mlflow.exceptions import MlflowException

    return isinstance(error, MlflowException) and error.error_code in ("INVALID_PARAMETER_VALUE", "BAD_REQUEST")


def _has_nan(data: Any) -> bool:
    if isinstance(data, InputTable):
        arrays = [data.column(at) for at in range(len(data.names))]
    else:
        arrays = list(data.values()) if isinstance(data, dict) else [data]
    return any(isinstance(each, np.ndarray) and each.dtype.kind == "f" and np.isnan(each).any() for each in arrays)
