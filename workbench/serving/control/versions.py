"""Where each version of an endpoint stands, as its publisher and the panel see it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any, cast

from workbench.records.endpoint_snapshot import CanarySnapshot, EndpointSnapshot, VersionFailure, VersionSnapshot
from workbench.records.endpoints import Canary, Version, VersionState
from workbench.serving.control.autoscaler import Autoscaler
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.gateway_state import Addresses
from workbench.serving.dataplane.data_plane import DataPlane


@dataclass
class VersionStatus:
    """What the gateway knows of a version besides what is on disk.

    Attributes:
        version: The version.
        autoscaler: The autoscaler of its replicas.
        was_live: Whether it has ever answered.
        is_settled: Whether it has got the traffic of its order, too.
        message: What it waits for, in words.
        failure: Why it did not come up, None where it did or may still.
        is_draining: Whether it is about to go.
        sequence: The number of its publication among those of the endpoint.
        requested_replicas: The number of replicas that Serve was last asked for; None before the first.
        scaling: The task that asks Serve for another number of replicas.
        startup: The task that brings it up, None once that is over.
        first_report: The future of what its first replica reports.
        last_figures: Its requests, errors and cache hits when they were last recorded, and when that was (``at``).
        down_since: When its last replica went away; None while one runs.
    """

    version: Version
    autoscaler: Autoscaler
    was_live: bool = False
    is_settled: bool = False
    message: str = ""
    failure: VersionFailure | None = None
    is_draining: bool = False
    sequence: int = 0
    requested_replicas: int | None = None
    scaling: asyncio.Task[Any] | None = None
    startup: asyncio.Task[Any] | None = None
    first_report: asyncio.Future[dict[str, Any]] | None = None
    last_figures: dict[str, float] = field(default_factory=dict)
    down_since: float | None = None

    @property
    def can_serve(self) -> bool:
        """Whether it may be given traffic."""
        return self.failure is None and not self.is_draining

    def state(self, running: int) -> VersionState:
        """Return its state while so many of its replicas answer."""
        if self.failure is not None:
            return VersionState.FAILED
        if self.is_draining:
            return VersionState.DRAINING
        if not self.is_settled:
            return VersionState.STARTING
        if running:
            return VersionState.LIVE
        if self.autoscaler.target == 0:
            return VersionState.IDLE
        return VersionState.DEGRADED if self.was_live else VersionState.STARTING

    def scale_to_at_least(self, replicas: int) -> None:
        """Raise the target to so many replicas, as far as the version's options allow."""
        scaler = self.autoscaler
        scaler.target = max(scaler.target, min(replicas, self.version.options.max_replicas))


def snapshot(
    endpoint: EndpointState, statuses: dict[str, VersionStatus], plane: DataPlane, addresses: Addresses
) -> EndpointSnapshot:
    """Return an endpoint as JSON can carry it."""
    versions = [_version(endpoint, status, plane) for status in statuses.values()]
    by_label = {version["label"]: version for version in versions}
    leading = by_label.get(endpoint.champion or "") or (versions[-1] if versions else None)
    used = plane.last_used(endpoint.name)
    return {
        "name": endpoint.name,
        "url": f"{addresses.url}/{endpoint.name}",
        "grpc_url": addresses.grpc or "",
        "state": leading["state"] if leading else VersionState.STARTING.value,
        "message": leading["message"] if leading else "",
        "models": sorted({model["name"] for version in versions for model in version["models"]}),
        "versions": versions,
        "canary": _canary(endpoint.name, endpoint.canary, plane) if endpoint.canary is not None else None,
        "shadow": {"version": endpoint.shadow, **plane.shadow_stats(endpoint.name)} if endpoint.shadow else None,
        "can_roll_back": bool(endpoint.past) or endpoint.canary is not None,
        "rolls_back_to": endpoint.past[-1] if endpoint.past else None,
        "events": list(reversed(endpoint.events)),
        "tokens": [
            {"label": label, "created_at": token["created_at"], "last_used_at": used.get(label)}
            for label, token in endpoint.tokens.items()
        ],
        "limits": asdict(endpoint.limits),
        "schemas": plane.schemas(endpoint.name, endpoint.champion) if endpoint.champion else {},
        "notebook": endpoint.notebook,
        "state_dir": endpoint.state_dir,
    }


def _canary(name: str, canary: Canary, plane: DataPlane) -> CanarySnapshot:
    age_s = max(1.0, time.time() - canary.since)
    requests = plane.since(name, canary.version, age_s)["requests"]
    return cast("CanarySnapshot", {**asdict(canary), "requests": requests})


def _version(endpoint: EndpointState, status: VersionStatus, plane: DataPlane) -> VersionSnapshot:
    version = status.version
    stats = plane.stats(endpoint.name, version.label)
    state = status.state(stats["replicas"])
    return {
        "label": version.label,
        "models": [asdict(model) for model in version.models],
        "state": state.value,
        "is_settled": status.is_settled,
        "message": status.message if state is not VersionState.LIVE else "",
        "weight": endpoint.weights.get(version.label, 0.0),
        "is_shadow": version.label == endpoint.shadow,
        "replicas": {
            "running": stats["replicas"],
            "target": status.autoscaler.target,
            "min": version.options.min_replicas,
            "max": version.options.max_replicas,
        },
        # The values of variables may be secrets.
        "options": asdict(replace(version.options, env_vars=dict.fromkeys(version.options.env_vars, "…"))),
        "published_at": version.published_at,
        "failure": status.failure,
        "history_run": version.history_run,
        "stats": stats,
    }
