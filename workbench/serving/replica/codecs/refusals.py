"""Requests that are answered with an error, in the form of each protocol."""

from __future__ import annotations

from typing import Any

import orjson


class RefusedError(Exception):
    """Raised for a request that the model cannot answer.

    Args:
        message: "Cannot predict: X is Y. Do Z.", for the client.
        field: The part of the request that is wrong, None for the whole.
        status: The HTTP status.
    """

    def __init__(self, message: str, *, field: str | None = None, status: int = 400) -> None:
        super().__init__(message)
        self.field = field
        self.status = status


def error_body(route: str, status: int, message: str, field: str | None = None) -> bytes:
    """Return an error as JSON: MLflow's form for ``invocations``, ``{"error", "field"}`` for all others."""
    if route == "invocations":
        code = "BAD_REQUEST" if status < 500 else "INTERNAL_ERROR"
        return orjson.dumps({"error_code": code, "message": message})
    answer: dict[str, Any] = {"error": message}
    if field is not None:
        answer["field"] = field
    return orjson.dumps(answer)
