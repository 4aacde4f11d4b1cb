"""Where each version of an endpoint stands, as its publisher and the panel see it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from workbench.records.endpoints import Version, VersionState
from workbench.serving.control.autoscaler import Scaler
from workbench.serving.control.endpoint_state import EndpointBook
from workbench.serving.dataplane.data_plane import DataPlane


@dataclass
class Standing:
    """What the gateway knows of a version besides what is written down.

    Attributes:
        version: The version.
        scaler: Of its replicas.
        was_live: Whether it has ever answered.
        is_settled: Whether it has got its traffic, too.
        message: What it waits for, in words.
        failure: ``message`` and ``traceback`` of a version that did not come up.
        is_draining: Whether it is about to go.
        order: Which publication of the endpoint it was.
        asked: How many replicas Serve was last asked for; None before the first.
        scaling: What asks Serve for another number of them.
        work: What brings it up, None once that is over.
        news: What its first replica says of itself is waited for here.
        noted: Its requests, errors and cache hits as they were last kept, and when.
        down_since: When none of its replicas ran any more; None while one does.
    """

    version: Version
    scaler: Scaler
    was_live: bool = False
    is_settled: bool = False
    message: str = ""
    failure: dict[str, str] | None = None
    is_draining: bool = False
    order: int = 0
    asked: int | None = None
    scaling: asyncio.Task[Any] | None = None
    work: asyncio.Task[Any] | None = None
    news: asyncio.Future[dict[str, Any]] | None = None
    noted: dict[str, float] = field(default_factory=dict)
    down_since: float | None = None

    @property
    def can_serve(self) -> bool:
        """Whether it may be given traffic."""
        return self.failure is None and not self.is_draining

    def state(self, running: int) -> VersionState:
        """Its state while so many of its replicas answer."""
        if self.failure is not None:
            return VersionState.FAILED
        if self.is_draining:
            return VersionState.DRAINING
        if not self.is_settled:
            return VersionState.STARTING
        if running:
            return VersionState.LIVE
        if self.scaler.target == 0:
            return VersionState.IDLE
        return VersionState.DEGRADED if self.was_live else VersionState.STARTING


def snapshot(
    book: EndpointBook, standings: dict[str, Standing], plane: DataPlane, where: dict[str, str]
) -> dict[str, Any]:
    """An endpoint as JSON can carry it."""
    versions = [_version(book, standing, plane) for standing in standings.values()]
    by_label = {version["label"]: version for version in versions}
    leading = by_label.get(book.champion or "") or (versions[-1] if versions else None)
    used = plane.last_used(book.name)
    canary = None
    if book.canary is not None:
        canary = asdict(book.canary)
        canary["requests"] = plane.since(book.name, book.canary.version, _age_s(book))["requests"]
    return {
        "name": book.name,
        "url": f"{where['url']}/{book.name}",
        "grpc_url": where.get("grpc") or "",
        "state": leading["state"] if leading else VersionState.STARTING.value,
        "message": leading["message"] if leading else "",
        "models": sorted({model["name"] for version in versions for model in version["models"]}),
        "versions": versions,
        "canary": canary,
        "shadow": {"version": book.shadow, **plane.shadow_stats(book.name)} if book.shadow else None,
        "can_roll_back": bool(book.past) or book.canary is not None,
        "rolls_back_to": book.past[-1] if book.past else None,
        "events": list(reversed(book.events)),
        "tokens": [
            {"label": label, "created_at": token["created_at"], "last_used_at": used.get(label)}
            for label, token in book.tokens.items()
        ],
        "limits": asdict(book.limits),
        "schemas": plane.schemas(book.name, book.champion) if book.champion else {},
        "notebook": book.notebook,
        "state_dir": book.state_dir,
    }


def _age_s(book: EndpointBook) -> float:
    assert book.canary is not None
    return max(1.0, time.time() - book.canary.since)


def _version(book: EndpointBook, standing: Standing, plane: DataPlane) -> dict[str, Any]:
    version = standing.version
    stats = plane.stats(book.name, version.label)
    state = standing.state(stats["replicas"])
    return {
        "label": version.label,
        "models": [asdict(model) for model in version.models],
        "state": state.value,
        "is_settled": standing.is_settled,
        "message": standing.message if state is not VersionState.LIVE else "",
        "weight": book.weights.get(version.label, 0.0),
        "is_shadow": version.label == book.shadow,
        "replicas": {
            "running": stats["replicas"],
            "target": standing.scaler.target,
            "min": version.options.min_replicas,
            "max": version.options.max_replicas,
        },
        # The values of variables may be secrets.
        "options": asdict(replace(version.options, env_vars=dict.fromkeys(version.options.env_vars, "…"))),
        "published_at": version.published_at,
        "failure": standing.failure,
        "history_run": version.history_run,
        "stats": stats,
    }
