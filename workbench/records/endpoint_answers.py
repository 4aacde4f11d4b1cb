"""Answers about endpoints. Times are seconds since the epoch."""

from __future__ import annotations

from typing_extensions import TypedDict

from workbench.records.endpoint_snapshot import EndpointSnapshot, Gateway, TokenRow
from workbench.records.wire import Measured


class EndpointDetail(EndpointSnapshot):
    """An endpoint as the panel shows it.

    Attributes:
        token_file: The file on the server with the token that the endpoint was published with, or an empty string.
    """

    token_file: str


class EndpointList(TypedDict):
    """The gateway and all endpoints as the panel shows them.

    Attributes:
        gateway: The gateway.
        endpoints: Endpoints that run.
        asleep: Names of endpoints that were published and do not run.
    """

    gateway: Gateway
    endpoints: list[EndpointDetail]
    asleep: list[str]


class EndpointName(TypedDict):
    """The name of an endpoint."""

    name: str


class EndpointNames(TypedDict):
    """Names of endpoints."""

    names: list[str]


class VersionHistory(TypedDict):
    """Figures of a version by minute, in columns; null where a minute has no figure.

    Attributes:
        t: The minutes in which somebody asked.
    """

    t: list[float]
    requests: list[Measured]
    errors: list[Measured]
    p50_ms: list[Measured]
    p95_ms: list[Measured]
    p99_ms: list[Measured]
    queue: list[Measured]
    replicas: list[Measured]
    batch_mean: list[Measured]
    cache_hits: list[Measured]


class EndpointHistory(TypedDict):
    """Figures by version."""

    versions: dict[str, VersionHistory]


class Sample(TypedDict):
    """A request and its answer.

    Attributes:
        t: When it was answered.
        status: The status of the answer.
        latency_ms: The time that it took.
        request: The request's body as text.
        answer: The answer's body as text.
    """

    t: float
    status: int
    latency_ms: float
    request: str
    answer: str


class SampleList(TypedDict):
    """Samples, oldest first."""

    samples: list[Sample]


class Attempt(TypedDict):
    """An answer to a request that was made to try an endpoint.

    Attributes:
        status: The status of the answer.
        body: The answer's body as text, cut at 100,000 characters.
        latency_ms: The time that it took.
        version: The version that answered, or an empty string.
        cached: Whether the cache answered.
    """

    status: int
    body: str
    latency_ms: float
    version: str
    cached: bool


class TokenList(TypedDict):
    """Tokens by label."""

    tokens: list[TokenRow]


class TokenLabel(TypedDict):
    """The label of a token."""

    label: str


class NewToken(TokenLabel):
    """A token that was made. No other answer has the token itself."""

    token: str
