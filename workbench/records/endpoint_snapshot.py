"""An endpoint as it is now: its versions, their figures, its tokens. Times are seconds since the epoch."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from typing_extensions import TypedDict

from workbench.records.endpoints import Limits, ServedModel, ServingOptions, VersionState
from workbench.records.wire import SentAs

Fields = dict[str, Any]
StateWord = Annotated[str, SentAs(VersionState)]


class RecentFigures(TypedDict):
    """Figures by time: a point every 5 s, for ten minutes at most.

    Attributes:
        t: The end of each point's 5 s.
        rate: Requests per second.
        errors: Failures of the model and time-outs.
        queue: The longest queue.
        replicas: The most replicas that answered.
        batch: Rows computed together, on average.
        cache_hits: Requests that the cache answered.
    """

    t: list[float]
    rate: list[float]
    errors: list[int]
    p50_ms: list[float | None]
    p95_ms: list[float | None]
    p99_ms: list[float | None]
    queue: list[int]
    replicas: list[int]
    batch: list[float | None]
    cache_hits: list[int]


class VersionFigures(TypedDict):
    """What a version did.

    Attributes:
        requests: All requests so far.
        errors: Failures of the model and time-outs, all so far.
        rejected: Requests answered with 429, all so far.
        unavailable: Requests answered with 503, all so far.
        rate: Requests per second in the last minute.
        error_rate: The share of requests that failed in the last minute.
        p50_ms: The median latency in the last minute.
        p95_ms: The 95th percentile of the latency in the last minute.
        p99_ms: The 99th percentile of the latency in the last minute.
        batch_mean: Rows computed together, on average, in the last minute.
        cache_hits: Requests that the cache answered, all so far.
        recent: Figures of the last ten minutes.
    """

    requests: int
    errors: int
    rejected: int
    unavailable: int
    rate: float
    error_rate: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    batch_mean: float | None
    cache_hits: int
    recent: RecentFigures


class EndpointStats(VersionFigures):
    """The figures of a version, and how it is now.

    Attributes:
        queue: Requests that wait for a replica now.
        ongoing: Requests that are being answered now.
        replicas: Replicas that answer now.
    """

    queue: int
    ongoing: int
    replicas: int


class VersionFailure(TypedDict):
    """Why a version did not come up.

    Attributes:
        message: One sentence.
        traceback: The model's own frames, or an empty string.
    """

    message: str
    traceback: str


class ReplicaCounts(TypedDict):
    """How many replicas answer, how many there should be, and the bounds of that."""

    running: int
    target: int
    min: int
    max: int


class VersionSnapshot(TypedDict):
    """A version of an endpoint as it is now.

    Attributes:
        label: The version's label.
        models: The models that it serves.
        state: The version's state.
        is_settled: Whether it has got its traffic.
        message: What it waits for, in words.
        weight: Percent of the requests.
        is_shadow: Whether it gets a copy of each request.
        replicas: Counts of its replicas.
        options: The options that it was published with; values of environment variables are left out.
        published_at: When it was published.
        failure: Why it did not come up; null where it did.
        history_run: The MLflow run that keeps its figures, or an empty string.
        stats: Its figures.
    """

    label: str
    models: list[Annotated[Fields, SentAs(ServedModel)]]
    state: StateWord
    is_settled: bool
    message: str
    weight: float
    is_shadow: bool
    replicas: ReplicaCounts
    options: Annotated[Fields, SentAs(ServingOptions)]
    published_at: float
    failure: VersionFailure | None
    history_run: str
    stats: EndpointStats


class CanarySnapshot(TypedDict):
    """A new version on trial.

    Attributes:
        version: The version's label.
        steps: Percent of the requests that it gets, one step after the other.
        step: The step that it is at, from 0.
        since: When that step began.
        for_s: The shortest time of a step, seconds.
        min_requests: Requests that it must have answered in a step.
        max_slowdown: Its p95 may be so many times the champion's.
        max_more_errors: Its share of errors may be so much higher.
        verdict: The last judgement, in words.
        base: Requests and errors by version when the step began.
        requests: Requests in this step so far.
    """

    version: str
    steps: list[float]
    step: int
    since: float
    for_s: float
    min_requests: int
    max_slowdown: float
    max_more_errors: float
    verdict: str
    base: dict[str, list[int]]
    requests: int


class ShadowFigures(TypedDict):
    """What a shadow version did.

    Attributes:
        requests: Requests that were copied to it.
        agreement: The share of its answers that are equal; null before the first.
    """

    requests: int
    agreement: float | None


class ShadowSnapshot(ShadowFigures):
    """A version that gets a copy of each request.

    Attributes:
        version: The version's label.
    """

    version: str


class EndpointEvent(TypedDict):
    """Something that happened to an endpoint, in words."""

    t: float
    text: str


class TokenRow(TypedDict):
    """A token of an endpoint by its label; never the token itself.

    Attributes:
        label: The token's label.
        created_at: When it was made.
        last_used_at: When it was last used; null for never.
    """

    label: str
    created_at: float
    last_used_at: float | None


class ModelField(TypedDict):
    """An input or output of a model.

    Attributes:
        name: The field's name.
        dtype: NumPy's name for the type, as ``float64`` or ``str``.
        shape: The shape; -1 is any length.
        optional: Whether it may be left out, or hold null.
    """

    name: str
    dtype: str
    shape: list[int]
    optional: NotRequired[bool]


class ModelSchema(TypedDict):
    """What a model takes and gives.

    Attributes:
        inputs: The model's inputs.
        outputs: The model's outputs; null where they are not known.
        is_columns: Whether the inputs are the columns of a table.
        example: The JSON body of a request that the model answers; null where none is known.
        flavor: The MLflow flavor that answers.
        streams: Whether it answers bit by bit.
    """

    inputs: list[ModelField]
    outputs: list[ModelField] | None
    is_columns: bool
    example: str | None
    flavor: str
    streams: bool


class EndpointSnapshot(TypedDict):
    """An endpoint as it is now.

    Attributes:
        name: The endpoint's name.
        url: Its address for HTTP.
        grpc_url: Its address for gRPC, ``host:port``, or an empty string.
        state: The state of the version with the most traffic.
        message: What that version waits for, in words.
        models: Names of the models that it serves.
        versions: The versions, oldest first.
        canary: The version on trial; null for none.
        shadow: The shadow version; null for none.
        can_roll_back: Whether there is something to go back to.
        rolls_back_to: Percent of the requests by version after rolling back; null where there is nothing to go back to.
        events: What happened, the newest first.
        tokens: The endpoint's tokens by label.
        limits: What a client may ask, and how much is kept.
        schemas: What the models take and give, by model.
        notebook: The notebook that published it last, or an empty string.
        state_dir: ``.workbench/`` of the project that published it.
    """

    name: str
    url: str
    grpc_url: str
    state: StateWord
    message: str
    models: list[str]
    versions: list[VersionSnapshot]
    canary: CanarySnapshot | None
    shadow: ShadowSnapshot | None
    can_roll_back: bool
    rolls_back_to: dict[str, float] | None
    events: list[EndpointEvent]
    tokens: list[TokenRow]
    limits: Annotated[Fields, SentAs(Limits)]
    schemas: dict[str, ModelSchema]
    notebook: str
    state_dir: str


class Gateway(TypedDict):
    """Where the gateway listens.

    Attributes:
        state: ``up``; ``down`` where there is no cluster or nothing is published; ``lost`` where it does not answer.
        url: The gateway's address, or an empty string.
        message: Why it is not up, in words.
    """

    state: Literal["up", "down", "lost"]
    url: str
    message: str


class GatewayOverview(TypedDict):
    """The gateway and the endpoints that it runs."""

    gateway: Gateway
    endpoints: list[EndpointSnapshot]


class EndpointsOverview(GatewayOverview):
    """The gateway and all endpoints.

    Attributes:
        asleep: Names of endpoints that were published and do not run.
    """

    asleep: list[str]
