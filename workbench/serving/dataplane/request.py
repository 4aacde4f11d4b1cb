"""A request as it came in over any protocol, and its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from workbench.serving.content_types import JSON


@dataclass(slots=True)
class Request:
    """What a client asks, freed of its protocol.

    Attributes:
        endpoint: Whom.
        route: ``predict``, ``invocations``, ``infer`` or ``stream``.
        body: The bytes, not looked at before a replica decodes them.
        content_type: Of the body.
        accept: What the answer may be, an empty string for anything.
        model: Which model of an endpoint that has several, else an empty string.
        version: The only version that may answer; None lets the traffic's weights choose.
        token: What came as bearer token, None where none came.
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
    """What goes back.

    Attributes:
        status: HTTP's.
        body: The bytes.
        content_type: Of the body.
        headers: More headers, as ``Retry-After``.
        parts: What follows the body bit by bit, where a model yields its answer.
    """

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    parts: AsyncIterator[bytes] | None = None
