"""The number of replicas of each version: as many as its load needs, asked of Ray Serve."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace

from workbench.cluster.background import BackgroundTasks
from workbench.records.endpoints import ServingOptions, Version
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.versions import VersionStatus
from workbench.serving.dataplane.data_plane import DataPlane

_RETRY_S = 1.0

log = logging.getLogger(__name__)


class ReplicaScaler:
    """Scales all versions.

    Args:
        endpoints: The gateway's endpoints.
        plane: The data plane, which knows the load of each version.
        deployer: Scales a version's application.
        logs: The endpoints' logs.
        tasks: For calls to Serve beside the caller.
    """

    def __init__(
        self, endpoints: Endpoints, plane: DataPlane, deployer: Deployer, logs: EndpointLogs, tasks: BackgroundTasks
    ) -> None:
        self._endpoints = endpoints
        self._plane = plane
        self._deployer = deployer
        self._logs = logs
        self._tasks = tasks

    def scale_all(self) -> None:
        """Give each version the replicas that it needs now."""
        for name, statuses in list(self._endpoints.statuses.items()):
            for label, status in list(statuses.items()):
                if not status.can_serve or not status.was_live or not status.is_settled:
                    continue
                endpoint, version, before = self._endpoints.states[name], status.version, status.autoscaler.target
                options = _options_now(endpoint, version)
                target = status.autoscaler.decide(options, self._plane.pressure(name, label), time.monotonic())
                if target != before:
                    self._plane.expect(name, label, version.options, target, version.app)
                    self._logs.write(endpoint, label, f"[{before} replicas become {target}]")
                if target != status.requested_replicas and (status.scaling is None or status.scaling.done()):
                    status.scaling = self._tasks.start(self._align(name, status))

    async def _align(self, name: str, status: VersionStatus) -> None:
        """Ask Serve for the target number of replicas, one request at a time, again where it fails."""
        while (
            self._endpoints.is_current(name, status)
            and status.can_serve
            and status.requested_replicas != status.autoscaler.target
        ):
            target = status.autoscaler.target
            try:
                await asyncio.to_thread(self._deployer.scale, status.version.app, target)
                status.requested_replicas = target
            except Exception:
                log.exception("scaling %s to %d", status.version.app, target)
                await asyncio.sleep(_RETRY_S)


def _options_now(endpoint: EndpointState, version: Version) -> ServingOptions:
    """Return a version's options; one that only waits for a roll-back has one replica at most."""
    if version.label in endpoint.weights or version.label == endpoint.shadow:
        return version.options
    least = min(1, version.options.min_replicas)
    return replace(version.options, min_replicas=least, max_replicas=1)
