"""Answers that are errors: their status, their words, and the forms of the protocols."""

from __future__ import annotations

from math import ceil

import orjson

from workbench.serving.dataplane.request import Answer

_MLFLOW_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    404: "RESOURCE_DOES_NOT_EXIST",
    429: "REQUEST_LIMIT_EXCEEDED",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RequestError(Exception):
    """A request that gets an error for an answer.

    Args:
        status: HTTP's.
        message: "Cannot X: Y is Z. Do W."
        retry_after_s: When it is worth to come again; None says nothing of it.
        headers: More headers of the answer.
    """

    def __init__(
        self, status: int, message: str, *, retry_after_s: float | None = None, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(min(3600, max(1, ceil(retry_after_s))))
        if status == 401:
            self.headers["WWW-Authenticate"] = "Bearer"

    def answer(self, route: str = "") -> Answer:
        """The answer, in the form of the route's protocol."""
        if route == "invocations":
            body = {"error_code": _MLFLOW_CODES.get(self.status, "BAD_REQUEST"), "message": self.message}
        else:
            body = {"error": self.message}
        return Answer(self.status, orjson.dumps(body), headers=dict(self.headers))
