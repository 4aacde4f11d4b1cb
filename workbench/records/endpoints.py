"""Records of serving, which travel between kernel, gateway, replicas and files."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any


class VersionState(str, Enum):
    """The state of a version of an endpoint."""

    STARTING = "starting"
    """Its first replica is being created, or loads the model."""
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
        name: The model's registered name.
        number: The model's version in the registry.
        uri: MLflow's name for it, ``models:/digits/3``.
        run_id: The run that made it, or an empty string.
        files: The folder with its files, or an empty string; the registry is asked for them then, which takes longer.
    """

    name: str
    number: int
    uri: str
    run_id: str = ""
    files: str = ""


@dataclass(frozen=True)
class ServingOptions:
    """The resources of a version, and how it answers.

    Attributes:
        min_replicas: The fewest replicas; 0 lets the version go to sleep.
        max_replicas: The most replicas.
        cpus: CPUs reserved for a replica; None lets the cluster decide, see :func:`workbench.publish`.
        gpus: GPUs for a replica; a fraction shares one.
        memory_mb: Memory reserved for a replica, MiB; None reserves none.
        slo_ms: The goal for the time of an answer, batching included; None for no goal.
        max_batch: The most rows computed together.
        max_queue: The most requests that wait for a replica; more are answered with 429.
        timeout_s: The longest time of a request; one that takes longer is answered with 504.
        idle_s: With ``min_replicas=0``, the seconds after the last request when the last replica ends.
        target_queue: Requests in flight per replica beyond which another replica starts.
        max_models: With several models, the most that a replica holds at a time.
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
    """What a client may ask of an endpoint, and how much is kept.

    Attributes:
        max_body: The most bytes of a request's body; more are answered with 413.
        rate: The most requests per second and token, None for any number; more are answered with 429.
        cache: The number of answers to keep for requests that come again; 0 keeps none.
        samples: The number of requests of each version to keep with their answers; 0 keeps none.
    """

    max_body: int = 16 * 2**20
    rate: float | None = None
    cache: int = 0
    samples: int = 100


@dataclass(frozen=True)
class RouteTable:
    """How the gateway routes an endpoint's requests; replaced as a whole.

    Attributes:
        name: The endpoint's name.
        weights: Percent of the requests by version; versions without traffic may be left out.
        shadow: A version that gets a copy of each request and whose answers nobody sees.
        tokens: SHA-256 of each token (hex) by its label.
        limits: What a client may ask, and how much is kept.
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
        models: The models that it serves.
        options: Its resources, and how it answers.
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
        """Return the version with other options."""
        return replace(self, options=replace(self.options, **changes))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Version:
        """Return the version that ``dataclasses.asdict`` made a dictionary of."""
        models = tuple(ServedModel(**model) for model in data["models"])
        options = {**data["options"], "requirements": tuple(data["options"]["requirements"])}
        return cls(**{**data, "models": models, "options": ServingOptions(**options)})


@dataclass
class Canary:
    """A version on trial.

    Attributes:
        version: The version's label.
        steps: Percent of the traffic that it gets, one after the other; after the last it gets all.
        step: The step that it is at.
        since: When that step began, seconds since the epoch.
        for_s: The shortest time of a step.
        min_requests: Requests that it must have answered in a step.
        max_slowdown: Its p95 may be so many times the champion's.
        max_more_errors: Its share of errors may be so much higher.
        verdict: The last judgement, in words.
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
    """The request of a publisher.

    Attributes:
        name: The endpoint's name.
        state_dir: ``.workbench/`` of the project.
        tracking_uri: The store where the models are registered.
        artifact_dir: The artifact folder of an embedded store.
        models: The models to serve.
        given: The options that the publisher gave: fields of :class:`ServingOptions`.
        usual: The options otherwise, where the endpoint has no version to go by.
        notebook: The notebook that asks.
        digest: SHA-256 of the first token of the endpoint.
        alias: The alias of the version once it has all of the traffic.
        traffic: ``all``, ``canary``, ``shadow``, or ``none`` for a version that waits for its traffic.
        canary: With ``canary``, what the version has to show.
        limits: The limits to change: fields of :class:`Limits`.
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
