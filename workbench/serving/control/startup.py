"""Bringing a version up: deploy it, and wait until its first replica has loaded the model and answers."""

from __future__ import annotations

import asyncio
import time
import traceback
from dataclasses import asdict
from typing import Any

import ray

from workbench.records.endpoints import Version
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_log import EndpointLogs
from workbench.serving.control.endpoint_state import EndpointState
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.gateway_state import GatewayState
from workbench.serving.control.versions import VersionStatus
from workbench.serving.dataplane.data_plane import DataPlane
from workbench.serving.replica_protocol import ReplicaSpec

_UP_WITHIN_S = 900.0
_LOOK_EVERY_S = 1.0
_CONNECTS_WITHIN_S = 20.0
_GROWS_WITHIN_S = 20.0
_LOOK_AGAIN_S = 0.1


class VersionStarter:
    """Starts the replicas of versions, and removes versions that do not come up.

    Args:
        endpoints: The gateway's endpoints.
        state: The gateway's own file, with the secret for replicas.
        plane: The data plane, to which replicas connect.
        deployer: Has Serve run the replicas.
        logs: The endpoints' logs.
    """

    def __init__(
        self, endpoints: Endpoints, state: GatewayState, plane: DataPlane, deployer: Deployer, logs: EndpointLogs
    ) -> None:
        self._endpoints = endpoints
        self._state = state
        self._plane = plane
        self._deployer = deployer
        self._logs = logs

    async def bring_up(self, endpoint: EndpointState, status: VersionStatus) -> bool:
        """Deploy a version and wait until it answers; return whether it does. Its status says why it does not."""
        version = status.version
        report: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        status.first_report, status.failure = report, None
        self._plane.expect(endpoint.name, version.label, version.options, status.autoscaler.target, version.app)
        try:
            spec = self._spec(endpoint, version)
            count = status.autoscaler.target
            await asyncio.to_thread(self._deployer.deploy, version, spec, _runtime_env(version), count)
            event = await self._outcome(status, report)
            if event["event"] == "ready":
                status.requested_replicas = count
                return True
            status.failure = {"message": event.get("message", ""), "traceback": event.get("traceback", "")}
        except asyncio.CancelledError:  # it was withdrawn
            await asyncio.to_thread(self._deployer.delete, version.app)
            raise
        except Exception as error:
            status.failure = {"message": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
        finally:
            status.first_report = None
        self._logs.write(endpoint, version.label, f"[did not come up: {status.failure['message']}]")
        if status.failure["traceback"]:
            self._logs.write(endpoint, version.label, status.failure["traceback"])
        await self.remove(endpoint, status)
        return False

    async def remove(self, endpoint: EndpointState, status: VersionStatus) -> None:
        """End the application of a version that did not come up."""
        if self._endpoints.is_current(endpoint.name, status):
            await self._plane.drain(endpoint.name, status.version.label, 0.0)
        await asyncio.to_thread(self._deployer.delete, status.version.app)

    async def wait_until_scaled(self, name: str, status: VersionStatus) -> None:
        """Wait for all replicas that the traffic needs, or until no more come: the version that goes makes room."""
        count, since = 0, time.monotonic()
        while count < status.autoscaler.target and time.monotonic() - since < _GROWS_WITHIN_S:
            await asyncio.sleep(_LOOK_AGAIN_S)
            now = self._plane.pressure(name, status.version.label).replicas
            if now != count:
                count, since = now, time.monotonic()

    async def _outcome(self, status: VersionStatus, report: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
        """Return what a replica reports, or what Serve says of replicas that never got so far."""
        app, deadline = status.version.app, time.monotonic() + _UP_WITHIN_S
        starting_until = time.monotonic()
        while time.monotonic() < deadline:
            try:
                return await asyncio.wait_for(asyncio.shield(report), _LOOK_EVERY_S)
            except TimeoutError:
                is_running, problem = await asyncio.to_thread(self._deployer.outlook, app)
            if problem is not None:
                return {"event": "failed", "message": _last_line(problem), "traceback": problem}
            status.message = await asyncio.to_thread(_waits_for, status)
            if not is_running:
                starting_until = time.monotonic()
            elif time.monotonic() - starting_until > _CONNECTS_WITHIN_S:
                address = self._state.addresses.replicas["tcp"] or "a socket of its own machine"
                message = (
                    f"its replica runs, and does not reach the gateway at {address}. Let the cluster's nodes connect "
                    "to each other on all ports"
                )
                return {"event": "failed", "message": message}
        return {"event": "failed", "message": f"no replica answered within {_UP_WITHIN_S:g} s"}

    def _spec(self, endpoint: EndpointState, version: Version) -> ReplicaSpec:
        return {
            "endpoint": endpoint.name,
            "version": version.label,
            "app": version.app,
            "models": {model.name: model.uri for model in version.models},
            "files": {model.name: model.files for model in version.models},
            "options": asdict(version.options),
            "secret": self._state.secret,
            # Here and not in the runtime environment: an idle worker of Ray can become the replica at once, and Ray's
            # logs quote that environment.
            "environ": {
                "MLFLOW_TRACKING_URI": endpoint.tracking_uri,
                "MLFLOW_DISABLE_TELEMETRY": "true",
                "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
                **version.options.env_vars,
            },
        }


def _runtime_env(version: Version) -> dict[str, Any]:
    """Return Ray's runtime environment of a version's replicas; an empty one is the cluster's."""
    if version.options.env != "pinned":
        return {}
    return {"pip": {"packages": list(version.options.requirements), "pip_check": False}}


def _waits_for(status: VersionStatus) -> str:
    """Return what a version waits for, such as a CPU that is not free."""
    if status.message == "loads the model":
        return status.message
    options = status.version.options
    free = ray.available_resources()
    for kind, count in (("CPU", options.cpus), ("GPU", options.gpus)):
        if count and free.get(kind, 0.0) + 1e-9 < count:
            return (
                f"waits for {count:g} {kind}, of which {free.get(kind, 0.0):g} is free: "
                "stop a run (%runs stop), or ask for less"
            )
    return "installs its packages" if options.env == "pinned" else "starts a replica"


def _last_line(problem: str) -> str:
    """Return the last line of a traceback: the error itself."""
    lines = [line.strip() for line in problem.strip().splitlines() if line.strip()]
    return lines[-1][:500] if lines else "it ended without a word"
