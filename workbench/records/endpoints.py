"""The words of serving as plain records: they travel between kernel, gateway, replicas and files."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import Any


class VersionState(str, Enum):
    """Where one version of an endpoint stands."""

    STARTING = "starting"
    """Its first replica is being made, or loads the model."""
    LIVE = "live"
    IDLE = "idle"
    """Scaled to zero: the next request wakes it."""
    DEGRADED = "degraded"
    """Fewer replicas answer than there should be."""
    FAILED = "failed"
    """It did not load, or did not answer its health check; it never took traffic."""
    DRAINING = "draining"
    """It takes no more requests and ends when it has answered those that it has."""


@dataclass(frozen=True)
class ServedModel:
    """A model of a version.

    Attributes:
        name: Its registered name.
        number: Its version in the registry.
        uri: Where MLflow finds it, ``models:/digits/3``.
        run_id: The run that made it, an empty string where none did.
        files: The folder with its files, where that is known; else they are asked of the registry, which takes longer.
    """

    name: str
    number: int
    uri: str
    run_id: str = ""
    files: str = ""


@dataclass(frozen=True)
class ServingOptions:
    """What one version asks of the cluster, and how it answers.

    Attributes:
        min_replicas: So many at least; 0 lets it go to sleep.
        max_replicas: And so many at most.
        cpus: CPUs reserved for a replica; None, and the cluster decides, see :func:`workbench.publish`.
        gpus: GPUs for a replica, a fraction to share one.
        memory_mb: Memory reserved for a replica, MiB; None reserves none.
        slo_ms: How long an answer may take, batching included; None has no such goal.
        max_batch: Rows computed together, at most.
        max_queue: Requests that wait for a replica, per replica; more are answered with 429.
        timeout_s: A request that takes longer is answered with 504.
        idle_s: With ``min_replicas=0``, how long after the last request the last replica is ended.
        target_queue: Requests in flight per replica beyond which another replica is started.
        max_models: With several models, how many a replica holds at a time.
        env: ``"cluster"`` for the packages of the cluster, ``"pinned"`` for those that the model was logged with.
        env_vars: Environment variables of the replicas.
        requirements: Packages of a pinned environment.
    """

    min_replicas: int = 1
    max_replicas: int = 1
    cpus: float | None = None
    gpus: float = 0.0
    memory_mb: int | None = None
    slo_ms: float | None = None
    max_batch: int = 64
    max_queue: int = 256
    timeout_s: float = 60.0
    idle_s: float = 300.0
    target_queue: float = 8.0
    max_models: int = 3
    env: str = "cluster"
    env_vars: dict[str, str] = field(default_factory=dict)
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True)
class Limits:
    """What a client may ask of an endpoint, and how much of it is kept.

    Attributes:
        max_body: Bytes of a request's body; more are answered with 413.
        rate: Requests per second and token, None for any number; more are answered with 429.
        cache: How many answers are kept for requests that come again; 0 keeps none.
        samples: How many requests of each version are kept with their answers; 0 keeps none.
    """

    max_body: int = 16 * 2**20
    rate: float | None = None
    cache: int = 0
    samples: int = 100


@dataclass(frozen=True)
class RouteTable:
    """How the gateway routes an endpoint's requests; replaced as a whole.

    Attributes:
        name: The endpoint's.
        weights: Percent of the requests by version; versions without traffic may be left out.
        shadow: A version that gets a copy of each request and whose answers nobody sees.
        tokens: SHA-256 of each token (hex) by its label.
        limits: Of each client, and of what is kept.
    """

    name: str
    weights: dict[str, float]
    shadow: str | None = None
    tokens: dict[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Version:
    """One version of an endpoint: models, options, and the Serve application that runs them.

    Attributes:
        label: The registry's number for an endpoint of one model; a count where there are several.
        app: The Serve application.
        models: What it serves.
        options: How.
        published_at: Seconds since the epoch.
        history_run: The MLflow run that keeps its figures.
    """

    label: str
    app: str
    models: tuple[ServedModel, ...]
    options: ServingOptions = field(default_factory=ServingOptions)
    published_at: float = 0.0
    history_run: str = ""

    def with_options(self, **changes: Any) -> Version:
        """The same with other options."""
        return replace(self, options=replace(self.options, **changes))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Version:
        """What :meth:`to_json` gave."""
        models = tuple(ServedModel(**model) for model in data["models"])
        options = {**data["options"], "requirements": tuple(data["options"]["requirements"])}
        return cls(**{**data, "models": models, "options": ServingOptions(**options)})

    def to_json(self) -> dict[str, Any]:
        """As dictionaries."""
        return asdict(self)


@dataclass
class Canary:
    """A version on trial.

    Attributes:
        version: Which.
        steps: Percent of the traffic that it gets, one after the other; after the last it gets all.
        step: The step that it is at.
        since: When that began, seconds since the epoch.
        for_s: How long a step lasts at least.
        min_requests: How many requests it must have answered in a step.
        max_slowdown: Its p95 may be so many times the champion's.
        max_more_errors: And its share of errors may be so much higher.
        verdict: What the judge said last.
        base: Requests and errors by version when the step began.
    """

    version: str
    steps: list[float]
    step: int = 0
    since: float = 0.0
    for_s: float = 60.0
    min_requests: int = 100
    max_slowdown: float = 1.5
    max_more_errors: float = 0.01
    verdict: str = ""
    base: dict[str, list[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """What a publisher asks for.

    Attributes:
        name: The endpoint's.
        state_dir: ``.workbench/`` of the project.
        tracking_uri: Where the models are registered.
        artifact_dir: Of an embedded store.
        models: What to serve.
        given: How, as far as the publisher said: fields of :class:`ServingOptions`.
        usual: How otherwise, where the endpoint has no version to go by.
        notebook: The notebook that asks.
        digest: SHA-256 of the token that the endpoint is to begin with.
        alias: What the version is called once it has all of the traffic.
        traffic: ``all``, ``canary``, ``shadow``, or ``none`` for a version that waits for its traffic.
        canary: With ``canary``, what it has to show.
        limits: Of clients and of what is kept, those that are to change.
    """

    name: str
    state_dir: str
    tracking_uri: str
    artifact_dir: str | None
    models: tuple[ServedModel, ...]
    given: dict[str, Any]
    usual: ServingOptions
    notebook: str = ""
    digest: str = ""
    alias: str = ""
    traffic: str = "all"
    canary: Canary | None = None
    limits: dict[str, Any] = field(default_factory=dict)
