"""The exception of a request that is answered with an error, in the forms of the protocols."""

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
    """Raised when a request gets an error for an answer.

    Args:
        status: The HTTP status.
        message: "Cannot X: Y is Z. Do W."
        retry_after_s: The seconds to wait before the next try, None where there is nothing to wait for.
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
        """Return the answer, in the form of the route's protocol."""
        if route == "invocations":
            body = {"error_code": _MLFLOW_CODES.get(self.status, "BAD_REQUEST"), "message": self.message}
        else:
            body = {"error": self.message}
        return Answer(self.status, orjson.dumps(body), headers=dict(self.headers))
