"""A request, freed of its protocol, and its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from workbench.serving.content_types import JSON


@dataclass(slots=True)
class Request:
    """A client's request.

    Attributes:
        endpoint: The endpoint's name.
        route: ``predict``, ``invocations``, ``infer`` or ``stream``.
        body: The bytes; only a replica decodes them.
        content_type: The body's content type.
        accept: The content types that the answer may have, an empty string for any.
        model: The model's name where the endpoint has several, else an empty string.
        version: The only version that may answer; None lets the traffic's weights choose.
        token: The bearer token, None where none came.
        key: Requests of the same key go to the same version while the weights stay; an empty string for any.
    """

    endpoint: str
    route: str
    body: bytes
    content_type: str = JSON
    accept: str = ""
    model: str = ""
    version: str | None = None
    token: str | None = None
    key: str = ""


@dataclass(slots=True)
class Answer:
    """The answer to a request.

    Attributes:
        status: The HTTP status.
        body: The bytes.
        content_type: The body's content type.
        headers: Further headers, such as ``Retry-After``.
        parts: The parts that follow the body, where a model yields its answer.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    parts: AsyncIterator[bytes] | None = None
