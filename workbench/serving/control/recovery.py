"""Taking endpoints up again: after a crash of the gateway, and after the cluster has ended."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path

from workbench.cluster.background import BackgroundTasks
from workbench.serving.control.autoscaler import Autoscaler
from workbench.serving.control.deployer import Deployer
from workbench.serving.control.endpoint_state import EndpointState, load_endpoints
from workbench.serving.control.endpoints import Endpoints
from workbench.serving.control.figures import FigureRecorder
from workbench.serving.control.gateway_state import GatewayState
from workbench.serving.control.startup import VersionStarter
from workbench.serving.control.versions import VersionStatus
from workbench.serving.dataplane.data_plane import DataPlane

log = logging.getLogger(__name__)


class Recovery:
    """Brings back what the files of endpoints say.

    Args:
        endpoints: The gateway's endpoints.
        state: The gateway's own file, which knows the projects.
        plane: The data plane that routes.
        deployer: Knows which applications run.
        starter: Brings versions up that do not run.
        figures: Deletes samples that should be gone.
        tasks: For versions that start beside the caller.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        state: GatewayState,
        plane: DataPlane,
        deployer: Deployer,
        starter: VersionStarter,
        figures: FigureRecorder,
        tasks: BackgroundTasks,
    ) -> None:
        self._endpoints = endpoints
        self._state = state
        self._plane = plane
        self._deployer = deployer
        self._starter = starter
        self._figures = figures
        self._tasks = tasks

    async def adopt(self) -> None:
        """Take up the endpoints whose applications Serve still runs after a crash, and end unknown applications."""
        running = await asyncio.to_thread(self._deployer.replicas)
        if not running:
            return
        for endpoint in load_endpoints(self._state.state_dirs):
            apps = {version.app for version in endpoint.versions.values()}
            if endpoint.name not in self._endpoints.states and running.keys() & apps:
                self.take_up(endpoint, running)
        if _are_folders(self._state.state_dirs):  # else the file of an endpoint may be on a disk that is away
            await self._end_unknown(running)

    async def bring_back(self, state_dirs: list[str], name: str | None = None) -> list[str]:
        """Take up what was published and does not run, and retry what did not come up; return the names."""
        running = await asyncio.to_thread(self._deployer.replicas)
        names = []
        for endpoint in load_endpoints(state_dirs):
            if name is not None and endpoint.name != name:
                continue
            if endpoint.name not in self._endpoints.states:
                self.take_up(endpoint, running)
                names.append(endpoint.name)
            elif self._retry(self._endpoints.states[endpoint.name]):
                names.append(endpoint.name)
        return names

    def take_up(self, endpoint: EndpointState, running: dict[str, int]) -> None:
        """Route an endpoint as its file says, and deploy the versions that Serve does not run.

        Args:
            endpoint: The endpoint as its file has it.
            running: The number of replicas that Serve has, by application.
        """
        self._endpoints.add(endpoint)
        self._state.add(endpoint.state_dir)
        if endpoint.canary is not None:  # its counts are lost: the step begins anew
            endpoint.canary.base, endpoint.canary.since = {}, time.time()
        for sequence, (label, version) in enumerate(endpoint.versions.items()):
            is_running = version.app in running
            target = running[version.app] if is_running else max(1, version.options.min_replicas)
            status = VersionStatus(version, Autoscaler(target), is_settled=True, sequence=sequence)
            self._endpoints.statuses[endpoint.name][label] = status
            self._plane.expect(endpoint.name, label, version.options, target, version.app)
            if is_running:
                status.was_live, status.requested_replicas = True, target
            else:
                status.message = "is started again"
                status.startup = self._tasks.start(self._starter.bring_up(endpoint, status))
        self._plane.put(endpoint.route_table())
        if not endpoint.limits.samples:  # the last gateway may have ended before all samples were deleted
            self._tasks.start(self._figures.forget_samples(endpoint))

    def _retry(self, endpoint: EndpointState) -> bool:
        """Start the versions again that did not come up; return whether there are any."""
        failed = [
            status
            for label, status in self._endpoints.statuses[endpoint.name].items()
            if status.failure is not None and label in endpoint.versions
        ]
        for status in failed:
            status.startup = self._tasks.start(self._starter.bring_up(endpoint, status))
        return bool(failed)

    async def _end_unknown(self, running: dict[str, int]) -> None:
        """End applications of no endpoint: versions that were about to come up when the gateway died."""
        states = self._endpoints.states.values()
        known = {version.app for endpoint in states for version in endpoint.versions.values()}
        for app in running.keys() - known:
            log.warning("ending %s, which no endpoint knows", app)
            await asyncio.to_thread(self._deployer.delete, app)


def _are_folders(paths: list[str]) -> bool:
    return all(Path(path).is_dir() for path in paths)
